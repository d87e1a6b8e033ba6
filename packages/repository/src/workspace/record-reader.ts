import {
  type BlobDatum,
  type ChunkId,
  type CommitId,
  type Datum,
  type DatumId,
  decodeRecord,
  type ObjectClass,
  PageCache,
  type PageId,
  type Records,
} from '@daggerml/object-model';
import type { Store } from '@daggerml/store';
import { blobStream, type ObjectSource } from '@daggerml/values';

type ObjectRecord = Exclude<ObjectClass, 'chunk'>;

/** Reads decoded records and search tree pages of a store; throws `object_missing` for what is not there. */
export class RecordReader implements ObjectSource {
  readonly store: Store;
  readonly pageCache: PageCache = new PageCache();

  constructor(store: Store) {
    this.store = store;
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.store.get('page', pageId);
  }

  readDatum(datumId: DatumId): Datum {
    return this.read('datum', datumId);
  }

  getBytes(objectClass: 'commit', commitId: CommitId): Uint8Array | undefined {
    return this.store.get(objectClass, commitId);
  }

  /** Throws `object_withheld` for a chunk that is absent on purpose. */
  getChunk(chunkId: ChunkId): Uint8Array | undefined {
    const bytes = this.store.get('chunk', chunkId);
    if (bytes === undefined && this.store.getStub('chunk', chunkId) !== undefined)
      throw this.store.missing('chunk', chunkId);
    return bytes;
  }

  async readChunk(chunkId: ChunkId): Promise<Uint8Array> {
    return this.store.read('chunk', chunkId);
  }

  bringChunks(chunkIds: readonly ChunkId[]): Promise<void> | undefined {
    return this.store.mayBring ? this.store.bring('chunk', chunkIds) : undefined;
  }

  /** Yields the content of a blob, chunk by chunk; what was left out is brought before. */
  streamBlob(blob: BlobDatum): AsyncGenerator<Uint8Array, void, undefined> {
    return blobStream(this, blob);
  }

  read<Class extends ObjectRecord>(objectClass: Class, objectId: string): Records[Class] {
    return decodeRecord(this.store.read(objectClass, objectId as never), objectClass) as Records[Class];
  }
}
