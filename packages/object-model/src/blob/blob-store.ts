import type { ChunkId } from '../ids.ts';
import type { PageSource, PageStore } from '../search-tree/page-store.ts';

/** Source of the chunks and pages of blobs. */
export interface BlobSource extends PageSource {
  /** Returns the bytes of a chunk, undefined when it is not there. */
  getChunk(chunkId: ChunkId): Uint8Array | undefined;
}

/** Store of the chunks and pages of blobs. */
export interface BlobStore extends PageStore {
  /**
   * Stores a chunk and returns its id, the SHA-256 of its bytes; idempotent.
   *
   * The bytes are only valid until this returns.
   */
  putChunk(bytes: Uint8Array): ChunkId;
}
