import {
  type CommitId,
  type CommitRecord,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  type ObjectIds,
  PageCache,
  type PageId,
  type PageStore,
  type Records,
} from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import type { RecordClass } from '../objects/objects.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { CommitGraph } from './commit-graph.ts';

/** Source of the objects that drafting reads, such as a store. */
export interface ObjectReader {
  get(objectClass: ObjectClass, id: ObjectId): Uint8Array | undefined;
  getRecord<Class extends RecordClass>(recordClass: Class, id: ObjectIds[Class]): Records[Class] | undefined;
}

interface DraftedObject {
  readonly class: RecordClass;
  readonly bytes: Uint8Array;
}

/**
 * Objects computed and not yet written, over a store that is only read.
 * Whether they are written at all is decided later, in one transaction.
 */
export class Draft implements PageStore, CommitGraph<CommitRecord> {
  readonly pageCache: PageCache = new PageCache();
  readonly #reader: ObjectReader;
  readonly #objects: Map<string, DraftedObject> = new Map();
  readonly #records: Map<string, Records[RecordClass]> = new Map();

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  /** Reads a record, drafted or stored; throws `object_missing` when it is neither. */
  read<Class extends RecordClass>(recordClass: Class, id: ObjectIds[Class]): Records[Class] {
    const record = (this.#records.get(id) as Records[Class]) ?? this.#reader.getRecord(recordClass, id);
    if (record === undefined) throw storeError('object_missing', { class: recordClass, objectId: id });
    return record;
  }

  readCommit(commitId: CommitId): CommitRecord {
    return this.read('commit', commitId);
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.#objects.get(pageId)?.bytes ?? this.#reader.get('page', pageId);
  }

  putPage(bytes: Uint8Array): PageId {
    const pageId = hashBytes<'page'>(bytes);
    this.#objects.set(pageId, { class: 'page', bytes });
    return pageId;
  }

  /** Drafts a record and yields its id. */
  put<Class extends Exclude<RecordClass, 'page'>>(
    record: Records[Class] & { type: Class },
  ): ObjectIds[Class] {
    const bytes = encodeRecord(record);
    const id = hashBytes<Class>(bytes);
    this.#objects.set(id, { class: record.type, bytes });
    this.#records.set(id, record);
    return id;
  }

  /** Puts all drafted objects. */
  writeTo(transaction: WriteTransaction): void {
    for (const object of this.#objects.values()) transaction.put(object.class, object.bytes);
  }
}
