import {
  type ChunkId,
  type CommitId,
  type Datum,
  type DatumId,
  decodeRecord,
  type ExecId,
  type ExecutionKey,
  type ObjectClass,
  PageCache,
  type PageId,
  type Records,
} from '@daggerml/object-model';
import type { Store } from '@daggerml/store';
import type { ObjectSource } from '@daggerml/values';

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

  cacheOrigins(key: ExecutionKey): ReadonlyMap<ExecId, string> {
    return this.store.cacheOrigins(key);
  }

  readDatum(datumId: DatumId): Datum {
    return this.read('datum', datumId);
  }

  getBytes(objectClass: 'commit', commitId: CommitId): Uint8Array | undefined {
    return this.store.get(objectClass, commitId);
  }

  getChunk(chunkId: ChunkId): Uint8Array | undefined {
    return this.store.get('chunk', chunkId);
  }

  async readChunk(chunkId: ChunkId): Promise<Uint8Array> {
    return this.store.read('chunk', chunkId);
  }

  read<Class extends ObjectRecord>(objectClass: Class, objectId: string): Records[Class] {
    return decodeRecord(this.store.read(objectClass, objectId as never), objectClass) as Records[Class];
  }
}
