import { decodeRecord, PageCache, type PageId, type PageSource, type Records } from '@daggerml/object-model';
import type { Store } from '@daggerml/store';

type ObjectRecord = 'datum' | 'node' | 'dag' | 'tree' | 'commit' | 'exec' | 'exec-request' | 'page';

/** Reads decoded records and search tree pages of a store; throws `object_missing` for what is not there. */
export class RecordReader implements PageSource {
  readonly store: Store;
  readonly pageCache: PageCache = new PageCache();

  constructor(store: Store) {
    this.store = store;
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.store.get('page', pageId);
  }

  read<Class extends ObjectRecord>(objectClass: Class, objectId: string): Records[Class] {
    return decodeRecord(this.store.read(objectClass, objectId as never), objectClass) as Records[Class];
  }
}
