import {
  type BundledExport,
  bundleExport,
  bundleExports,
  type ExportPlace,
  entryFiles,
} from './bundle-export.ts';
import { type CaptureMemo, memoKey } from './capture-memo.ts';
import { areCurrent, type Stamps, stampsOf } from './file-stamps.ts';

/** Exports of one file that are bundled at a time. */
const MOST_EXPORTS = 32;

/** A bundle that was made before it was asked for. */
interface AheadOfUse {
  readonly bundled: BundledExport;
  readonly stamps: Stamps;
}

/**
 * Bundles exports of files; those that earlier processes bundled from a file are bundled together with the first that
 * is asked for, as most of the time goes into reading the sources. What was asked for before decides only that.
 */
export class ModuleBundler {
  readonly #memo: CaptureMemo | undefined;
  readonly #ahead = new Map<string, AheadOfUse>();

  constructor(memo: CaptureMemo | undefined) {
    this.#memo = memo;
  }

  /** Throws `capture_failed`. */
  bundle(place: ExportPlace): BundledExport {
    const name = nameOf(place);
    const ready = this.#ahead.get(name);
    this.#ahead.delete(name);
    if (ready && areCurrent(ready.stamps)) return ready.bundled;
    const key = memoKey(['exports', place.style, place.path]);
    const kept = this.#memo?.get(key);
    const names = kept === undefined ? [] : (JSON.parse(kept.toString()) as readonly string[]);
    if (names.includes(place.exportName) && names.length > 1) {
      const together = this.#bundleTogether(place, names);
      if (together) return together;
    }
    const bundled = bundleExport(place);
    const known = names.includes(place.exportName) ? [] : names;
    if (known.length < MOST_EXPORTS)
      this.#memo?.put(key, Buffer.from(JSON.stringify([...known, place.exportName])));
    return bundled;
  }

  /** Undefined when one of the exports cannot be bundled, which then is no concern of this one. */
  #bundleTogether(place: ExportPlace, names: readonly string[]): BundledExport | undefined {
    const beganMs = Date.now();
    try {
      const made = this.#memo?.withFiles(entryFiles(place.path, names), (folder) =>
        bundleExports(place, names, folder),
      );
      const bundled = made?.get(place.exportName);
      if (!made || !bundled) return undefined;
      for (const [exportName, other] of made) {
        const stamps = stampsOf(other.files, beganMs);
        if (stamps && exportName !== place.exportName)
          this.#ahead.set(nameOf({ ...place, exportName }), { bundled: other, stamps });
      }
      return bundled;
    } catch {
      return undefined;
    }
  }
}

function nameOf({ style, exportName, path }: ExportPlace): string {
  return `${style} ${exportName} ${path}`;
}
