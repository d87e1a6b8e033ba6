import { constants } from 'node:fs';
import { type FileIdentity, isSameFile } from './file-identity.ts';
import type { FileSystem } from './file-system.ts';

/** Longest file that is read in one piece, while nothing else happens. */
export const SMALL_FILE_BYTES: number = 1024 * 1024;

/** Buffer for small files, read one after the other; a file that grows during the read shows by one extra byte. */
const buffer: Buffer = Buffer.allocUnsafeSlow(SMALL_FILE_BYTES + 1);

/** A file as it was seen. */
export interface SeenFile {
  /** Absolute path. */
  readonly place: string;
  readonly identity: FileIdentity;
  /** True when the path may be a link. */
  readonly isLinked: boolean;
}

/**
 * Reads a small file that was seen a moment ago. Returns a view that the next read reuses, undefined when what is there
 * is not the file that was seen, or not in the state in which it was.
 *
 * Never waits for what may have taken the file's place, nor follows it. Throws errors of the system.
 */
export function readSmallFile(
  fileSystem: FileSystem,
  { place, identity, isLinked }: SeenFile,
): Uint8Array | undefined {
  const follow = isLinked ? 0 : constants.O_NOFOLLOW;
  // @spec DML-BND-0930
  const file = fileSystem.openSync(place, constants.O_RDONLY | constants.O_NONBLOCK | follow);
  try {
    let length = 0;
    while (length < identity.size) {
      const read = fileSystem.readSync(file, buffer, length, identity.size + 1 - length, null);
      if (read === 0) break;
      length += read;
    }
    // Afterwards shows both: a change before the read and one during it.
    const isAsSeen = length === identity.size && isSameFile(fileSystem.fstatSync(file), identity);
    return isAsSeen ? buffer.subarray(0, length) : undefined;
  } finally {
    fileSystem.closeSync(file);
  }
}
