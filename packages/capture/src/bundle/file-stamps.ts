import { type Stats, statSync } from 'node:fs';
import { configFilesOf } from './config-files.ts';

/** Size and time of change of files, by their paths; empty for what is not there. */
export type Stamps = ReadonlyMap<string, string>;

/** A file system may write down a time that its clock had some ticks before. */
const CLOCK_TICKS_MS = 50;
const ABSENT = '';

/**
 * Returns the stamps of files that were read since `sinceMs`, with those of the files that decide how they are read.
 * Undefined when one of them was written to since then: its stamp may be that of a later content than was read.
 */
export function stampsOf(files: readonly string[], sinceMs: number): Stamps | undefined {
  const stamps = new Map<string, string>();
  const isSettled = (file: string, stat: Stats | undefined): boolean => {
    stamps.set(file, stampOf(stat));
    return stat === undefined || stat.mtimeMs < sinceMs - CLOCK_TICKS_MS;
  };
  for (const file of files) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined || !isSettled(file, stat)) return undefined;
  }
  // @spec DML-EXE-0533
  for (const file of configFilesOf(files)) {
    if (!isSettled(file, statSync(file, { throwIfNoEntry: false }))) return undefined;
  }
  return stamps;
}

/** Checks whether no file has another size or time of change, and none has come or gone. */
export function areCurrent(stamps: Stamps): boolean {
  for (const [path, stamp] of stamps) {
    if (stampOf(statSync(path, { throwIfNoEntry: false })) !== stamp) return false;
  }
  return true;
}

function stampOf(stat: Stats | undefined): string {
  return stat === undefined ? ABSENT : `${stat.size} ${stat.mtimeMs}`;
}
