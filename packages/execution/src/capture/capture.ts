import { statSync } from 'node:fs';
import { dirname, isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executionError } from '../errors.ts';
import { type AmbientInput, ambientInputs } from './ambient-inputs.ts';
import { bundleExport } from './bundle-export.ts';
import { planCanonicalNames } from './canonical-names.ts';
import { type CodeText, isOwnSource } from './code-text.ts';
import { planModulePaths } from './commonjs-modules.ts';
import { planKeptNames, planPlainNames } from './kept-names.ts';
import { planPlaces, refusePlaces } from './module-place.ts';
import { observedNames, textReaders } from './name-observers.ts';
import { SourceLocator } from './source-locator.ts';
import { planComments } from './syntax-tree.ts';
import { cutOut } from './text-edits.ts';
import { planUnusedCode } from './unused-code.ts';

/** Where a captured function comes from. */
export interface FunctionSource {
  /** `file:` URL of the TypeScript or JavaScript file. */
  readonly moduleUrl: string;
  readonly exportName: string;
}

/** The code of one export, complete but for modules built into Node. */
export interface CapturedFunction {
  /** An ES module that exports the function under its name; UTF-8. */
  readonly bundle: Uint8Array;
  readonly exportName: string;
  /** Files that went into the bundle, relative to the module's folder, sorted. */
  readonly sources: readonly string[];
  /** What the author's own code reads beside the function's inputs. */
  readonly ambientInputs: readonly AmbientInput[];
  /** Tells where the places of the bundle were written; no part of what the function is. */
  readonly locator: SourceLocator;
}

interface CacheEntry {
  readonly captured: CapturedFunction;
  readonly stamps: ReadonlyMap<string, string>;
}

/**
 * Bundles exported functions so that equal code gives equal bytes.
 *
 * Bundles are kept as long as no file that went into them has another size or time of change; nothing is
 * kept across processes. Throws `capture_failed`.
 */
export class FunctionCapture {
  readonly #cache = new Map<string, CacheEntry>();

  capture(source: FunctionSource): CapturedFunction {
    const cacheName = `${source.exportName} ${source.moduleUrl}`;
    const known = this.#cache.get(cacheName);
    if (known && [...known.stamps].every(([path, stamp]) => stampOf(path) === stamp)) return known.captured;
    const entry = captureExport(source);
    this.#cache.set(cacheName, entry);
    return entry.captured;
  }
}

function captureExport({ moduleUrl, exportName }: FunctionSource): CacheEntry {
  const path = modulePath(moduleUrl);
  const { code: bundled, files, requiresBuiltins } = bundleExport(path, exportName, 'short');
  const short = needed(bundled);
  refusePlaces(short);
  const form = identityForm(short, () => needed(bundleExport(path, exportName, 'plain').code));
  const banner = requiresBuiltins ? [{ start: 0, end: 0, text: requireBanner }] : [];
  const code = form.edited([...banner, ...planPlaces(form)]);
  return {
    captured: {
      // @spec DML-EXE-0506
      bundle: new TextEncoder().encode(code.text),
      exportName,
      sources: files.map((file) => relative(dirname(path), file)).sort(),
      ambientInputs: ambientInputs(short),
      locator: new SourceLocator(code, dirname(path)),
    },
    stamps: new Map(files.map((file) => [file, stampOf(file)])),
  };
}

/** The form whose bytes are the function's identity: as much of its names as its code can find out, no more. */
function identityForm(short: CodeText, inPlain: () => CodeText): CodeText {
  const readers = textReaders(short);
  if (readers.some((node) => isOwn(short, node.start))) {
    // @spec DML-EXE-0521
    const code = inPlain();
    const { edits } = planPlainNames(code.program, code.scopes);
    const cuts = edits.map((edit) => (edit.text === '' ? cutOut(code.text, edit) : edit));
    return code.edited([...cuts, ...planComments(code.text), ...planModulePaths(code.program)]);
  }
  const observed = observedNames(short, (offset) => short.positionOf(offset) !== undefined);
  const { edits, kept } = planKeptNames(short.program, short.scopes, observed);
  const named = short.edited(edits);
  return canonical(kept > 0 ? named : named.edited(planUnusedCode(named)));
}

/** Without what only other exports need; what goes may have been the only user of something else. */
function needed(code: CodeText): CodeText {
  const edits = planUnusedCode(code);
  return edits.length === 0 ? code : needed(code.edited(edits));
}

function canonical(code: CodeText): CodeText {
  return code.edited(planCanonicalNames(code.text, code.program));
}

function isOwn(code: CodeText, offset: number): boolean {
  const position = code.positionOf(offset);
  return position !== undefined && isOwnSource(position);
}

const requireBanner =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);\n';

function modulePath(moduleUrl: string): string {
  if (moduleUrl.startsWith('file:')) return fileURLToPath(moduleUrl);
  if (isAbsolute(moduleUrl)) return moduleUrl;
  throw executionError('capture_failed', { module: moduleUrl, reason: 'the module is not a file: URL' });
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : 'missing';
}
