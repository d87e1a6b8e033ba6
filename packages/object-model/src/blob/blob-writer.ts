import { copyBytes } from '../bytes.ts';
import { sha256Hex, sha256Stream } from '../hash/hash-bytes.ts';
import type { Sha256Stream } from '../hash/sha256.ts';
import type { BlobDatum } from '../records/record-types.ts';
import { TreeBuilder } from '../search-tree/tree-builder.ts';
import { BlobChunker, CHUNK_MIN_BYTES } from './blob-chunker.ts';
import type { BlobStore } from './blob-store.ts';

/**
 * Writes a blob from a stream of bytes, holding at most one chunk and one page per level.
 *
 * Chunks and pages go to the store as they are complete; the datum that names them is the caller's to store.
 *
 * @spec DML-OBJ-2116
 */
export class BlobWriter {
  readonly #store: BlobStore;
  readonly #chunker: BlobChunker;
  readonly #tree: TreeBuilder<'chunks'>;
  #sizeBytes = 0;
  /** The first chunk until a second one shows that the content's hash is not the chunk's. */
  #only: { readonly bytes: Uint8Array; readonly sha256: string } | undefined;
  #content: Sha256Stream | undefined;

  constructor(store: BlobStore) {
    this.#store = store;
    this.#tree = new TreeBuilder('chunks', store);
    this.#chunker = new BlobChunker((chunk) => this.#takeChunk(chunk));
  }

  /** Number of bytes written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes the next bytes, which may be reused once this returns. */
  write(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length;
    this.#chunker.push(bytes);
  }

  /** Ends the content and returns its datum; the writer must not be used afterwards. */
  finish(): BlobDatum {
    this.#chunker.finish();
    // @spec DML-OBJ-2115
    const contentSha256 = this.#content?.digestHex() ?? this.#only?.sha256 ?? sha256Hex(new Uint8Array());
    return {
      type: 'datum',
      kind: 'blob',
      sizeBytes: this.#sizeBytes,
      contentSha256,
      root: this.#tree.finish(),
    };
  }

  #takeChunk(chunk: Uint8Array): void {
    const chunkId = this.#store.putChunk(chunk);
    // @spec DML-OBJ-2101
    this.#tree.push([chunkId, chunk.length]);
    if (this.#content !== undefined) {
      this.#content.update(chunk);
    } else if (this.#only === undefined) {
      this.#only = { bytes: copyBytes(chunk), sha256: chunkId };
    } else {
      this.#content = sha256Stream();
      this.#content.update(this.#only.bytes);
      this.#content.update(chunk);
      this.#only = undefined;
    }
  }
}

/** Writes bytes at hand as a blob and returns its datum. */
export function writeBlob(bytes: Uint8Array, store: BlobStore): BlobDatum {
  // No cut is looked for in content this short, and its only chunk has the hash of the content.
  if (bytes.length > 0 && bytes.length <= CHUNK_MIN_BYTES) {
    const chunkId = store.putChunk(bytes);
    const root: BlobDatum['root'] = [[chunkId, bytes.length]];
    return { type: 'datum', kind: 'blob', sizeBytes: bytes.length, contentSha256: chunkId, root };
  }
  const writer = new BlobWriter(store);
  writer.write(bytes);
  return writer.finish();
}
