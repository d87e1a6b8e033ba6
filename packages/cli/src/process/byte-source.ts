import { createReadStream, statSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { cliError } from '../wording/cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { absolutePath } from './current-folder.ts';
import { errnoOf } from './errno.ts';

/** Bytes that are read at once. */
const PIECE_BYTES = 2 ** 20;

/** Bytes of a file or of standard input. */
export interface ByteSource {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Bytes of the file; undefined where that is not known before it is read. */
  readonly sizeBytes: number | undefined;
}

/**
 * Opens the file that an argument names, or standard input for `-`; reading ends when the command is interrupted.
 * Throws `invalid_argument` for what cannot be read.
 */
export function openSource(
  io: CliIo,
  { path, command }: { readonly path: string; readonly command: string },
): ByteSource {
  const refuse = (why: string, cause?: unknown): Error =>
    cliError('invalid_argument', { problem: `"${path}" cannot be read (${why})`, command }, cause);
  // @spec DML-CLI-2036
  if (path === '-') {
    if (io.openInput === undefined) throw refuse('there is no standard input');
    return { pieces: piecesOf(io.openInput(), io, refuse), sizeBytes: undefined };
  }
  const target = absolutePath(io, path);
  let sizeBytes: number | undefined;
  try {
    const stats = statSync(target);
    if (stats.isDirectory()) throw refuse('it is a folder');
    if (stats.isFile()) sizeBytes = stats.size;
  } catch (cause) {
    throw cause instanceof Error && 'syscall' in cause ? refuse(errnoOf(cause), cause) : cause;
  }
  return {
    pieces: piecesOf(createReadStream(target, { highWaterMark: PIECE_BYTES }), io, refuse),
    sizeBytes,
  };
}

async function* piecesOf(
  stream: Readable,
  { signal }: CliIo,
  refuse: (why: string, cause?: unknown) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* addAbortSignal(signal, stream) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw cause instanceof Error && 'syscall' in cause ? refuse(errnoOf(cause), cause) : cause;
  }
}

/** Yields pieces and says how many bytes have been taken. */
export async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    onBytes(bytes);
    yield piece;
  }
}
