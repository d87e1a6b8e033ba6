import { fail } from '../errors.ts';
import { sha256Stream } from '../hash/hash-bytes.ts';
import type { LeafEntries } from '../records/page-types.ts';
import type { BlobDatum } from '../records/record-types.ts';
import { treeFrom } from '../search-tree/read-tree.ts';
import type { BlobSource } from './blob-store.ts';

/**
 * Reads a whole blob chunk by chunk and checks its length and SHA-256 at the end.
 *
 * Take the content as right only when the iteration has ended without throwing `invalid_payload` with `chunk_missing`,
 * `chunk_length`, `blob_size` or `blob_content`. Hash checks of single chunks are the source's.
 */
export function* readBlob(blob: BlobDatum, source: BlobSource): IterableIterator<Uint8Array> {
  const content = sha256Stream();
  let sizeBytes = 0;
  for (const { entry } of treeFrom('chunks', blob.root, 0, source)) {
    const chunk = readChunk(entry, source);
    content.update(chunk);
    sizeBytes += chunk.length;
    yield chunk;
  }
  // @spec DML-OBJ-2110
  if (sizeBytes !== blob.sizeBytes) fail('blob_size', { expected: blob.sizeBytes, actual: sizeBytes });
  // @spec DML-OBJ-2111
  if (content.digestHex() !== blob.contentSha256) fail('blob_content');
}

/**
 * Reads the bytes from `start` up to `end` in parts; O(log n) pages before the first part.
 *
 * The range is cut at the blob's size. The content's SHA-256 is not checked. Throws as {@link readBlob} does.
 */
export function* readBlobRange(
  blob: BlobDatum,
  source: BlobSource,
  start: number,
  end: number = blob.sizeBytes,
): IterableIterator<Uint8Array> {
  const from = Math.max(0, start);
  const to = Math.min(end, blob.sizeBytes);
  if (from >= to) return;
  // @spec DML-OBJ-2117
  for (const placed of treeFrom('chunks', blob.root, from, source)) {
    const chunk = readChunk(placed.entry, source);
    const first = Math.max(0, from - placed.start);
    const last = Math.min(chunk.length, to - placed.start);
    yield chunk.subarray(first, last);
    if (placed.start + chunk.length >= to) return;
  }
  fail('blob_size', { expected: blob.sizeBytes });
}

/** Reads a whole blob into one array. Throws as {@link readBlob} does. */
export function blobBytes(blob: BlobDatum, source: BlobSource): Uint8Array {
  const parts = [...readBlob(blob, source)];
  const bytes = new Uint8Array(blob.sizeBytes);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function readChunk([chunkId, lengthBytes]: LeafEntries['chunks'], source: BlobSource): Uint8Array {
  // @spec DML-OBJ-2108
  const chunk = source.getChunk(chunkId) ?? fail('chunk_missing', { chunkId });
  // @spec DML-OBJ-2109
  return chunk.length === lengthBytes ? chunk : fail('chunk_length', { chunkId });
}
