import type { ChunkId } from '../ids.ts';
import type { PageSource, PageStore } from '../search-tree/page-store.ts';

/** Where blobs are read from. */
export interface BlobSource extends PageSource {
  /** Yields the bytes of a chunk, undefined when it is not there. */
  getChunk(chunkId: ChunkId): Uint8Array | undefined;
}

/** Where blobs are written to. */
export interface BlobStore extends PageStore {
  /**
   * Stores a chunk and yields its id, the SHA-256 of its bytes; idempotent.
   *
   * The bytes are only valid until this returns.
   */
  putChunk(bytes: Uint8Array): ChunkId;
}
