import type { NodeId } from '@daggerml/object-model';

/** A call of a run that failed. */
export interface FailedCall {
  readonly nodeId: NodeId;
  /** False where the call was lost: then the store has neither its failure nor its node. */
  readonly isRecorded: boolean;
  /** The call with its small inputs, as its author would write it. */
  readonly call: string;
  readonly inputs: readonly string[];
  readonly code: string;
  readonly message: string;
  readonly trace: readonly string[];
}

const callsOfErrors = new WeakMap<object, readonly FailedCall[]>();

/** Notes which calls of its run had failed when an error ended it; returns the error. */
export function withFailedCalls(error: unknown, calls: readonly FailedCall[]): unknown {
  if (typeof error === 'object' && error !== null && calls.length > 0) callsOfErrors.set(error, calls);
  return error;
}

/** Lists the failed calls of the run that an error ended. */
export function failedCallsOf(error: unknown): readonly FailedCall[] {
  return (typeof error === 'object' && error !== null && callsOfErrors.get(error)) || [];
}
