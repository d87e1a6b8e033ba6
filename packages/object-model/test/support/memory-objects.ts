import { type ChunkId, hashBytes, type PageCache, type PageId } from '../../src/index.ts';

/** Keeps pages and chunks in memory and counts what is asked of it. */
export class MemoryObjects {
  readonly pages = new Map<PageId, Uint8Array>();
  readonly chunks = new Map<ChunkId, Uint8Array>();
  readonly pageCache?: PageCache;
  /** Pages read and written since {@link resetCounts}. */
  pagesRead = 0;
  pagesWritten = 0;
  chunksRead = 0;

  constructor(pageCache?: PageCache) {
    if (pageCache !== undefined) this.pageCache = pageCache;
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    this.pagesRead++;
    return this.pages.get(pageId);
  }

  putPage(bytes: Uint8Array): PageId {
    this.pagesWritten++;
    const pageId = hashBytes<'page'>(bytes);
    this.pages.set(pageId, bytes);
    return pageId;
  }

  getChunk(chunkId: ChunkId): Uint8Array | undefined {
    this.chunksRead++;
    return this.chunks.get(chunkId);
  }

  putChunk(bytes: Uint8Array): ChunkId {
    const chunkId = hashBytes<'chunk'>(bytes);
    if (!this.chunks.has(chunkId)) this.chunks.set(chunkId, bytes.slice());
    return chunkId;
  }

  resetCounts(): void {
    this.pagesRead = 0;
    this.pagesWritten = 0;
    this.chunksRead = 0;
  }
}
