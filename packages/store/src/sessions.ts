import type { Engine } from './engine/engine.ts';
import { readRows, refreshSnapshot } from './engine/reading.ts';
import type { ProcessIdentity, StoreEnvironment } from './environment.ts';
import { unsealJson } from './sealed-row.ts';

/** How long a session nobody can probe counts as alive after its last heartbeat. */
const SESSION_EXPIRY_MS = 24 * 3600 * 1000;

/** How old a session's heartbeat may grow before its next write renews it. */
export const HEARTBEAT_MS = 60_000;

/** A process that writes; its recent objects are roots of garbage collection while it lives. */
export interface SessionRow {
  readonly sessionId: string;
  readonly process: ProcessIdentity;
  /** Recent objects of earlier generations are no longer roots of this session. */
  readonly startGeneration: number;
  readonly startedMs: number;
  readonly heartbeatMs: number;
}

/** Yields the key of a session's row. */
export function sessionKey(sessionId: string): Buffer {
  return Buffer.from(sessionId.replaceAll('-', ''), 'hex');
}

/** Lists every session row, dead ones included, at the newest commit. */
export function listSessions(engine: Engine): SessionRow[] {
  refreshSnapshot(engine);
  return readRows(engine, 'sessions').map((row) => unsealJson<SessionRow>('sessions', row.key, row.value));
}

/** Tells whether the process of a session may still write. */
export function isSessionAlive(session: SessionRow, environment: StoreEnvironment): boolean {
  const mine = environment.process;
  const theirs = session.process;
  if (theirs.pidNamespace === mine.pidNamespace) {
    if (theirs.bootId !== mine.bootId) return false;
    const probe = environment.probe(theirs.pid);
    // @spec DML-STO-0134
    if (probe.state === 'dead') return false;
    // @spec DML-STO-0504
    if (probe.state === 'alive') return probe.startTime === theirs.startTime;
  }
  // @spec DML-STO-0505
  return environment.nowMs() - session.heartbeatMs < SESSION_EXPIRY_MS;
}
