import type { ExecId, ObjectClass, ObjectId, ObjectIds, Records } from '@daggerml/object-model';
import { type Attempt, readAttempt, readAttempts } from './attempts.ts';
import { cacheEntries } from './cache-index.ts';
import { type Engine, poisonEngine, releaseEngine, stampEngine } from './engine/engine.ts';
import { transactOnNewest } from './engine/newest.ts';
import { readRow, readRows, refreshSnapshot, renewSnapshot } from './engine/reading.ts';
import type { StoreEnvironment } from './environment.ts';
import { storeError } from './errors.ts';
import { dropRecentRows } from './gc/prune.ts';
import { type IndexRefEntry, readIndexRefs } from './index-refs.ts';
import { iterateJournal, type JournalEntry, lastSequence, type RefState, refsAtSequence } from './journal.ts';
import { objectKey } from './keyspace.ts';
import { type Listing, readListing, readListingPart } from './listings.ts';
import { type MetaKey, type MetaValue, readMeta } from './meta.ts';
import { type RecordClass, readObject, readRecord } from './objects.ts';
import type { Pin } from './pins.ts';
import { asRefName, checkNewRefName, type RefKind, type RefName } from './ref-name.ts';
import { type Ref, type RefUpdate, type RefUpdateResult, readRef, readRefs } from './refs.ts';
import { type PrefixResult, type RevisionResult, resolvePrefix, resolveRevision } from './revision.ts';
import { sealJson, unsealJson } from './sealed-row.ts';
import { HEARTBEAT_MS, isSessionAlive, listSessions, type SessionRow, sessionKey } from './sessions.ts';
import { absentError, readStub, type StubFacts } from './stubs.ts';
import { isTombstone } from './tombstone.ts';
import { EngineFailure, SNAPSHOT_INTERVAL, WriteTransaction } from './write-transaction.ts';

/** What a `Store` keeps of the options it was opened with. */
export interface StoreOptions {
  readonly mode: 'read' | 'write';
  readonly snapshotInterval?: number;
}

/** An open store: content-addressed objects and mutable refs in one file. */
export class Store {
  /** @internal For the store's own features. */
  readonly engine: Engine;
  /** @internal For the store's own features. */
  readonly environment: StoreEnvironment;
  readonly sessionId: string;
  readonly #readOnly: boolean;
  readonly #snapshotInterval: number;
  #session: SessionRow | undefined;
  #closed = false;

  constructor(engine: Engine, environment: StoreEnvironment, options: StoreOptions) {
    this.engine = engine;
    this.environment = environment;
    this.sessionId = environment.randomUuid();
    this.#readOnly = options.mode === 'read';
    this.#snapshotInterval = options.snapshotInterval ?? SNAPSHOT_INTERVAL;
  }

  get path(): string {
    return this.engine.path;
  }

  get isReadOnly(): boolean {
    return this.#readOnly;
  }

  /**
   * Runs `body` in one write transaction: all of it is durable when this returns, none of it is visible when
   * it throws. An error of the body undoes the transaction and passes through; an error of the engine also
   * poisons the store of this process (`store_write_failed`, later `store_poisoned`).
   * `label` names the transaction in failpoints.
   */
  transact(label: string, body: (transaction: WriteTransaction) => void): void {
    this.#assertWritable(label);
    const { engine, environment } = this;
    const session = this.#nextSession();
    const transaction = new WriteTransaction({
      engine,
      environment,
      sessionId: this.sessionId,
      snapshotInterval: this.#snapshotInterval,
    });
    let bodyError: { readonly error: unknown } | undefined;
    engine.writing = label;
    try {
      environment.failpoint?.(`${label}/begin`);
      // @spec DML-STO-0121 DML-STO-0122
      transactOnNewest(engine, () => {
        try {
          // @spec DML-STO-0501
          if (session !== undefined) this.#writeSession(transaction, session);
          const result: unknown = body(transaction);
          // @spec DML-STO-0124
          if (result !== undefined) throw storeError('store_misuse', { detail: 'transaction_body_returned' });
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
      // @spec DML-STO-0129
      poisonEngine(engine, cause);
      // @spec DML-STO-0127
      throw storeError('store_write_failed', { label }, cause);
    } finally {
      engine.writing = undefined;
      transaction.invalidate();
    }
    environment.failpoint?.(`${label}/after-commit`);
    stampEngine(engine);
    if (session !== undefined) this.#session = session;
  }

  #assertWritable(label: string): void {
    this.#assertOpen();
    // @spec DML-STO-0110
    if (this.#readOnly) throw storeError('store_read_only', { label });
    // @spec DML-STO-0128
    if (this.engine.poison !== undefined) throw storeError('store_poisoned', { label }, this.engine.poison);
    // @spec DML-STO-0125
    if (this.engine.writing !== undefined) throw storeError('store_nested_write', { label });
  }

  #assertOpen(): void {
    // @spec DML-STO-0116
    if (this.#closed) throw storeError('store_closed', { path: this.engine.path });
  }

  /** Yields the session row to write with the next transaction; undefined while the written one is fresh. */
  #nextSession(): SessionRow | undefined {
    const nowMs = this.environment.nowMs();
    const held = this.#session;
    // @spec DML-STO-0506
    if (held !== undefined)
      return Math.abs(nowMs - held.heartbeatMs) < HEARTBEAT_MS ? undefined : { ...held, heartbeatMs: nowMs };
    return {
      sessionId: this.sessionId,
      process: this.environment.process,
      startGeneration: -1,
      startedMs: nowMs,
      heartbeatMs: nowMs,
    };
  }

  #writeSession(transaction: WriteTransaction, session: SessionRow): void {
    if (this.#session === undefined) this.#sweepDeadSessions(transaction);
    const key = sessionKey(session.sessionId);
    transaction.putRow('sessions', key, sealJson('sessions', key, session));
  }

  #sweepDeadSessions(transaction: WriteTransaction): void {
    const dead = listSessions(this.engine).filter((session) => !isSessionAlive(session, this.environment));
    if (dead.length === 0) return;
    const deadIds = new Set(dead.map((session) => session.sessionId));
    dropRecentRows(transaction, (row) => deadIds.has(row.sessionId));
    // @spec DML-STO-0503
    for (const session of dead) transaction.deleteRow('sessions', sessionKey(session.sessionId));
  }

  /**
   * Gives up this session's hold on objects it put or retained so far; call it once refs keep what must stay.
   */
  checkpoint(): void {
    this.#assertOpen();
    const session = this.#session;
    if (session === undefined) return;
    let next = session;
    this.transact('checkpoint', (transaction) => {
      // @spec DML-STO-0507
      dropRecentRows(transaction, (row) => row.sessionId === this.sessionId);
      const startGeneration = Number(transaction.getMeta('generation') ?? 0) + 1;
      next = { ...session, startGeneration, heartbeatMs: this.environment.nowMs() };
      this.#writeSession(transaction, next);
    });
    this.#session = next;
  }

  /** Lists the sessions of processes that still live. */
  liveSessions(): SessionRow[] {
    this.#assertOpen();
    return listSessions(this.engine).filter((session) => isSessionAlive(session, this.environment));
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

  /** Reads an object's bytes like `get`; throws `object_withheld` or `object_missing` when absent. */
  read(objectClass: ObjectClass, id: ObjectId): Buffer {
    const bytes = this.get(objectClass, id);
    // @spec DML-STO-0206
    if (bytes === undefined) throw absentError(this.engine, objectClass, id);
    return bytes;
  }

  /** Reads which domain withholds an object that is absent, at the newest commit; undefined when none is known to. */
  getStub(objectClass: ObjectClass, id: ObjectId): StubFacts | undefined {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readStub(this.engine, objectClass, id);
  }

  /** Tells whether the object's own bytes are present, at the newest commit; false for a tombstone. */
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

  /** Iterates refs sorted by key. */
  async *listRefs(kind?: RefKind): AsyncGenerator<Ref> {
    yield* this.readRefs(kind);
  }

  /** Moves one ref in a transaction of its own; see `WriteTransaction.updateRef`. */
  updateRef(update: RefUpdate): RefUpdateResult {
    let result: RefUpdateResult = { applied: false, actual: null };
    this.transact('ref', (transaction) => {
      result = transaction.updateRef(update);
    });
    return result;
  }

  /** Yields the sequence of the newest ref update: the version of the store's state. */
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

  /** Rebuilds the refs as they stood after `sequence`; throws `sequence_unknown` beyond the journal. */
  refsAt(sequence: number): RefState {
    this.#assertOpen();
    return refsAtSequence(this.engine, sequence);
  }

  /** Lists the explicit pins, expired ones included. */
  readPins(): Pin[] {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readRows(this.engine, 'pins').map((row) => unsealJson<Pin>('pins', row.key, row.value));
  }

  /** Lists the execs the derived index knows for an execution key (64 hex digits). */
  cacheEntries(executionKey: string): ExecId[] {
    this.#assertOpen();
    return cacheEntries(this.engine, executionKey);
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

  /** Resolves a ref, a head's name, `HEAD` or an abbreviated id, with `~n` behind; see the store's specification. */
  resolve(revision: string): RevisionResult {
    this.#assertOpen();
    return resolveRevision(this.engine, revision);
  }

  /** Lists the IndexRefs with their last moves. */
  readIndexRefs(): IndexRefEntry[] {
    this.#assertOpen();
    return readIndexRefs(this.engine);
  }

  /** Reads a meta value; undefined means unknown. */
  getMeta(key: MetaKey): MetaValue | undefined {
    this.#assertOpen();
    refreshSnapshot(this.engine);
    return readMeta(this.engine, key);
  }

  /** Yields the ref new work belongs to, `refs/heads/main` unless set otherwise. */
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

  /** Ends the session and lets go of the file. Later calls throw `store_closed`; closing twice is harmless. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.#session !== undefined && this.engine.poison === undefined) {
        this.transact('close', (transaction) => {
          dropRecentRows(transaction, (row) => row.sessionId === this.sessionId);
          // @spec DML-STO-0508
          transaction.deleteRow('sessions', sessionKey(this.sessionId));
        });
      }
    } finally {
      this.#closed = true;
      await releaseEngine(this.engine);
    }
  }
}
