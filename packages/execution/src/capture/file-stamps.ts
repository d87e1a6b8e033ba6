import { type Stats, statSync } from 'node:fs';

/** Size and time of change of files, by their paths. */
export type Stamps = ReadonlyMap<string, string>;

/** A file system may write down a time that its clock had some ticks before. */
const CLOCK_TICKS_MS = 50;

/**
 * Yields the stamps of files that were read since `sinceMs`, undefined when one of them was written to since then: its
 * stamp may be that of a later content than was read.
 */
export function stampsOf(files: readonly string[], sinceMs: number): Stamps | undefined {
  const stamps = new Map<string, string>();
  for (const file of files) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined || stat.mtimeMs >= sinceMs - CLOCK_TICKS_MS) return undefined;
    stamps.set(file, stampOf(stat));
  }
  return stamps;
}

/** Tells whether no file has another size or time of change. */
export function areCurrent(stamps: Stamps): boolean {
  for (const [path, stamp] of stamps) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stampOf(stat) !== stamp) return false;
  }
  return true;
}

function stampOf({ size, mtimeMs }: Stats): string {
  return `${size} ${mtimeMs}`;
}
