import {
  type AnyRecord,
  type ChunkId,
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
import type { Store, WriteTransaction } from '@daggerml/store';
import { executionError } from '../errors.ts';
import { ByteSlabs } from './byte-slabs.ts';
import { decodeAs } from './decode-as.ts';

type RecordClass = Exclude<ObjectClass, 'chunk'>;

/**
 * Objects on their way into a store: new ones are held in memory and written together by `flush`; reading
 * sees them and the store's own.
 *
 * A re-run that ends where the last one did drops them and never writes.
 */
export class ObjectBuffer implements PageStore {
  readonly store: Store;
  readonly pageCache: PageCache = new PageCache(32 * 1024 * 1024);
  /** Id → number in the slabs. */
  #pending = new Map<string, number>();
  #slabs = new ByteSlabs();
  #classes: ObjectClass[] = [];
  #sizeBytes = 0;
  #hasWritten = false;

  constructor(store: Store) {
    this.store = store;
  }

  /** Whether anything was written so far. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Bytes that the next flush writes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Encodes and takes a record; yields its id. Putting it again is harmless. */
  put<Class extends RecordClass>(record: AnyRecord & { type: Class }): ObjectIds[Class] {
    return this.putBytes(record.type as Class, encodeRecord(record));
  }

  /** Takes the bytes of an object, which are the buffer's from then on; yields its id. */
  putBytes<Class extends ObjectClass>(objectClass: Class, bytes: Uint8Array): ObjectIds[Class] {
    const objectId = hashBytes(bytes) as string;
    if (!this.#pending.has(objectId)) {
      this.#pending.set(objectId, this.#slabs.add(bytes));
      this.#classes.push(objectClass);
      this.#sizeBytes += bytes.length;
    }
    return objectId as ObjectIds[Class];
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.getBytes('page', pageId);
  }

  putPage(bytes: Uint8Array): PageId {
    return this.putBytes('page', bytes);
  }

  putChunk(bytes: Uint8Array): ChunkId {
    return this.putBytes('chunk', bytes.slice());
  }

  /** Bytes of an object, checked against its id; undefined when neither the buffer nor the store has it. */
  getBytes(objectClass: ObjectClass, objectId: string): Uint8Array | undefined {
    const pending = this.#pending.get(objectId);
    if (pending !== undefined && this.#classes[pending] === objectClass) return this.#slabs.at(pending);
    return this.store.get(objectClass, objectId as never);
  }

  /** A record, decoded; undefined when it is not there. */
  get<Class extends RecordClass>(objectClass: Class, objectId: ObjectIds[Class]): Records[Class] | undefined {
    const bytes = this.getBytes(objectClass, objectId);
    return bytes && decodeAs(objectClass, bytes);
  }

  /** A record, decoded; throws `object_missing` when it is not there. */
  read<Class extends RecordClass>(objectClass: Class, objectId: ObjectIds[Class]): Records[Class] {
    const record = this.get(objectClass, objectId);
    if (record === undefined) throw executionError('object_missing', { objectClass, objectId });
    return record;
  }

  /** Writes what is pending; call `clear` once the transaction is through. */
  writeTo(transaction: WriteTransaction): void {
    for (const [objectId, number] of this.#pending) {
      transaction.putHashed(
        this.#classes[number] as ObjectClass,
        objectId as ObjectId,
        this.#slabs.at(number),
      );
    }
  }

  /** Forgets what is pending, once it was written. */
  clear(): void {
    this.#hasWritten = true;
    this.#pending = new Map();
    this.#slabs = new ByteSlabs();
    this.#classes = [];
    this.#sizeBytes = 0;
  }
}
