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

function readChunk([chunkId, lengthBytes]: LeafEntries['chunks'], source: BlobSource): Uint8Array {
  // @spec DML-OBJ-2108
  const chunk = source.getChunk(chunkId) ?? fail('chunk_missing', { chunkId });
  // @spec DML-OBJ-2109
  return chunk.length === lengthBytes ? chunk : fail('chunk_length', { chunkId });
}
