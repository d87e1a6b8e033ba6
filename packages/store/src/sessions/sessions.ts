import type { Engine } from '../engine/engine.ts';
import { hasRow, readRows } from '../engine/reading.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';
import { decodeJsonRow, encodeJsonRow } from '../tables/checksummed-row.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { Liveness } from './liveness.ts';

/** A process that writes; the objects it puts are roots of garbage collection while it lives. */
export interface SessionRow {
  readonly sessionId: string;
  readonly process: ProcessIdentity;
  /** Session writes of earlier generations are no longer roots of this session. */
  readonly startGeneration: number;
}

/** Returns the key of a session's row. */
export function sessionKey(sessionId: string): Buffer {
  return Buffer.from(sessionId.replaceAll('-', ''), 'hex');
}

/** Returns the row of a session that begins to write. */
export function newSession(sessionId: string, environment: StoreEnvironment): SessionRow {
  return { sessionId, process: environment.process, startGeneration: -1 };
}

/** Writes the row of a session. */
export function putSession(transaction: WriteTransaction, session: SessionRow): void {
  const key = sessionKey(session.sessionId);
  transaction.putRow('sessions', key, encodeJsonRow('sessions', key, session));
}

/** Lists every session row as a transaction or snapshot sees it, those of dead processes included. */
export function readSessions(engine: Engine): SessionRow[] {
  return readRows(engine, 'sessions').map(({ key, value }) => decodeSession(key, value));
}

/** Reads the row of a session. */
export function decodeSession(key: Uint8Array, value: Uint8Array): SessionRow {
  return decodeJsonRow<SessionRow>('sessions', key, value);
}

/** Checks whether the row of a session is there; who has taken the session for dead has deleted it. */
export function hasSession(engine: Engine, sessionId: string): boolean {
  return hasRow(engine, 'sessions', sessionKey(sessionId));
}

/** Sessions as one transaction or snapshot sees them. */
export interface SortedSessions {
  readonly living: readonly SessionRow[];
  readonly dead: readonly SessionRow[];
}

/** Sorts the sessions by whether their process lives; changes nothing. */
export function sortSessions(engine: Engine, liveness: Liveness): SortedSessions {
  const living: SessionRow[] = [];
  const dead: SessionRow[] = [];
  for (const session of readSessions(engine))
    (liveness.isAlive(session.process) ? living : dead).push(session);
  return { living, dead };
}

/**
 * Sorts the sessions and deletes the rows of the dead ones: a session that was taken for dead, for whatever
 * reason, is refused in its next transaction, since what it put may be gone.
 */
export function dropDeadSessions(transaction: WriteTransaction, liveness: Liveness): SortedSessions {
  const sorted = sortSessions(transaction.engine, liveness);
  // @spec DML-STO-0535
  for (const { sessionId } of sorted.dead) transaction.deleteRow('sessions', sessionKey(sessionId));
  return sorted;
}
