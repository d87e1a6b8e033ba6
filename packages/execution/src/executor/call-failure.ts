import { type ExecutionErrorCode, executionError } from '../errors.ts';
import type { RecordedFailure } from '../nodes/error-dag.ts';
import type { CallFailure, CallOutcome } from './events.ts';
import type { RunNode } from './run-node.ts';

/** Yields the failure of a call whose exec records it. */
export function recordedFailure({ code, message, trace }: RecordedFailure): CallFailure {
  return { class: 'deterministic', code, message, trace };
}

/** Yields how a call ended that has its failure, if any. */
export function outcomeOf(failure: CallFailure | undefined, isAnswered: boolean): CallOutcome {
  switch (failure?.class) {
    case undefined:
      return isAnswered ? 'cached' : 'executed';
    case 'input':
      return 'blocked';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'failed';
  }
}

/** Yields the error that a failed node reports to its Caller. */
export function failureError(node: RunNode): Error {
  const { class: failureClass, code, message, originNodeId, originName, trace } = node.failure as CallFailure;
  return executionError(code as ExecutionErrorCode, {
    message,
    class: failureClass,
    nodeId: node.nodeId,
    name: node.spec?.name ?? node.kind,
    ...(originNodeId !== undefined && { originNodeId }),
    ...(originName !== undefined && { originName }),
    ...(trace.length > 0 && { trace }),
  });
}
