import {
  DmlError,
  encodeTransient,
  hashBytes,
  MAX_RECORD_BYTES,
  type ObjectClass,
  type ObjectId,
  type ObjectIds,
  type Records,
} from '@daggerml/object-model';
import type { Engine } from './engine/engine.ts';
import { hasRow, readRow } from './engine/reading.ts';
import { SpaceGuard } from './engine/space-guard.ts';
import type { Table, TableName } from './engine/tables.ts';
import type { StoreEnvironment } from './environment.ts';
import { storeError } from './errors.ts';
import { NewKeyRun } from './objects/assume-new-keys.ts';
import { type RecordClass, readObject } from './objects/objects.ts';
import { PutBatch, stagedBytes, type TakeStaged } from './objects/put-batch.ts';
import { encodeStub, fillStub, hasAnyStub, type StubFacts } from './objects/stubs.ts';
import { isTombstone, tombstoneError } from './objects/tombstone.ts';
import type { RefName } from './refs/ref-name.ts';
import { type Ref, type RefUpdate, type RefUpdateResult, readRef } from './refs/refs.ts';
import {
  type ReferenceUpdate,
  type ReferenceUpdateResult,
  updateRef,
  updateReference,
} from './refs/update-ref.ts';
import { SessionWrites } from './sessions/session-writes.ts';
import { type Attempt, putAttempt } from './tables/attempts.ts';
import { cacheKey, cacheValue } from './tables/cache-index.ts';
import { type Hold, holdKey, putHold } from './tables/holds.ts';
import {
  CLASS_BYTES,
  isUuid,
  OBJECT_KEY_BYTES,
  objectKey,
  textKey,
  uuidKey,
  writeObjectKey,
} from './tables/keyspace.ts';
import { dropListings, type ListingChange, putListing, renewListing } from './tables/listings.ts';
import { encodeMeta, isMetaKey, type MetaKey, type MetaValue, readMeta } from './tables/meta.ts';
import { ObjectKeySet } from './walk/object-key-set.ts';

const NO_OVERWRITE = { noOverwrite: true } as const;

/** Marks a failure of the engine itself, as opposed to a refusal by the body. */
export class EngineFailure extends Error {
  constructor(cause: unknown) {
    super('engine failure', { cause });
    this.name = 'EngineFailure';
  }
}

/** A store as far as it can be changed. */
export interface Transactor {
  transact<Result>(label: string, body: (transaction: WriteTransaction) => Result): Result;
}

/** The one way to change a store; valid only inside the body given to `Store.transact`. */
export class WriteTransaction {
  readonly environment: StoreEnvironment;
  /** @internal For the store's own features: reads inside the body see the transaction. */
  readonly engine: Engine;
  readonly #sessionId: string;
  readonly #objects: Table;
  readonly #newKeyRun: NewKeyRun;
  readonly #writes = new SessionWrites();
  readonly #space: SpaceGuard;
  readonly #key: Buffer = Buffer.allocUnsafeSlow(OBJECT_KEY_BYTES);
  /** Objects that the engine has not been given yet. */
  #batch: PutBatch | undefined;
  #failure: EngineFailure | undefined;
  /** The first error that ends the transaction even if the body goes on: excised bytes, or puts that were lost. */
  #refusal: unknown;
  /** True when there may be stubs; undefined until that is asked. */
  #stubs: boolean | undefined;
  #walked: ObjectKeySet | undefined;
  #open = true;
  #hasChanged = false;

  constructor(engine: Engine, environment: StoreEnvironment, sessionId: string) {
    this.engine = engine;
    this.environment = environment;
    this.#sessionId = sessionId;
    this.#objects = engine.tables.objects;
    this.#newKeyRun = new NewKeyRun(engine);
    this.#space = new SpaceGuard(engine, environment);
  }

  /** Checks whether a row has been written or deleted. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** Encodes and puts one record and returns its id. */
  putRecord<Class extends RecordClass>(record: Records[Class] & { readonly type: Class }): ObjectIds[Class] {
    return this.put(record.type, encodeTransient(record));
  }

  /**
   * Puts one object's bytes verbatim and returns its id; putting it again is harmless. The bytes are copied.
   * The transaction ends with the object model's `excised` error when the object was excised.
   */
  put<Class extends ObjectClass>(objectClass: Class, bytes: Uint8Array): ObjectIds[Class] {
    if (CLASS_BYTES[objectClass] === undefined) throw misuse('object_class');
    const id = hashBytes<Class>(bytes);
    this.putHashed(objectClass, id, bytes);
    return id;
  }

  /**
   * Puts bytes whose id the caller has just computed with `hashBytes`.
   * @internal A wrong id would store bytes that every later read refuses.
   */
  putHashed(objectClass: ObjectClass, id: ObjectId, bytes: Uint8Array): void {
    this.#assertOpen();
    // @spec DML-STO-0211
    if (bytes.length > MAX_RECORD_BYTES) {
      throw storeError('object_too_large', {
        class: objectClass,
        sizeBytes: bytes.length,
        limitBytes: MAX_RECORD_BYTES,
      });
    }
    this.#space.add(bytes.length);
    this.reach('put');
    if (!PutBatch.takes(bytes.length)) {
      const key = this.#key;
      writeObjectKey(key, 0, objectClass, id);
      if (this.#putObject(key, bytes, bytes.length)) this.#space.addNew(bytes.length);
      this.#writes.add(key);
      return;
    }
    const batch = this.#openBatch();
    if (!batch.hasRoom(bytes.length)) this.#drain(batch);
    // @spec DML-STO-0201
    batch.add(objectClass, id, bytes);
  }

  /**
   * Puts staged bytes under the key of an object whose id the caller has compared with their hash; they are copied.
   * @internal
   */
  readonly putStaged: TakeStaged = (key, value, sizeBytes) => {
    this.#assertOpen();
    this.#space.add(sizeBytes);
    this.reach('put');
    if (this.#putObject(key, value, sizeBytes)) this.#space.addNew(sizeBytes);
    this.#writes.add(key);
  };

  #openBatch(): PutBatch {
    if (this.#batch === undefined) {
      const batch = PutBatch.take();
      this.#batch = batch;
      // @spec DML-STO-0143
      this.engine.drain = () => this.#drain(batch);
    }
    return this.#batch;
  }

  /** Hands to the engine what waits for it, before anything else looks at the objects. */
  #drain(batch: PutBatch): void {
    const count = batch.count;
    if (count === 0) return;
    try {
      batch.drain(this.#takeStaged);
    } catch (error) {
      // Objects whose ids were handed out already are lost with the batch.
      this.#refusal ??= error;
      throw error;
    }
    // @spec DML-STO-0502
    this.#writes.add(batch.keys(count));
  }

  readonly #takeStaged: TakeStaged = (key, value, sizeBytes) => void this.#putObject(key, value, sizeBytes);

  /** Puts an object where its key is free, and returns whether it was. */
  #putObject(key: Buffer, value: Uint8Array, sizeBytes: number): boolean {
    // @spec DML-STO-0207
    if (this.#putNew(key, value, sizeBytes)) {
      if (this.#hasStubs)
        fillStub(this, key, {
          bytes: value.length === sizeBytes ? value : stagedBytes(value),
          walked: this.walked,
        });
      return true;
    }
    this.#keepOrHeal(key, value.length === sizeBytes ? value : stagedBytes(value));
    return false;
  }

  /**
   * Keys of objects below which nothing is absent without a stub. @internal Those of an import are shared by its transactions,
   * all of which succeed.
   */
  get walked(): ObjectKeySet {
    this.#walked ??= new ObjectKeySet();
    return this.#walked;
  }

  set walked(walked: ObjectKeySet) {
    this.#walked = walked;
  }

  /** True when there may be stubs; looked up once. */
  get #hasStubs(): boolean {
    // @spec DML-STO-0834
    this.#stubs ??= hasAnyStub(this.engine);
    return this.#stubs;
  }

  /** Puts bytes under a key that is free; false when it is known to be taken. */
  #putNew(key: Buffer, value: Uint8Array, sizeBytes: number): boolean {
    const run = this.#newKeyRun;
    try {
      if (run.mustAsk(sizeBytes)) {
        if (!(this.#objects.putSync(key, value, NO_OVERWRITE) as unknown as boolean)) return false;
      } else this.#objects.putSync(key, value);
      this.#hasChanged = true;
      run.noteNew();
      return true;
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  #fail(cause: unknown): Error {
    this.#failure ??= new EngineFailure(cause);
    return this.#failure;
  }

  /** Keeps equal bytes and tombstones under a taken key, and replaces damaged bytes by the right ones. */
  #keepOrHeal(key: Buffer, bytes: Uint8Array): void {
    this.#newKeyRun.end();
    const present = readRow(this.engine, 'objects', key);
    if (present === undefined || present.equals(bytes)) return;
    // @spec DML-STO-0209
    if (isTombstone(key, present)) {
      this.#refusal ??= tombstoneError(key, present);
      return;
    }
    // @spec DML-STO-0208
    this.putRow('objects', Buffer.from(key), bytes);
  }

  /**
   * Notes that a domain withholds an object that the store lacks, in place of what was noted of it before.
   * Returns false for an object that is present, which is then held like one that was put, or excised.
   */
  putStub(stub: StubFacts): boolean {
    this.#assertOpen();
    if (CLASS_BYTES[stub.class] === undefined) throw misuse('object_class');
    const key = objectKey(stub.class, stub.objectId);
    if (key === undefined) throw misuse('object_id');
    // @spec DML-STO-0835 DML-STO-0840
    this.#writes.add(key);
    // @spec DML-STO-0831
    if (hasRow(this.engine, 'objects', key)) return false;
    // What a listing names may come back without this object. @spec DML-STO-0589
    dropListings(this);
    // @spec DML-STO-0832
    this.putRow('stubs', key, encodeStub(key, stub));
    this.#stubs = true;
    return true;
  }

  /** Reads an object as this transaction sees it; see `Store.get`. */
  get(objectClass: ObjectClass, id: ObjectId): Buffer | undefined {
    this.#assertOpen();
    return readObject(this.engine, objectClass, id);
  }

  /** Checks whether the object's own bytes are present; false for a tombstone. */
  has(objectClass: ObjectClass, id: ObjectId): boolean {
    this.#assertOpen();
    const key = objectKey(objectClass, id);
    const row = key && readRow(this.engine, 'objects', key);
    return key !== undefined && row !== undefined && (hashBytes(row) === id || !isTombstone(key, row));
  }

  /** Marks a present object as about to be referenced, so that a running collection keeps it. */
  retain(objectClass: ObjectClass, id: ObjectId): boolean {
    const key = objectKey(objectClass, id);
    // @spec DML-STO-0509
    if (key === undefined || !this.has(objectClass, id)) return false;
    this.#writes.add(key);
    return true;
  }

  /** Reads a ref as this transaction sees it. */
  getRef(name: RefName): Ref | undefined {
    this.#assertOpen();
    return readRef(this.engine, name);
  }

  /**
   * Moves one ref if it stands where the caller expects, and journals it.
   * Throws `ref_target_missing` when the commit or an object it links to directly is not in the store, and
   * `ref_name_invalid` for a new ref whose name breaks a rule.
   */
  updateRef(update: RefUpdate): RefUpdateResult {
    this.#assertOpen();
    return updateRef(this, update);
  }

  /**
   * Puts a reference and makes it the newest one of its name, where the one that it follows is in effect.
   * Throws `ref_target_missing` and `ref_name_invalid` as {@link updateRef} does.
   */
  updateReference(update: ReferenceUpdate): ReferenceUpdateResult {
    this.#assertOpen();
    return updateReference(this, update);
  }

  /** Adds or renews an owner's hold on a present object. */
  putHold(hold: Omit<Hold, 'createdMs'>): void {
    putHold(this, hold);
  }

  /** Removes an owner's hold; false when there was none. */
  deleteHold(objectClass: ObjectClass, objectId: ObjectId, owner: string): boolean {
    return this.deleteRow('pins', holdKey(objectClass, objectId, owner));
  }

  /**
   * Notes in the derived index that an exec answers an execution key, with the name of the remote on which it was found;
   * without one a name that was noted stays.
   */
  putCacheEntry(executionKey: string, execId: string, origin?: string): void {
    const key = cacheKey(executionKey, execId);
    // @spec DML-STO-0548
    if (origin === undefined && hasRow(this.engine, 'cache', key)) return;
    this.putRow('cache', key, cacheValue(origin));
  }

  /** Removes an exec from the derived index. */
  deleteCacheEntry(executionKey: string, execId: string): boolean {
    return this.deleteRow('cache', cacheKey(executionKey, execId));
  }

  /**
   * Writes how far an attempt is, in place of what was known of it; the time of the change is that of the store.
   * Throws `object_missing` when its exec-request is not in the store, and `store_misuse` with `attempt_request` or
   * `attempt_form` when it contradicts the request or is malformed.
   */
  putAttempt(attempt: Omit<Attempt, 'changedMs'>): void {
    putAttempt(this, attempt);
  }

  /** Removes what is known of an attempt; false when nothing was. */
  deleteAttempt(executionUuid: string): boolean {
    return isUuid(executionUuid) && this.deleteRow('attempts', uuidKey(executionUuid));
  }

  /** Writes what is remembered of the files at a place; see `Store.readListing`. */
  putListing(change: ListingChange): void {
    putListing(this, change);
  }

  /** Notes that the listing of a place was of use, so that it goes later than others. */
  renewListing(place: Uint8Array): void {
    renewListing(this, place);
  }

  getMeta(key: MetaKey): MetaValue | undefined {
    this.#assertOpen();
    return readMeta(this.engine, key);
  }

  setMeta(key: MetaKey, value: MetaValue): void {
    if (!isMetaKey(key)) throw misuse('meta_key');
    this.putRow('meta', textKey(key), encodeMeta(key, value));
  }

  /** @internal Passes a named failpoint; what it throws counts as a failure of the engine. */
  reach(name: string): void {
    try {
      this.environment.failpoint?.(name);
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  /** @internal Writes a row's bytes; the bytes are copied by the engine. */
  putRow(table: TableName, key: Uint8Array, value: Uint8Array): void {
    this.#assertOpen();
    this.#space.add(value.length);
    this.#space.addNew(value.length);
    this.reach('put');
    if (table === 'objects' || table === 'excised') this.#endRun();
    try {
      this.engine.tables[table].putSync(key, value);
      this.#hasChanged = true;
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  /** @internal Deletes a row; false when absent. */
  deleteRow(table: TableName, key: Uint8Array): boolean {
    this.#assertOpen();
    this.reach('delete');
    if (table === 'objects') this.#endRun();
    try {
      const isDeleted = this.engine.tables[table].removeSync(key);
      if (isDeleted) this.#hasChanged = true;
      return isDeleted;
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  /** @internal Appends the row of session writes and closes the transaction to its holder. */
  finish(): void {
    this.engine.drain?.();
    // A body that caught the failure must not end with what came before it. @spec DML-STO-0140
    if (this.#failure !== undefined) throw this.#failure;
    // @spec DML-STO-0212
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#writes.put(this, this.#sessionId);
    this.#space.check();
    try {
      this.#space.reserve();
    } catch (cause) {
      throw cause instanceof DmlError ? cause : this.#fail(cause);
    }
    this.#open = false;
  }

  /** Rows of `objects` change otherwise than by a put of an object. */
  #endRun(): void {
    this.engine.drain?.();
    this.#newKeyRun.end();
  }

  /** @internal Refuses further use. */
  invalidate(): void {
    this.#open = false;
    this.engine.drain = undefined;
    this.#batch?.release();
    this.#batch = undefined;
  }

  #assertOpen(): void {
    // @spec DML-STO-0126
    if (!this.#open) throw storeError('store_misuse', { detail: 'transaction_over' });
  }
}

/** Returns the error of an argument that the engine must not see: what it refuses counts as its failure. */
function misuse(detail: string): Error {
  // @spec DML-STO-0139
  return storeError('store_misuse', { detail });
}
