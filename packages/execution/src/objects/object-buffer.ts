import {
  type AnyRecord,
  type ChunkId,
  copyBytes,
  type DatumId,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  type ObjectIds,
  PageCache,
  type PageId,
  type PageStore,
  type Records,
  recordLinks,
} from '@daggerml/object-model';
import type { ListingChange, Store, WriteTransaction } from '@daggerml/store';
import { executionError } from '../errors.ts';
import { decodeAs } from './decode-as.ts';
import { PendingObjects } from './pending-objects.ts';

type RecordClass = Exclude<ObjectClass, 'chunk'>;
/** Bytes of new chunks that are held where nothing is written. */
const MAX_DRY_CHUNK_BYTES = 16 * 1024 * 1024;

type TakeObject = (objectClass: ObjectClass, objectId: string, bytes: Uint8Array) => void;

/**
 * Objects on their way into a store: new ones are held in memory and written together by `flush`; reading
 * sees them and the store's own.
 *
 * A re-run that ends where the last one did drops them and never writes.
 */
export class ObjectBuffer implements PageStore {
  readonly store: Store;
  /** True when nothing is ever written: what is new is only read again. */
  readonly isDry: boolean;
  readonly pageCache: PageCache = new PageCache(32 * 1024 * 1024);
  #pending = new PendingObjects();
  /** Objects of the store that were linked without being put, by their ids. */
  #linked = new Map<string, ObjectClass>();
  #dryChunkBytes = 0;
  /** Listings of files to remember. */
  #listings: ListingChange[] = [];
  /** True when objects were made of what turned out to be lost; such ones are left out when the rest is written. */
  hasLost = false;

  constructor(store: Store, isDry: boolean = store.isReadOnly) {
    this.store = store;
    this.isDry = isDry;
  }

  /** Bytes that the next flush writes. */
  get sizeBytes(): number {
    return this.#pending.sizeBytes;
  }

  /** Checks whether there is something that the next flush writes. */
  get hasPending(): boolean {
    return this.#pending.count > 0 || this.#listings.length > 0;
  }

  /** Takes a listing of files to remember, which is written behind the objects that it names. */
  putListing(listing: ListingChange): void {
    this.#listings.push(listing);
  }

  /** Encodes and takes a record; returns its id. Putting it again is harmless. */
  put<Class extends RecordClass>(record: AnyRecord & { type: Class }): ObjectIds[Class] {
    return this.putBytes(record.type as Class, encodeRecord(record));
  }

  /** Takes the bytes of an object, which are the buffer's from then on; returns its id. */
  putBytes<Class extends ObjectClass>(objectClass: Class, bytes: Uint8Array): ObjectIds[Class] {
    const objectId = hashBytes<Class>(bytes);
    this.#pending.add(objectClass, objectId, bytes);
    return objectId;
  }

  /** Takes bytes whose id the caller has just computed. */
  putHashed(objectClass: ObjectClass, objectId: string, bytes: Uint8Array): void {
    if (!this.isDry) this.#pending.add(objectClass, objectId, bytes);
    // The memory of what is held is not the caller's, who goes on with it.
    else if (objectClass !== 'chunk' || this.#keepsChunk(bytes))
      this.#pending.addCopy(objectClass, objectId, bytes);
  }

  /**
   * Checks whether a chunk is held: where nothing is written, files do not fill the memory.
   *
   * @spec DML-EXE-3505
   */
  #keepsChunk(bytes: Uint8Array): boolean {
    if (!this.isDry) return true;
    this.#dryChunkBytes += bytes.length;
    return this.#dryChunkBytes <= MAX_DRY_CHUNK_BYTES;
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.getBytes('page', pageId);
  }

  putPage(bytes: Uint8Array): PageId {
    return this.putBytes('page', bytes);
  }

  putChunk(bytes: Uint8Array): ChunkId {
    const chunkId = hashBytes<'chunk'>(bytes);
    if (this.#keepsChunk(bytes)) this.#pending.addCopy('chunk', chunkId, bytes);
    return chunkId;
  }

  /** Bytes of an object, checked against its id; undefined when neither the buffer nor the store has it. */
  getBytes(objectClass: ObjectClass, objectId: string): Uint8Array | undefined {
    return this.#pending.find(objectClass, objectId) ?? this.store.get(objectClass, objectId as never);
  }

  /** Returns the bytes of a chunk, which are the caller's; undefined as for `getBytes`. */
  getChunk(chunkId: string): Uint8Array | undefined {
    const pending = this.#pending.find('chunk', chunkId);
    // @spec DML-EXE-2661
    return pending ? copyBytes(pending) : this.store.get('chunk', chunkId as ChunkId);
  }

  /** Checks whether an object is there, in the buffer or in the store. */
  hasBytes(objectClass: ObjectClass, objectId: string): boolean {
    return (
      this.#pending.find(objectClass, objectId) !== undefined ||
      this.store.has(objectClass, objectId as never)
    );
  }

  /** Returns a decoded record; undefined when absent. */
  get<Class extends RecordClass>(objectClass: Class, objectId: ObjectIds[Class]): Records[Class] | undefined {
    const bytes = this.getBytes(objectClass, objectId);
    return bytes && decodeAs(objectClass, bytes);
  }

  /**
   * Returns the error of an object that should be there: `object_missing`, or `object_withheld` for one that was left out or
   * that a domain withholds.
   */
  missing(objectClass: ObjectClass, objectId: string): Error {
    return this.store.missing(objectClass, objectId as ObjectId);
  }

  /** Returns a decoded record; throws what `missing` returns when absent. */
  read<Class extends RecordClass>(objectClass: Class, objectId: ObjectIds[Class]): Records[Class] {
    const record = this.get(objectClass, objectId);
    if (record === undefined) throw this.missing(objectClass, objectId);
    return record;
  }

  /** Checks whether a datum is there, so that new objects may link it; the next write makes sure that it stays. */
  hasDatum(datumId: DatumId): boolean {
    return this.hasLinked('datum', datumId);
  }

  /** Checks whether an object is there, as `hasDatum` does. */
  hasLinked(objectClass: ObjectClass, objectId: string): boolean {
    if (this.#pending.find(objectClass, objectId)) return true;
    if (!this.store.has(objectClass, objectId as never)) return false;
    this.#linked.set(objectId, objectClass);
    return true;
  }

  /**
   * Writes what is pending; call `clear` once the transaction is through. Throws `object_missing` when an object
   * that `hasDatum` or `hasLinked` found is gone.
   */
  writeTo(transaction: WriteTransaction): void {
    for (const [objectId, objectClass] of this.#linked) {
      if (!transaction.retain(objectClass, objectId as ObjectId))
        throw executionError('object_missing', { class: objectClass, objectId });
    }
    const put: TakeObject = (objectClass, objectId, bytes) =>
      transaction.putHashed(objectClass, objectId as ObjectId, bytes);
    if (this.hasLost) this.#writeWhole(transaction, put);
    else this.#pending.forEachSorted(put);
    // @spec DML-EXE-0868
    for (const listing of this.#listings) transaction.putListing(listing);
  }

  /**
   * Writes what has all its parts. What was made of something lost waits for the others: its part may have been
   * made again since, and then stands behind it.
   */
  #writeWhole(transaction: WriteTransaction, put: TakeObject): void {
    let waiting: Parameters<TakeObject>[] = [];
    this.#pending.forEach((...object) => void waiting.push(object));
    for (let before = Number.POSITIVE_INFINITY; waiting.length < before; ) {
      before = waiting.length;
      const incomplete: Parameters<TakeObject>[] = [];
      for (const object of waiting) {
        const [objectClass, , bytes] = object;
        if (isWhole(objectClass, bytes, transaction)) put(...object);
        else incomplete.push(object);
      }
      waiting = incomplete;
    }
  }

  /** Forgets what is pending, once it was written. */
  clear(): void {
    this.#pending = new PendingObjects();
    this.#linked = new Map();
    this.#listings = [];
  }
}

/** Checks whether everything that an object links to is in the store. */
function isWhole(objectClass: ObjectClass, bytes: Uint8Array, transaction: WriteTransaction): boolean {
  if (objectClass === 'chunk') return true;
  return recordLinks(decodeAs(objectClass, bytes)).every((link) =>
    transaction.has(link.objectClass, link.id),
  );
}
