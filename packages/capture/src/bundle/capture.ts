import { existsSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { captureError } from '../errors.ts';

import type { ExportCapture, ExportPlace } from './capture-export.ts';
import type { CaptureInputs } from './capture-inputs.ts';
import { captureNow } from './capture-thread.ts';
import { SourceLocator } from './source-locator.ts';

/** Origin of a captured function. */
export interface FunctionSource {
  /** `file:` URL of the TypeScript or JavaScript file. */
  readonly moduleUrl: string;
  readonly exportName: string;
}

/** The code of one export, complete but for modules built into Node. */
export interface CapturedFunction
  extends Pick<ExportCapture, 'ambientInputs' | 'carried' | 'natives' | 'leftOut' | 'bundler' | 'libraries'> {
  /** An ES module that exports the function under its name; UTF-8. */
  readonly bundle: Uint8Array;
  readonly exportName: string;
  /** Finds where the places of the bundle were written; no part of what the function is. */
  readonly locator: SourceLocator;
  /** Undefined for what this process had captured before. */
  readonly inputs: CaptureInputs | undefined;
  /** The functions that it calls as calls of their own. */
  readonly callees: readonly CapturedCallee[];
}

/** A function that a captured one calls as a call of its own. */
export interface CapturedCallee extends FunctionSource {
  readonly captured: CapturedFunction;
}

interface CacheEntry {
  readonly captured: CapturedFunction;
  /** Undefined for what is not known to be the present content. */
  readonly stamps: Stamps | undefined;
}

/**
 * Bundles exported functions so that equal code gives equal bytes.
 *
 * Bundles are kept as long as none of their inputs has another size or time of change. Throws `capture_failed`.
 */
export class FunctionCapture {
  readonly #cache = new Map<string, CacheEntry>();

  capture(source: FunctionSource): CapturedFunction {
    const cacheName = `${source.exportName} ${source.moduleUrl}`;
    const known = this.#cache.get(cacheName);
    if (known?.stamps && areCurrent(known.stamps)) return known.captured;
    const captured = captureExport(source);
    this.#cache.set(cacheName, captured.entry);
    return captured.made;
  }
}

function captureExport({ moduleUrl, exportName }: FunctionSource): {
  readonly entry: CacheEntry;
  readonly made: CapturedFunction;
} {
  const path = modulePath(moduleUrl);
  // @spec DML-CAP-0015
  if (exportName === 'then')
    throw captureError('capture_failed', {
      file: path,
      line: 0,
      reason: 'an export named "then" would make the whole module look like a promise; give it another name',
    });
  const beganMs = Date.now();
  const capture = captureNow({ path, exportName });
  const made = capturedFunction({ path, exportName }, capture);
  return {
    made,
    entry: { captured: { ...made, inputs: undefined }, stamps: stampsOf(capture.inputs, beganMs) },
  };
}

function capturedFunction({ exportName }: ExportPlace, capture: ExportCapture): CapturedFunction {
  const { text, trail, callees, ...facts } = capture;
  return {
    ...facts,
    bundle: new TextEncoder().encode(text),
    exportName,
    locator: new SourceLocator(trail),
    callees: callees.map(({ place, capture: callee }) => ({
      moduleUrl: pathToFileURL(place.path).href,
      exportName: place.exportName,
      captured: capturedFunction(place, callee),
    })),
  };
}

/** Size and time of change of inputs, by their paths; empty for what is not there. */
type Stamps = ReadonlyMap<string, string>;

/** A file system may write down a time that its clock had some ticks before. */
const CLOCK_TICKS_MS = 50;

/** Returns the stamps of inputs; undefined when one may have changed since they were looked at. */
function stampsOf({ present, absent }: CaptureInputs, sinceMs: number): Stamps | undefined {
  const isSettled = present.every((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && stat.ctimeMs < sinceMs - CLOCK_TICKS_MS;
  });
  // @spec DML-EXE-0533
  return isSettled ? new Map([...present, ...absent].map((path) => [path, stampOf(path)])) : undefined;
}

/** Checks whether no input has another size or time of change, and none has come or gone. */
function areCurrent(stamps: Stamps): boolean {
  for (const [path, stamp] of stamps) if (stampOf(path) !== stamp) return false;
  return true;
}

function stampOf(path: string): string {
  if (!existsSync(path)) return '';
  const stat = statSync(path);
  return `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}

function modulePath(moduleUrl: string): string {
  if (moduleUrl.startsWith('file:')) return fileURLToPath(moduleUrl);
  if (isAbsolute(moduleUrl)) return moduleUrl;
  throw captureError('capture_failed', { module: moduleUrl, reason: 'the module is not a file: URL' });
}
