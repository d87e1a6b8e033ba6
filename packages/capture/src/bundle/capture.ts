import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { captureError } from '../errors.ts';
import type { ExportCapture } from './capture-export.ts';
import { captureNow } from './capture-thread.ts';
import { areCurrent, type Stamps, stampsOf } from './file-stamps.ts';
import { SourceLocator } from './source-locator.ts';

/** Origin of a captured function. */
export interface FunctionSource {
  /** `file:` URL of the TypeScript or JavaScript file. */
  readonly moduleUrl: string;
  readonly exportName: string;
}

/** The code of one export, complete but for modules built into Node. */
export interface CapturedFunction
  extends Pick<ExportCapture, 'ambientInputs' | 'carried' | 'natives' | 'leftOut' | 'bundler'> {
  /** An ES module that exports the function under its name; UTF-8. */
  readonly bundle: Uint8Array;
  readonly exportName: string;
  /** Finds where the places of the bundle were written; no part of what the function is. */
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
 * Bundles are kept as long as no file that went into them has another size or time of change. Throws
 * `capture_failed`.
 */
export class FunctionCapture {
  readonly #cache = new Map<string, CacheEntry>();

  capture(source: FunctionSource): CapturedFunction {
    const cacheName = `${source.exportName} ${source.moduleUrl}`;
    const known = this.#cache.get(cacheName);
    if (known?.stamps && areCurrent(known.stamps)) return known.captured;
    const entry = captureExport(source);
    this.#cache.set(cacheName, entry);
    return entry.captured;
  }
}

function captureExport({ moduleUrl, exportName }: FunctionSource): CacheEntry {
  const path = modulePath(moduleUrl);
  // @spec DML-CAP-0015
  if (exportName === 'then')
    throw captureError('capture_failed', {
      file: path,
      line: 0,
      reason: 'an export named "then" would make the whole module look like a promise; give it another name',
    });
  const beganMs = Date.now();
  const { text, ambientInputs, files, carried, natives, leftOut, bundler, trail } = captureNow({
    path,
    exportName,
  });
  return {
    captured: {
      bundle: new TextEncoder().encode(text),
      exportName,
      ambientInputs,
      carried,
      natives,
      leftOut,
      bundler,
      locator: new SourceLocator(trail),
    },
    stamps: stampsOf(files, beganMs),
  };
}

function modulePath(moduleUrl: string): string {
  if (moduleUrl.startsWith('file:')) return fileURLToPath(moduleUrl);
  if (isAbsolute(moduleUrl)) return moduleUrl;
  throw captureError('capture_failed', { module: moduleUrl, reason: 'the module is not a file: URL' });
}
