import type { Engine } from '../engine/engine.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { isThisProcess, Liveness, namesOf } from '../sessions/liveness.ts';
import { readMeta } from '../tables/meta.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** The collection that is under way, as the store records it. */
export interface GcState {
  readonly runId: string;
  readonly process: ProcessIdentity;
}

const IDLE = '';

/** Collections of this process that have not ended, by their runs. */
const running = new Set<string>();

/** Reads the collection under way at the current snapshot, dead or alive; undefined when none is. */
function readGcState(engine: Engine): GcState | undefined {
  const value = readMeta(engine, 'gc');
  return value === undefined || value === IDLE ? undefined : (JSON.parse(String(value)) as GcState);
}

/**
 * Returns the collection that lives, undefined when there is none or its process is gone.
 * While one lives nobody drops rows of session writes: it may not have seen them yet.
 */
export function liveGc(engine: Engine, environment: StoreEnvironment): GcState | undefined {
  const state = readGcState(engine);
  if (state === undefined || hasEnded(state, environment)) return undefined;
  // @spec DML-STO-0732
  return new Liveness(engine, environment).isAlive(state.process) ? state : undefined;
}

/** Checks whether a collection of this very process is over, though it could not give up its claim. */
function hasEnded({ process, runId }: GcState, environment: StoreEnvironment): boolean {
  return isThisProcess(process, environment) && !running.has(runId);
}

/**
 * Claims the store for one collection; throws `gc_refused` while another one lives.
 * What a dead collection left behind needs no repair, since every state of a sweep is a whole store.
 */
export function claimGc(transaction: WriteTransaction, runId: string): GcState {
  const { engine, environment } = transaction;
  const other = liveGc(engine, environment);
  // @spec DML-STO-0731
  if (other !== undefined) {
    const { pid, namespace } = namesOf(other.process, environment);
    throw storeError('gc_refused', { detail: 'already_running', pid, ...(namespace && { namespace }) });
  }
  const state: GcState = { runId, process: environment.process };
  transaction.setMeta('gc', JSON.stringify(state));
  running.add(runId);
  return state;
}

/** Notes that a collection is over, whether it could give up its claim or not. */
export function endRun({ runId }: GcState): void {
  running.delete(runId);
}

/** Keeps the claim in a step that deletes; throws `gc_refused` when another collection took over. */
export function holdClaim(transaction: WriteTransaction, state: GcState): void {
  // @spec DML-STO-0540
  if (readGcState(transaction.engine)?.runId !== state.runId)
    throw storeError('gc_refused', { detail: 'claim_lost' });
}

/** Releases the claim; a claim that another collection took over is left alone. */
export function releaseGc(transaction: WriteTransaction, state: GcState): void {
  if (readGcState(transaction.engine)?.runId === state.runId) transaction.setMeta('gc', IDLE);
}
