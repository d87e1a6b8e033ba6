import {
  type CommitId,
  type DatumId,
  DmlError,
  type ExecId,
  type ObjectClass,
  type ObjectId,
  type ObjectIds,
  type Records,
} from '@daggerml/object-model';
import { type Engine, markEngineClean } from './engine/engine.ts';
import { closeError, errnoOf, readError } from './engine/engine-error.ts';
import { poisonEngine, releaseEngine } from './engine/held-engines.ts';
import { readKeys, readRow, readRows, refreshSnapshot, renewSnapshot } from './engine/reading.ts';
import { transactOnNewest } from './engine/workarounds/lock-file-txn-id.ts';
import type { StoreEnvironment } from './environment.ts';
import { storeError } from './errors.ts';
import { dropWritesRows } from './gc/prune.ts';
import { findHolders } from './objects/find-holders.ts';
import { findBlobs, type PrefixResult, resolvePrefix } from './objects/find-objects.ts';
import { type RecordClass, readObject, readRecord } from './objects/objects.ts';
import {
  absentError,
  countStubs,
  hasAnyStub,
  hasLeftOut,
  hasWithheld,
  isLeftOut,
  iterateStubs,
  readStub,
  type StubCounts,
  type StubFacts,
} from './objects/stubs.ts';
import { isTombstone } from './objects/tombstone.ts';
import { iterateJournal, type JournalEntry, lastSequence, refsAtSequence } from './refs/journal.ts';
import { asRefName, checkNewRefName, type RefKind, type RefName } from './refs/ref-name.ts';
import {
  type Ref,
  type RefUpdate,
  type RefUpdateResult,
  readRef,
  readReferences,
  readRefs,
  type StoredReference,
} from './refs/refs.ts';
import { Liveness } from './sessions/liveness.ts';
import { dropMarks, Marks } from './sessions/marks.ts';
import {
  dropDeadSessions,
  hasSession,
  newSession,
  putSession,
  type SessionRow,
  sessionKey,
  sortSessions,
} from './sessions/sessions.ts';
import { type Attempt, readAttempt, readAttempts } from './tables/attempts.ts';
import { cacheEntries, cacheOrigins } from './tables/cache-index.ts';
import { decodeJsonRow } from './tables/checksummed-row.ts';
import type { Hold } from './tables/holds.ts';
import { objectKey } from './tables/keyspace.ts';
import { type Listing, readListing, readListingPart } from './tables/listings.ts';
import { type MetaKey, type MetaValue, readMeta } from './tables/meta.ts';
import { EngineFailure, WriteTransaction } from './write-transaction.ts';

/** Source of what was left out of a store: the remotes that have it. */
export interface LeftOutSource {
  /** Puts objects that were left out into the store; rejects where it cannot. */
  bring(objects: readonly StubFacts[]): Promise<void>;
  close(): Promise<void>;
}

/** An open store: content-addressed objects and mutable refs in one file. */
export class Store {
  /** @internal For the store's own features. */
  readonly engine: Engine;
  /** @internal For the store's own features. */
  readonly environment: StoreEnvironment;
  readonly sessionId: string;
  /** True for a store that was opened for reading. */
  readonly isReadOnly: boolean;
  /** Source of what was left out, for reads on demand; none by default. */
  leftOutSource: LeftOutSource | undefined;
  #session: SessionRow | undefined;
  #marks: Marks | undefined;
  /** Number of the newest transaction that is known. */
  #newest = 0;
  #foreignWrites = 0;
  #closed = false;

  constructor(engine: Engine, environment: StoreEnvironment, isReadOnly: boolean) {
    this.engine = engine;
    this.environment = environment;
    this.sessionId = environment.randomUuid();
    this.isReadOnly = isReadOnly;
  }

  get path(): string {
    return this.engine.path;
  }

  /** Marks of this session: what it is about to do, for others to see. */
  get marks(): Marks {
    this.#marks ??= new Marks(this);
    return this.#marks;
  }

  /** Number that grows whenever this session notices that another one has written. */
  get foreignWrites(): number {
    return this.#foreignWrites;
  }

  /**
   * Looks whether other sessions have written since the last transaction or look of this one. Costs two plain reads.
   * @internal
   */
  noticeWrites(): void {
    this.#notice(this.engine.txnId.written());
  }

  #notice(newest: number): void {
    if (newest !== this.#newest) this.#foreignWrites += 1;
    this.#newest = newest;
  }

  /**
   * Runs `body` in one write transaction: all of it is durable when this returns, none of it is visible when
   * it throws. An error of the body undoes the transaction and passes through; an error of the engine also
   * poisons the store of this process (`store_write_failed`, later `store_poisoned`).
   *
   * Blocks the thread while another process is in a transaction, and throws `store_busy` when that lasts a minute.
   * Throws `session_lost` when this store was taken for dead, or its data file was replaced: what it put may be
   * gone, so nothing more is written; close the store and open it again.
   * `label` names the transaction in failpoints.
   */
  transact<Result>(label: string, body: (transaction: WriteTransaction) => Result): Result {
    return this.#transact(label, body, this.environment);
  }

  #transact<Result>(
    label: string,
    body: (transaction: WriteTransaction) => Result,
    waits: StoreEnvironment,
  ): Result {
    this.#assertWritable(label);
    const { engine, environment } = this;
    const session = this.#session === undefined ? newSession(this.sessionId, environment) : undefined;
    const transaction = new WriteTransaction(engine, environment, this.sessionId);
    let bodyError: { readonly error: unknown } | undefined;
    let result: Result;
    let isBegun = false;
    let number = 0;
    engine.writing = label;
    try {
      environment.failpoint?.(`${label}/begin`);
      transactOnNewest(engine, waits, () => {
        isBegun = true;
        number = engine.root.getWriteTxnId();
        this.#notice(number - 1);
        try {
          if (session === undefined) this.#assertSession();
          // @spec DML-STO-0501
          else this.#register(transaction, session);
          result = body(transaction);
          // @spec DML-STO-0124
          if (result instanceof Promise)
            throw storeError('store_misuse', { detail: 'transaction_body_async' });
          // @spec DML-STO-0122
          transaction.finish();
        } catch (error) {
          if (!(error instanceof EngineFailure)) bodyError = { error };
          throw error;
        }
        environment.failpoint?.(`${label}/before-commit`);
      });
    } catch (cause) {
      // @spec DML-STO-0123
      if (bodyError !== undefined) throw bodyError.error;
      // Nothing has been written yet, nor tried to be: the next transaction may succeed. @spec DML-STO-0757
      if (!isBegun && (cause instanceof DmlError || errnoOf(cause) !== undefined))
        throw readError(cause, { path: engine.path, label });
      // @spec DML-STO-0129
      poisonEngine(engine, cause, environment);
      const errno = errnoOf(cause);
      // @spec DML-STO-0127
      throw storeError('store_write_failed', { label, ...(errno !== undefined && { errno }) }, cause);
    } finally {
      engine.writing = undefined;
      transaction.invalidate();
    }
    // The engine gives a number to a transaction that changes something.
    if (transaction.hasChanged) this.#newest = number;
    environment.failpoint?.(`${label}/after-commit`);
    markEngineClean(engine);
    if (session !== undefined) this.#session = session;
    // @spec DML-STO-1500
    return result!;
  }

  #assertWritable(label: string): void {
    this.#assertOpen();
    // @spec DML-STO-0110
    if (this.isReadOnly) throw storeError('store_read_only', { label });
    // @spec DML-STO-0128
    if (this.engine.poison !== undefined) throw storeError('store_poisoned', { label }, this.engine.poison);
    // @spec DML-STO-0125
    if (this.engine.writing !== undefined) throw storeError('store_nested_write', { label });
  }

  #assertOpen(): void {
    // @spec DML-STO-0116
    if (this.#closed) throw storeError('store_closed', { path: this.engine.path });
  }

  /** Refuses to go on when a collection or another writer has taken this session for dead. */
  #assertSession(): void {
    // @spec DML-STO-0536 DML-STO-0539
    if (!hasSession(this.engine, this.sessionId))
      throw storeError('session_lost', { path: this.engine.path, detail: 'taken_for_dead' });
  }

  #register(transaction: WriteTransaction, session: SessionRow): void {
    const { living, dead } = dropDeadSessions(transaction, new Liveness(this.engine, this.environment));
    const livingIds = new Set(living.map(({ sessionId }) => sessionId));
    // @spec DML-STO-0503
    if (dead.length > 0) dropWritesRows(transaction, (row) => !livingIds.has(row.sessionId));
    dropMarks(this.engine.folder, livingIds);
    putSession(transaction, session);
  }

  /**
   * Releases the objects this session put or retained so far; call it once refs keep what must stay.
   */
  checkpoint(): void {
    this.#assertOpen();
    const session = this.#session;
    if (session === undefined) return;
    this.#session = this.transact('checkpoint', (transaction) => {
      // @spec DML-STO-0507
      dropWritesRows(transaction, (row) => row.sessionId === this.sessionId);
      const startGeneration = Number(transaction.getMeta('generation') ?? 0) + 1;
      const next = { ...session, startGeneration };
      putSession(transaction, next);
      return next;
    });
  }

  /** Lists the sessions of processes that still live. */
  liveSessions(): SessionRow[] {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return [...sortSessions(this.engine, new Liveness(this.engine, this.environment)).living];
  }

  /** Reads an object's bytes, checked against its id; undefined when absent. The bytes are the caller's. */
  get(objectClass: ObjectClass, id: ObjectId): Buffer | undefined {
    this.#assertOpen();
    return readObject(this.engine, objectClass, id);
  }

  /** Reads and decodes a record, checked against its id; undefined when absent. Cheaper than `get` and decode. */
  getRecord<Class extends RecordClass>(recordClass: Class, id: ObjectIds[Class]): Records[Class] | undefined {
    this.#assertOpen();
    return readRecord(this.engine, recordClass, id);
  }

  /** Reads an object's bytes like `get`; throws what `missing` returns when absent. */
  read(objectClass: ObjectClass, id: ObjectId): Buffer {
    const bytes = this.get(objectClass, id);
    // @spec DML-STO-0206
    if (bytes === undefined) throw this.missing(objectClass, id);
    return bytes;
  }

  /** Counts the objects that are withheld or left out. O(commits among them). */
  countStubs(): StubCounts {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return countStubs(this.engine);
  }

  /** Iterates over what stands for objects that are withheld or left out, or for those of one class. */
  *iterateStubs(objectClass?: ObjectClass): Generator<StubFacts, void, undefined> {
    this.#assertOpen();
    yield* iterateStubs(this.engine, objectClass);
  }

  /** Checks whether objects of a class were left out. */
  hasLeftOut(objectClass: ObjectClass): boolean {
    this.#assertOpen();
    return hasLeftOut(this.engine, objectClass);
  }

  /** Checks whether a domain withholds objects, other than what was left out. O(objects that were left out). */
  hasWithheld(): boolean {
    this.#assertOpen();
    return hasWithheld(this.engine);
  }

  /** Checks whether the store has objects, whatever reaches them. */
  hasObjects(): boolean {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readKeys(this.engine, 'objects', { limit: 1 }).length > 0;
  }

  /** Checks whether something may have been left out that can be read on demand. */
  get mayBring(): boolean {
    this.#assertOpen();
    return this.leftOutSource !== undefined && hasAnyStub(this.engine);
  }

  /**
   * Brings those of some objects that were left out, from the remotes that have them, so that they can be read. Rejects as
   * the source of this store does, and does nothing without one.
   */
  async bring(objectClass: ObjectClass, ids: readonly ObjectId[]): Promise<void> {
    const source = this.leftOutSource;
    if (source === undefined || !this.mayBring) return;
    const leftOut: StubFacts[] = [];
    for (const id of ids) {
      if (this.has(objectClass, id)) continue;
      const stub = readStub(this.engine, objectClass, id);
      if (stub !== undefined && isLeftOut(stub.domain)) leftOut.push(stub);
    }
    // @spec DML-STO-0854
    if (leftOut.length > 0) await source.bring(leftOut);
  }

  /** Reads which domain withholds an object that is absent, at the newest commit; undefined when none is known to. */
  getStub(objectClass: ObjectClass, id: ObjectId): StubFacts | undefined {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readStub(this.engine, objectClass, id);
  }

  /**
   * Returns the error of an object that should be here: `object_withheld` or `object_missing`, or `session_lost`
   * where that explains it.
   */
  missing(objectClass: ObjectClass, id: ObjectId): DmlError {
    if (this.#session !== undefined && this.engine.writing === undefined) {
      refreshSnapshot(this.engine);
      // @spec DML-STO-0544
      if (!hasSession(this.engine, this.sessionId))
        return storeError('session_lost', { path: this.engine.path, detail: 'taken_for_dead' });
    }
    return absentError(this.engine, objectClass, id);
  }

  /** Checks whether the object's own bytes are present, at the newest commit; false for a tombstone. */
  has(objectClass: ObjectClass, id: ObjectId): boolean {
    this.#assertOpen();
    const key = objectKey(objectClass, id);
    if (key === undefined) return false;
    renewSnapshot(this.engine);
    let row = readRow(this.engine, 'objects', key);
    if (row === undefined) {
      refreshSnapshot(this.engine);
      row = readRow(this.engine, 'objects', key);
    }
    return row !== undefined && !isTombstone(key, row);
  }

  /** Reads one ref at the newest commit; undefined when absent. */
  getRef(name: RefName): Ref | undefined {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readRef(this.engine, asRefName(name));
  }

  /** Reads all refs, or those of one kind, sorted by key, at one commit. */
  readRefs(kind?: RefKind): Ref[] {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readRefs(this.engine, kind);
  }

  /** Returns the newest reference of each name, ended ones too, sorted by name, at one commit. */
  readReferences(): StoredReference[] {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readReferences(this.engine);
  }

  /** Moves one ref in a transaction of its own; see `WriteTransaction.updateRef`. */
  updateRef(update: RefUpdate): RefUpdateResult {
    return this.transact('ref', (transaction) => transaction.updateRef(update));
  }

  /** Returns the sequence of the newest ref update: the version of the store's state. */
  stateVersion(): number {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return lastSequence(this.engine);
  }

  /** Iterates the ref journal after `afterSequence`, oldest first. */
  async *listJournal(afterSequence = 0): AsyncGenerator<JournalEntry> {
    this.#assertOpen();
    yield* iterateJournal(this.engine, afterSequence);
  }

  /** Returns the refs as they were after `sequence`; throws `sequence_unknown` beyond the journal. */
  refsAt(sequence: number): ReadonlyMap<RefName, CommitId> {
    this.#assertOpen();
    return refsAtSequence(this.engine, sequence);
  }

  /** Lists the explicit holds, expired ones included. */
  readHolds(): Hold[] {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readRows(this.engine, 'pins').map((row) => decodeJsonRow<Hold>('pins', row.key, row.value));
  }

  /** Lists the execs the derived index knows for an execution key (64 hex digits). */
  cacheEntries(executionKey: string): ExecId[] {
    this.#assertOpen();
    return cacheEntries(this.engine, executionKey);
  }

  /** Returns the remotes on which the execs that the derived index knows for an execution key were found, by exec. */
  cacheOrigins(executionKey: string): ReadonlyMap<ExecId, string> {
    this.#assertOpen();
    return cacheOrigins(this.engine, executionKey);
  }

  /** Reads how far the attempt with an execution UUID is, at the newest commit; undefined when nothing is known. */
  getAttempt(executionUuid: string): Attempt | undefined {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readAttempt(this.engine, executionUuid);
  }

  /** Reads every attempt, sorted by execution UUID, at one commit. */
  readAttempts(): Attempt[] {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readAttempts(this.engine);
  }

  /**
   * Returns what is remembered of the files at a place, which 32 bytes stand for; undefined when nothing is. What is
   * remembered may be lost at any time, and names datums that may be gone.
   */
  readListing(place: Uint8Array): Listing | undefined {
    this.#assertOpen();
    return readListing(this.engine, place);
  }

  /** Returns a part of a listing, numbered from 0; undefined when it is not there. */
  readListingPart(place: Uint8Array, part: number): Buffer | undefined {
    this.#assertOpen();
    return readListingPart(this.engine, place, part);
  }

  /** Finds the objects whose ids start with `digits` (4 to 64 hex digits), in every class or in one. */
  resolvePrefix(digits: string, objectClass?: ObjectClass): PrefixResult {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return resolvePrefix(this.engine, digits, objectClass);
  }

  /**
   * Returns the blobs whose content hash, as `sha256sum` prints it, starts with `digits` (4 to 64 hex digits), at most
   * 20. O(datums of the store).
   */
  findBlobs(digits: string): DatumId[] {
    this.#assertOpen();
    return findBlobs(this.engine, digits);
  }

  /**
   * Returns some datums, pages or chunks and every datum and page of the store that holds one of them, at any depth.
   * O(datums and pages of the store · depth).
   */
  findHolders(targets: Iterable<ObjectId>, onRows?: (rows: number) => void): ReadonlySet<string> {
    this.#assertOpen();
    return findHolders(this.engine, targets, onRows);
  }

  /** Reads a meta value; undefined means unknown. */
  getMeta(key: MetaKey): MetaValue | undefined {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readMeta(this.engine, key);
  }

  /** Returns the ref new work belongs to, `refs/heads/main` unless set otherwise. */
  head(): RefName {
    // @spec DML-STO-0310
    return asRefName(String(this.getMeta('head') ?? 'refs/heads/main'));
  }

  /** Sets the ref new work belongs to; it need not exist yet. Throws `ref_name_invalid` where it could not be made. */
  setHead(name: RefName): void {
    this.transact('head', (transaction) => {
      // @spec DML-STO-0323
      if (transaction.getRef(asRefName(name)) === undefined) checkNewRefName(name);
      transaction.setMeta('head', name);
    });
  }

  /**
   * Ends the session and lets go of the file. Later calls throw `store_closed`; closing twice is harmless. Rejects
   * with `store_close_failed` when the session could not be ended: what was committed is kept all the same.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#marks?.close();
    try {
      await this.leftOutSource?.close();
    } catch {
      // What it brought is here; nothing else is asked of it.
    }
    try {
      this.#endSession();
    } finally {
      this.#closed = true;
      releaseEngine(this.engine);
    }
  }

  #endSession(): void {
    if (this.#session === undefined || this.engine.poison !== undefined) return;
    try {
      this.#transact(
        'close',
        (transaction) => {
          dropWritesRows(transaction, (row) => row.sessionId === this.sessionId);
          // @spec DML-STO-0508
          transaction.deleteRow('sessions', sessionKey(this.sessionId));
        },
        { ...this.environment, lockWaitMs: CLOSING_WAIT_MS },
      );
    } catch (cause) {
      // The row goes with whoever looks at it after this process has let go. @spec DML-STO-0543
      if (cause instanceof DmlError && ['session_lost', 'store_busy'].includes(cause.code)) return;
      throw closeError(cause, this.engine.path);
    }
  }
}

/** Nobody has to wait for the end of a session: it is dead as soon as the file is closed. */
const CLOSING_WAIT_MS = 1000;
