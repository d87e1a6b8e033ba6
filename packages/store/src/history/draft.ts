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
import { isLeftOut, type StubFacts, withheldError } from '../objects/stubs.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { type CommitGraph, HISTORY_END } from './commit-graph.ts';

/** Source of the objects that drafting reads, such as a store. */
export interface ObjectReader {
  get(objectClass: ObjectClass, id: ObjectId): Uint8Array | undefined;
  getRecord<Class extends RecordClass>(recordClass: Class, id: ObjectIds[Class]): Records[Class] | undefined;
  /** Returns what stands for an object that is absent on purpose; a source without it has nothing of that kind. */
  getStub?(objectClass: ObjectClass, id: ObjectId): StubFacts | undefined;
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

  /** Commit at which a walk of history has ended, since it was left out. */
  #cutAt: StubFacts | undefined;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  /** Reads a record, drafted or stored; throws `object_missing` when it is neither. */
  read<Class extends RecordClass>(recordClass: Class, id: ObjectIds[Class]): Records[Class] {
    const record = (this.#records.get(id) as Records[Class]) ?? this.#reader.getRecord(recordClass, id);
    if (record !== undefined) return record;
    const stub = this.#reader.getStub?.(recordClass, id);
    throw stub ? withheldError(stub) : storeError('object_missing', { class: recordClass, objectId: id });
  }

  /** Reads a commit for walks of history, which end at one that was left out: its content is read with `read`. */
  readCommit(commitId: CommitId): CommitRecord {
    const drafted = this.#records.get(commitId) as CommitRecord | undefined;
    const commit = drafted ?? this.#reader.getRecord('commit', commitId);
    if (commit !== undefined) return commit;
    const stub = this.#reader.getStub?.('commit', commitId);
    if (stub === undefined || !isLeftOut(stub.domain)) return this.read('commit', commitId);
    this.#cutAt ??= stub;
    return HISTORY_END as CommitRecord;
  }

  /**
   * Throws `object_withheld` where a walk of history has ended at a commit that was left out, so that it is unknown what
   * two histories have in common.
   *
   * @spec DML-STO-0856
   */
  assertWholeHistory(): void {
    if (this.#cutAt !== undefined) throw withheldError(this.#cutAt);
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
