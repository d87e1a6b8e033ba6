import { isDmlError } from '@daggerml/object-model';

/** Returns what a read comes to; undefined where it refuses: an object is absent, excised, damaged or no record. */
export function ifReadable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}
