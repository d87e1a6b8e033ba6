import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { captureError } from '../errors.ts';
import type { AmbientInput } from './ambient-inputs.ts';
import { BundleFinisher } from './bundle-finisher.ts';
import { CaptureMemo } from './capture-memo.ts';
import { areCurrent, type Stamps, stampsOf } from './file-stamps.ts';
import { ModuleBundler } from './module-bundler.ts';
import { SourceLocator } from './source-locator.ts';

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
  /** Undefined for what is not known to be the present content. */
  readonly stamps: Stamps | undefined;
}

/**
 * Bundles exported functions so that equal code gives equal bytes.
 *
 * Bundles are kept as long as no file that went into them has another size or time of change. Given a folder, what
 * is made of the bundler's output is kept in it for later processes. Throws `capture_failed`.
 */
export class FunctionCapture {
  readonly #cache = new Map<string, CacheEntry>();
  readonly #bundler: ModuleBundler;
  readonly #finisher: BundleFinisher;

  constructor(memoFolder?: string) {
    const memo = memoFolder === undefined ? undefined : new CaptureMemo(memoFolder);
    this.#bundler = new ModuleBundler(memo);
    this.#finisher = new BundleFinisher(memo);
  }

  capture(source: FunctionSource): CapturedFunction {
    const cacheName = `${source.exportName} ${source.moduleUrl}`;
    const known = this.#cache.get(cacheName);
    if (known?.stamps && areCurrent(known.stamps)) return known.captured;
    const entry = this.#captureExport(source);
    this.#cache.set(cacheName, entry);
    return entry.captured;
  }

  #captureExport({ moduleUrl, exportName }: FunctionSource): CacheEntry {
    const path = modulePath(moduleUrl);
    const beganMs = Date.now();
    const short = this.#bundler.bundle({ path, exportName, style: 'short' });
    const { bundle, ambientInputs, code } = this.#finisher.finish(short, () =>
      this.#bundler.bundle({ path, exportName, style: 'plain' }),
    );
    const { folder, files } = short;
    return {
      captured: {
        bundle,
        exportName,
        sources: files.map((file) => relative(folder, file)).sort(),
        ambientInputs,
        locator: new SourceLocator(code, folder),
      },
      stamps: stampsOf(files, beganMs),
    };
  }
}

function modulePath(moduleUrl: string): string {
  if (moduleUrl.startsWith('file:')) return fileURLToPath(moduleUrl);
  if (isAbsolute(moduleUrl)) return moduleUrl;
  throw captureError('capture_failed', { module: moduleUrl, reason: 'the module is not a file: URL' });
}
