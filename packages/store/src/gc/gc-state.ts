import type { Engine } from '../engine/engine.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { readMeta } from '../meta.ts';
import { isSessionAlive } from '../sessions.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** The collection that is under way, as the store records it. */
export interface GcState {
  readonly phase: 'marking' | 'sweeping';
  readonly runId: string;
  readonly process: ProcessIdentity;
  readonly startedMs: number;
  /** Renewed by every slice of the sweep. */
  readonly heartbeatMs: number;
}

const IDLE = '';

/** Reads the collection under way at the current snapshot, dead or alive; undefined when none is. */
function readGcState(engine: Engine): GcState | undefined {
  const value = readMeta(engine, 'gc');
  return value === undefined || value === IDLE ? undefined : (JSON.parse(String(value)) as GcState);
}

/** Tells whether the process of a collection may still sweep. */
function isGcAlive(state: GcState, environment: StoreEnvironment): boolean {
  return isSessionAlive({ ...state, sessionId: state.runId, startGeneration: 0 }, environment);
}

/**
 * Yields the collection that lives, undefined when there is none or its process is gone.
 * While one lives nobody drops rows of recent objects: it may not have seen them yet.
 */
export function liveGc(engine: Engine, environment: StoreEnvironment): GcState | undefined {
  const state = readGcState(engine);
  // @spec DML-STO-0732
  return state !== undefined && isGcAlive(state, environment) ? state : undefined;
}

/**
 * Claims the store for one collection; throws `gc_refused` while another one lives.
 * What a dead collection left behind needs no repair, since every state of a sweep is a whole store.
 */
export function claimGc(transaction: WriteTransaction, runId: string): GcState {
  const { engine, environment } = transaction;
  const other = liveGc(engine, environment);
  // @spec DML-STO-0731
  if (other !== undefined)
    throw storeError('gc_refused', { detail: 'already_running', pid: other.process.pid });
  const nowMs = environment.nowMs();
  const state: GcState = {
    phase: 'marking',
    runId,
    process: environment.process,
    startedMs: nowMs,
    heartbeatMs: nowMs,
  };
  transaction.setMeta('gc', JSON.stringify(state));
  return state;
}

/** Renews the claim within a slice; throws `gc_refused` when another collection took over. */
export function renewGc(transaction: WriteTransaction, state: GcState, phase: GcState['phase']): void {
  assertClaim(transaction, state);
  const heartbeatMs = transaction.environment.nowMs();
  if (heartbeatMs === state.heartbeatMs && phase === state.phase) return;
  transaction.setMeta('gc', JSON.stringify({ ...state, phase, heartbeatMs }));
}

/** Gives the claim up; a claim that another collection took over is left alone. */
export function releaseGc(transaction: WriteTransaction, state: GcState): void {
  if (readGcState(transaction.engine)?.runId === state.runId) transaction.setMeta('gc', IDLE);
}

function assertClaim(transaction: WriteTransaction, state: GcState): void {
  const present = readGcState(transaction.engine);
  if (present?.runId !== state.runId) throw storeError('gc_refused', { detail: 'claim_lost' });
}
