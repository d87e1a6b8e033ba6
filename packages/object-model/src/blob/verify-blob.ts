import { fail } from '../errors.ts';
import type { BlobDatum } from '../records/record-types.ts';
import { treeFrom } from '../search-tree/read-tree.ts';
import { BlobChunker } from './blob-chunker.ts';
import { readBlob } from './blob-reader.ts';
import type { BlobSource } from './blob-store.ts';

/**
 * Checks in steps, one for each chunk, that a blob is what writing its content again makes of it.
 *
 * The tree of the chunks itself is `TreeVerifier`'s to check. Throws what `readBlob` throws, and `invalid_payload` with
 * `blob_chunks` for a content that is cut elsewhere than the rules cut it.
 *
 * @spec DML-OBJ-2119
 */
export function* verifyBlob(blob: BlobDatum, source: BlobSource): Generator<undefined, void, undefined> {
  const entries = treeFrom('chunks', blob.root, 0, source);
  const chunker = new BlobChunker(({ length }) => {
    const next = entries.next();
    if (next.done === true || next.value.entry[1] !== length) fail('blob_chunks', { lengthBytes: length });
  });
  for (const chunk of readBlob(blob, source)) {
    chunker.push(chunk);
    yield;
  }
  chunker.finish();
}
