import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { isDmlError } from '@daggerml/object-model';
import { type FileIdentity, isSameFile } from './file-identity.ts';
import { refuseStoreFile } from './store-file.ts';
import { CHANGED, refusedBySystem, unreadable } from './unreadable.ts';

/** Pieces are read this long; a file that is shorter takes no more memory than it needs. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Yields the bytes of a file, links followed, each piece valid until the next is asked for.
 *
 * Throws `unreadable_file` for what cannot be read, for what is not a file, and for a file that changes during the read, or
 * since it was `seen`: half of one state and half of another is a state that never was.
 */
export async function* fileStream(path: string, seen?: FileIdentity): AsyncGenerator<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // Before it is opened: opening a named pipe waits for a writer.
    assertFile(path, await stat(path));
    refuseStoreFile(path, true);
    // What took its place is not waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const before = await file.stat();
    assertFile(path, before);
    if (seen && !isSameFile(seen, before)) throw unreadable(path, CHANGED);
    yield* pieces(file, Math.min(PIECE_BYTES, before.size + 1));
    // @spec DML-BND-0911
    if (!isSameFile(before, await file.stat())) throw unreadable(path, CHANGED);
  } catch (error) {
    if (isDmlError(error)) throw error;
    // @spec DML-BND-0905
    throw refusedBySystem(path, error);
  } finally {
    await file?.close();
  }
}

/** Reads the next piece while the caller works on the last: two buffers in turn. */
async function* pieces(file: FileHandle, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let buffer: Buffer = Buffer.allocUnsafe(sizeBytes);
  let other: Buffer | undefined;
  let reading = file.read(buffer, 0, sizeBytes, null);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      const piece = buffer.subarray(0, bytesRead);
      other ??= Buffer.allocUnsafe(bytesRead < sizeBytes ? 1 : sizeBytes);
      [buffer, other] = [other, buffer];
      reading = file.read(buffer, 0, buffer.length, null);
      yield piece;
    }
  } finally {
    // A caller that stops early must not close the file under a read.
    await reading.catch(() => {});
  }
}

/** @spec DML-BND-0910 */
function assertFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  const what = found.isDirectory()
    ? 'a folder'
    : found.isFIFO()
      ? 'a named pipe'
      : found.isSocket()
        ? 'a socket'
        : 'a device';
  throw unreadable(path, `it is ${what}, not a file`);
}
