import { statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildFailure, type BuildOptions, type BuildResult, buildSync } from 'esbuild';
import { executionError } from '../errors.ts';
import { authoringModule, sourceConditions } from '../source-file.ts';
import { canonicalNames } from './canonical-names.ts';

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
    const entry = bundleExport(source);
    this.#cache.set(cacheName, entry);
    return entry.captured;
  }
}

/** @spec DML-EXE-0503 */
function bundleExport({ moduleUrl, exportName }: FunctionSource): CacheEntry {
  const path = modulePath(moduleUrl);
  const folder = dirname(path);
  const statement = `export { ${exportName === 'default' ? 'default' : JSON.stringify(exportName)} } from ${JSON.stringify(path)}`;
  let result = build(statement, folder, path);
  if (decode(result).includes(dynamicRequire)) result = build(statement, folder, path, requireBanner);
  const missing = result.warnings.find((warning) => warning.id === 'import-is-undefined');
  if (missing) throw captureError(path, missing.text, exportNames(path));
  // @spec DML-EXE-0506
  const bundle = new TextEncoder().encode(canonicalNames(decode(result)));
  const files = Object.keys(result.metafile.inputs)
    .filter((name) => name !== '<stdin>')
    .map((name) => resolve(folder, name));
  return {
    captured: { bundle, exportName, sources: files.map((file) => relative(folder, file)).sort() },
    stamps: new Map(files.map((file) => [file, stampOf(file)])),
  };
}

type Built = BuildResult<{ write: false; metafile: true }>;

/**
 * One fixed set of options: whatever is left to the machine or the folder would be part of the code's identity.
 *
 * @spec DML-EXE-0504
 * @spec DML-EXE-0510
 */
function build(contents: string, resolveDir: string, path: string, banner = ''): Built {
  try {
    return buildSync({
      ...bundleOptions,
      stdin: { contents, resolveDir, sourcefile: '<stdin>' },
      // @spec DML-EXE-0509
      absWorkingDir: resolveDir,
      banner: { js: banner },
      alias: { '@daggerml/bindings': authoringModule() },
      write: false,
      metafile: true,
    });
  } catch (error) {
    throw bundlingError(error, path);
  }
}

const bundleOptions = {
  // @spec DML-EXE-0507
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  minify: true,
  // @spec DML-EXE-0508
  treeShaking: true,
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'silent',
  conditions: [...sourceConditions],
} satisfies BuildOptions;

/** What esbuild writes where CommonJS code inside an ES module asks for a built-in module. */
const dynamicRequire = 'Dynamic require of';
const requireBanner =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);';

function modulePath(moduleUrl: string): string {
  if (moduleUrl.startsWith('file:')) return fileURLToPath(moduleUrl);
  if (isAbsolute(moduleUrl)) return moduleUrl;
  throw executionError('capture_failed', { module: moduleUrl, reason: 'the module is not a file: URL' });
}

/**
 * Turns esbuild's messages into one error that names file and line.
 *
 * @spec DML-EXE-0511
 */
function bundlingError(error: unknown, path: string): Error {
  const messages = (error as Partial<BuildFailure>).errors ?? [];
  const first = messages[0];
  if (!first) return executionError('capture_failed', { file: path, reason: String(error) }, error);
  const missingExport = first.text.startsWith('No matching export in') && first.location?.file === '<stdin>';
  if (missingExport) return captureError(path, 'the export does not exist', exportNames(path));
  const file = first.location && first.location.file !== '<stdin>' ? first.location.file : path;
  return executionError('capture_failed', {
    file: resolve(dirname(path), file),
    line: first.location?.line ?? 0,
    reason: first.text.startsWith('No loader is configured for ".node"')
      ? `native modules cannot be captured: ${first.text}`
      : first.text,
  });
}

/** @spec DML-EXE-0512 */
function captureError(path: string, reason: string, exports: readonly string[]): Error {
  return executionError('capture_failed', { file: path, line: 0, reason, exports });
}

function exportNames(path: string): string[] {
  const result = buildSync({
    entryPoints: [path],
    format: 'esm',
    bundle: true,
    packages: 'external',
    platform: 'node',
    logLevel: 'silent',
    write: false,
    metafile: true,
    absWorkingDir: dirname(path),
    outdir: dirname(path),
  });
  return Object.values(result.metafile.outputs)
    .flatMap((output) => output.exports)
    .sort();
}

function decode(result: Built): string {
  return result.outputFiles[0]?.text ?? '';
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : 'missing';
}
