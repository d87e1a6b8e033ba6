import {
  type ChunkId,
  type Datum,
  type DatumId,
  decodeRecord,
  hashBytes,
  type PageCache,
  type PageId,
} from '../../src/index.ts';

const EMPTY_BLOB: Datum = {
  type: 'datum',
  kind: 'blob',
  sizeBytes: 0,
  contentSha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  root: [],
};

/** Keeps pages, chunks and datums in memory and counts what is asked of it. */
export class MemoryObjects {
  readonly pages = new Map<PageId, Uint8Array>();
  readonly chunks = new Map<ChunkId, Uint8Array>();
  readonly datums = new Map<DatumId, Uint8Array>();
  readonly pageCache?: PageCache;
  /** Pages read and written since {@link resetCounts}. */
  pagesRead = 0;
  pagesWritten = 0;

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
    return this.chunks.get(chunkId);
  }

  putChunk(bytes: Uint8Array): ChunkId {
    const chunkId = hashBytes<'chunk'>(bytes);
    if (!this.chunks.has(chunkId)) this.chunks.set(chunkId, bytes.slice());
    return chunkId;
  }

  putDatum(bytes: Uint8Array): DatumId {
    const datumId = hashBytes<'datum'>(bytes);
    this.datums.set(datumId, bytes.slice());
    return datumId;
  }

  /** Returns a datum; what was never put counts as an empty blob, as the ids of vectors name nothing. */
  readDatum(datumId: DatumId): Datum {
    const bytes = this.datums.get(datumId);
    return bytes === undefined ? EMPTY_BLOB : decodeRecord(bytes, 'datum');
  }

  resetCounts(): void {
    this.pagesRead = 0;
    this.pagesWritten = 0;
  }
}
