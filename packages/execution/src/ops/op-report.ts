import type { CommitId, DagId } from '@daggerml/object-model';
import type { Phase } from './op-definition.ts';
import type { PhaseCall, TargetFailure } from './target-run.ts';

/** State of a target; a run that has ended has only the first three. */
export type TargetState = 'OK' | 'FAILED' | 'CANCELLED' | 'RUNNING' | 'INTERRUPTED' | 'PENDING';

/** State of the ops on one target. */
export interface TargetReport {
  readonly state: TargetState;
  /** The op, phase and execution that failed, run, or would be next; absent for a target that is `OK`. */
  readonly op?: string;
  readonly phase?: Phase;
  readonly attempt?: number;
  readonly reason?: string;
  /** True when the effect may have happened although the op has not succeeded. */
  readonly doubtful?: true;
}

export type OpOutcome = 'COMPLETE' | 'PARTIAL' | 'FAILED' | 'CANCELLED';

/** State of a run of ops; `outcome` is there once it has ended. */
export interface OpReport {
  readonly run: string;
  readonly name: string;
  readonly ops: readonly string[];
  readonly outcome?: OpOutcome;
  /** True while a living process carries the run out. */
  readonly isActive: boolean;
  /** True for a dry run, of which nothing is kept. */
  readonly isDry?: true;
  readonly targets: ReadonlyMap<string, TargetReport>;
  readonly commitId?: CommitId;
  readonly dagId?: DagId;
}

/**
 * Returns the outcome of a run whose targets are at their end.
 *
 * @spec DML-EXE-1905
 */
export function outcomeOf(targets: Iterable<Pick<TargetReport, 'state'>>): OpOutcome {
  const found = new Set(Array.from(targets, ({ state }) => state));
  if (found.has('CANCELLED')) return 'CANCELLED';
  if (!found.has('FAILED')) return 'COMPLETE';
  return found.has('OK') ? 'PARTIAL' : 'FAILED';
}

/** Longest reason that a report holds, in characters. */
const MAX_REASON = 2000;

/** Returns the report of a target whose ops are over. */
export function endOf(failure: TargetFailure | undefined): TargetReport {
  if (!failure) return { state: 'OK' };
  const { op, phase, attempt, reason, isDoubtful } = failure;
  const text = reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)} …` : reason;
  return { state: 'FAILED', op, phase, attempt, reason: text, ...(isDoubtful && { doubtful: true }) };
}

/** Returns the report of a target that did not come to its end. */
export function stopAt(
  state: TargetState,
  { op, phase, attempt }: PhaseCall,
  isDoubtful = false,
): TargetReport {
  return { state, op: op.name, phase, attempt, ...(isDoubtful && { doubtful: true }) };
}
