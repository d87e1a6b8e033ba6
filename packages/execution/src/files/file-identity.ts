import type { Stats } from 'node:fs';

/** By what a file is known again; times in milliseconds since 1970, as finely as a number holds them. */
export type FileIdentity = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>;

/** Numbers of an identity. */
const FIELDS = 5;
/** Length of an identity in bytes. */
export const IDENTITY_BYTES: number = FIELDS * Float64Array.BYTES_PER_ELEMENT;
/**
 * Minimum age of a file at its reading to be recognised later: a file that is written to again within one tick
 * of the file system's clock has the same times.
 */
const SETTLED_MS = 2000;
const SECOND_MS = 1000;

const numbers = new Float64Array(FIELDS);
const bytes = new Uint8Array(numbers.buffer);

/** Writes the bytes of an identity at an offset. */
export function writeIdentity(
  { dev, ino, size, mtimeMs, ctimeMs }: FileIdentity,
  target: Buffer,
  at: number,
): void {
  numbers[0] = dev;
  numbers[1] = ino;
  numbers[2] = size;
  numbers[3] = mtimeMs;
  numbers[4] = ctimeMs;
  target.set(bytes, at);
}

/** Returns an identity and nothing else of what was looked at. */
export function plainIdentity({ dev, ino, size, mtimeMs, ctimeMs }: FileIdentity): FileIdentity {
  return { dev, ino, size, mtimeMs, ctimeMs };
}

/** Checks whether two looks at a file met the same file in the same state. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs
  );
}

/**
 * Checks whether any change after `sinceMs` gives a file another identity. The time of the last change of the content
 * may be set to anything, that of the last change of the file itself may not.
 */
export function isSettled({ ctimeMs }: FileIdentity, sinceMs: number): boolean {
  // Of a clock that goes by the second, or of an image of files, in which whoever makes it writes any time.
  // @spec DML-EXE-0873
  if (ctimeMs % SECOND_MS === 0) return false;
  // @spec DML-EXE-0862
  return ctimeMs <= sinceMs - SETTLED_MS;
}
