/**
 * Workaround for the fault of message-overflow.ts where true sizes are long: the file is extended by zeros first,
 * so that missing space answers this code and not the engine. Can go with it.
 */
import { closeSync, fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { storeError } from '../../errors.ts';
import type { DataFile } from '../data-file.ts';

const ZEROS: Buffer = Buffer.alloc(2 ** 18);

/** Errors of the system where there is no room: on the disk, in the user's quota, in the longest file. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Extends the data file of the store at `path` by zeros to `endBytes`, for as long as nobody else can write; what is
 * there already stays. Throws `store_full` when there is no room, and else the system's error, with the file as it was.
 */
export function extendFile(file: DataFile, endBytes: number, path: string): void {
  const descriptor = file.openForWriting();
  try {
    const { size } = fstatSync(descriptor);
    let at = size;
    try {
      while (at < endBytes) at += writeSync(descriptor, ZEROS, 0, Math.min(ZEROS.length, endBytes - at), at);
    } catch (cause) {
      // Nothing is beyond the old end but these zeros.
      if (at > size) ftruncateSync(descriptor, size);
      if (!NO_ROOM.has(String((cause as NodeJS.ErrnoException).code))) throw cause;
      throw storeError(
        'store_full',
        { path, neededBytes: endBytes - size, availableBytes: at - size },
        cause,
      );
    }
  } finally {
    closeSync(descriptor);
  }
}
