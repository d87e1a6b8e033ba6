import { existsSync, readFileSync } from 'node:fs';
import { BUNDLE_FOLDER } from '../bundle-place.ts';
import { type Outline, outlineOf } from '../by-name/outline.ts';
import { positionIn } from '../by-name/own-modules.ts';
import { captureError } from '../errors.ts';
import type { Bundled } from './bundler.ts';
import { isThere, mayAskForPlace, type OwnRead, ownReads } from './own-place.ts';
import { isAssigned, sloppyForm } from './sloppy-forms.ts';

/** The code of libraries in bundles: what it needs to do there what it does in Node, or why it cannot; keeps what it read. */
export class LibraryCode {
  readonly #known = new Map<string, { readonly text: string; readonly names: readonly string[] }>();
  readonly #reads = new Map<string, { readonly outline: Outline; readonly reads: readonly OwnRead[] }>();

  /**
   * Returns the names that CommonJS code of a bundle assigns without declaring them, sorted. Throws `capture_failed`
   * for code whose `this` would be another one.
   */
  undeclared({ sizes }: Bundled, own: ReadonlySet<string>): readonly string[] {
    const names = new Set<string>();
    for (const file of sizes.keys()) for (const name of this.#namesIn(file, own.has(file))) names.add(name);
    return [...names].sort();
  }

  /**
   * Refuses libraries that read files next to themselves, which are not part of a bundle. Returns whether other files
   * than those of the bundle were looked for. Throws `capture_failed` with file and line.
   *
   * @spec DML-CAP-0012
   */
  refuseOwnFiles({ text, sizes }: Bundled, own: ReadonlySet<string>): boolean {
    if (!text.includes(BUNDLE_FOLDER) && !/\.resolve\(["'`]/.test(text)) return false;
    let isAsking = false;
    for (const file of sizes.keys()) {
      const found = own.has(file) ? undefined : this.#readsIn(file);
      isAsking ||= found !== undefined;
      const read = found?.reads.find((one) => isThere(one) && text.includes(one.name));
      if (!found || !read) continue;
      throw captureError('capture_failed', {
        ...positionIn(found.outline, read.start),
        reason: `this library reads "${read.name}" from its own folder, which is not part of a captured function; read that file in the pipeline (dag.file) and give it as an input`,
      });
    }
    return isAsking;
  }

  #readsIn(file: string): { readonly outline: Outline; readonly reads: readonly OwnRead[] } | undefined {
    if (!/\.[cm]?js$/.test(file) || !existsSync(file)) return undefined;
    const text = readFileSync(file, 'utf8');
    if (!mayAskForPlace(text)) return undefined;
    let known = this.#reads.get(file);
    if (known?.outline.text !== text) {
      const outline = outlineOf(file, text);
      known = { outline, reads: ownReads(outline) };
      this.#reads.set(file, known);
    }
    return known;
  }

  #namesIn(file: string, isOwn: boolean): readonly string[] {
    if (!/\.c?js$/.test(file) || !existsSync(file)) return [];
    const text = readFileSync(file, 'utf8');
    const known = this.#known.get(file);
    if (known?.text === text) return known.names;
    const names = isOwn || isSloppy(text) ? sloppyNames(outlineOf(file, text), isOwn) : [];
    this.#known.set(file, { text, names });
    return names;
  }
}

/** Checks whether a file may be CommonJS that does not ask for strict mode, without reading its code. */
function isSloppy(text: string): boolean {
  if (/^\s*(?:import|export)\b/m.test(text)) return false;
  return !/^(?:\s|\/\/.*$|\/\*[\s\S]*?\*\/|#!.*$)*['"]use strict['"]/m.test(text.slice(0, 10_000));
}

function sloppyNames(outline: Outline, isOwn: boolean): readonly string[] {
  const { body } = outline.program;
  if (
    body.some(
      (one) => /^(Import|Export)/.test(one.type) || ('directive' in one && one.directive === 'use strict'),
    )
  )
    return [];
  const other = sloppyForm(outline, isOwn);
  if (other)
    throw captureError('capture_failed', {
      ...positionIn(outline, other.start),
      reason: `${other.reason}; ${isOwn ? "write 'use strict' at the top of the file" : 'use another library, or another version of it'}`,
    });
  // @spec DML-CAP-0011
  const names: string[] = [];
  for (const [name, references] of outline.scopes.free)
    if (references.some(isAssigned) && !(name in globalThis) && !PLACES.has(name)) names.push(name);
  return names;
}

const PLACES = new Set(['module', 'exports', 'require', '__dirname', '__filename']);
