import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { isDmlError } from '@daggerml/object-model';
import { executionError } from '../errors.ts';

/**
 * Yields the bytes of a file, links followed. Throws `unreadable_file` for what cannot be read, for what is not a
 * file, and for a file that changes meanwhile: half of one state and half of another is a state that never was.
 *
 * @spec DML-BND-0905
 */
export async function* fileStream(path: string): AsyncGenerator<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // Before it is opened: opening a named pipe waits for a writer.
    assertFile(path, await stat(path, { bigint: true }));
    file = await open(path, constants.O_RDONLY);
    const before = await file.stat({ bigint: true });
    yield* file.createReadStream({
      highWaterMark: 256 * 1024,
      autoClose: false,
    }) as AsyncIterable<Uint8Array>;
    const after = await file.stat({ bigint: true });
    // @spec DML-BND-0911
    if (before.size !== after.size || before.mtimeNs !== after.mtimeNs) {
      throw unreadable(path, 'it changed while it was read');
    }
  } catch (error) {
    if (isDmlError(error)) throw error;
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'unknown', error);
  } finally {
    await file?.close();
  }
}

/** @spec DML-BND-0910 */
function assertFile(path: string, found: BigIntStats): void {
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

function unreadable(path: string, reason: string, cause?: unknown): Error {
  return executionError('unreadable_file', { path, reason }, cause);
}
