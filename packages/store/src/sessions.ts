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

/** Tells whether a process runs; undefined for one that cannot be looked at. */
function isProcessAlive(
  { pid, startTime, bootId, pidNamespace }: ProcessIdentity,
  environment: StoreEnvironment,
): boolean | undefined {
  const mine = environment.process;
  if (pidNamespace !== mine.pidNamespace) return undefined;
  if (bootId !== mine.bootId) return false;
  const probe = environment.probe(pid);
  // @spec DML-STO-0134
  if (probe.state === 'dead') return false;
  // @spec DML-STO-0504
  return probe.state === 'alive' ? probe.startTime === startTime : undefined;
}

/** Checks whether a process is known to have ended; one that cannot be looked at is not. */
export function isKnownDead(identity: ProcessIdentity, environment: StoreEnvironment): boolean {
  return isProcessAlive(identity, environment) === false;
}

/** Tells whether the process of a session may still write. */
export function isSessionAlive(session: SessionRow, environment: StoreEnvironment): boolean {
  const known = isProcessAlive(session.process, environment);
  if (known !== undefined) return known;
  // A clock that was set back makes heartbeats of the future. @spec DML-STO-0505 DML-STO-0510
  return Math.abs(environment.nowMs() - session.heartbeatMs) < SESSION_EXPIRY_MS;
}
