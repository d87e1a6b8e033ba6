import { type BlobDatum, BlobWriter } from '@daggerml/object-model';
import type { ObjectSink, StreamSink } from './object-access.ts';
import type { BlobContent } from './wrapped-values.ts';

/** Stores content that is at hand; undefined for content that has to be waited for. */
export function lowerContent(
  content: BlobContent | { readonly path: string },
  sink: ObjectSink,
): BlobDatum | undefined {
  const isAtHand = typeof content === 'string' || content instanceof Uint8Array;
  if (!isAtHand && !(Symbol.iterator in content)) return undefined;
  const writer = new BlobWriter(sink);
  if (typeof content === 'string') writer.write(new TextEncoder().encode(content));
  else if (content instanceof Uint8Array) writer.write(content);
  else for (const piece of content) writer.write(asBytes(piece));
  return writer.finish();
}

/** Content that has to be waited for. */
export type StreamContent = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | { readonly path: string };

/** Checks whether content comes piece by piece, or from a file. */
export function isStream(content: BlobContent | { readonly path: string }): content is StreamContent {
  return typeof content !== 'string' && !(content instanceof Uint8Array);
}

/** Bytes after which a sink is asked whether it can take more. */
const MAX_WRITTEN_BYTES = 1024 * 1024;

/** Stores a stream, piece by piece, in bounded memory. */
export async function lowerStream(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sink: StreamSink,
): Promise<BlobDatum> {
  const writer = new BlobWriter(sink);
  for await (const piece of pieces) {
    const bytes = asBytes(piece);
    // A piece may be the whole content. @spec DML-BND-1582
    for (let at = 0; at < bytes.length; at += MAX_WRITTEN_BYTES) {
      writer.write(bytes.subarray(at, at + MAX_WRITTEN_BYTES));
      await sink.drain();
    }
  }
  return writer.finish();
}

/** Returns the bytes of a piece: streams often give text without being asked to. Throws a TypeError for others. */
export function asBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return new TextEncoder().encode(piece);
  throw new TypeError(`a stream for a blob yielded a ${typeof piece} instead of bytes`);
}
