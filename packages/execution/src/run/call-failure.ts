import { DmlError, isDmlError } from '@daggerml/object-model';
import type { RecordedFailure } from '@daggerml/repository';
import type { ExecutionErrorCode } from '../errors.ts';
import { CAUSED_BY, namedError } from '../worker/function-failure.ts';
import type { Attempt } from './attempts.ts';
import type { CallFailure, CallOutcome, EventReporter } from './events.ts';
import { isStoreFailure } from './failure-effect.ts';
import type { AttemptFailure } from './machine.ts';
import { type RunNode, reachableFrom } from './run-node.ts';

/** Returns the failure of a call whose exec records it. */
export function recordedFailure({ code, message, trace }: RecordedFailure): CallFailure {
  return { class: 'deterministic', code, message, trace };
}

/** Returns the failure of a call that has no outcome to record. */
export function unrecordedFailure({ code, detail, reason }: AttemptFailure): CallFailure {
  const failureClass = code === 'cancelled' ? 'cancelled' : 'infrastructure';
  return { class: failureClass, code, ...(detail !== undefined && { detail }), message: reason, trace: [] };
}

/** Returns the failure of every call that is open when an error ends the run. */
export function breakingFailure(error: unknown): CallFailure {
  const code = isDmlError(error) ? error.code : 'integrate_failed';
  const message = isStoreFailure(error) ? 'the store failed' : String(error);
  return { class: 'infrastructure', code, message, trace: [] };
}

/** Reports the end of a call; `attempt` is the one that counted, if any was made. */
export function reportEnd(node: RunNode, attempt: Attempt | undefined, reporter: EventReporter): void {
  const { state, failure, callee } = node;
  const isAnswered = state.name === 'pinned_hit' || (state.name === 'complete' && !attempt?.result);
  if (!reporter.isHeard && failure === undefined) {
    reporter.counts[isAnswered ? 'cached' : 'executed'] += 1;
    return;
  }
  const name = callee?.name ?? node.kind;
  reporter.report({
    type: 'call-finished',
    nodeId: node.nodeId,
    name,
    functionName: callee?.functionName ?? name,
    outcome: outcomeOf(failure, isAnswered),
    fromCache: isAnswered,
    // @spec DML-REM-1236
    ...(isAnswered && node.computed?.origin !== undefined && { origin: node.computed.origin }),
    durationMs: attempt?.result && state.name === 'complete' ? attempt.finishedMs - attempt.startedMs : 0,
    ...(failure && { failure }),
    ...(failure && !isAnswered && hasUnusedRetries(node) && { retriesUnused: true }),
  });
}

/**
 * Checks whether a call whose function threw has retries that do not cover it.
 *
 * @spec DML-EXE-3106
 */
function hasUnusedRetries({ failure, callee }: RunNode): boolean {
  const { retries = 0, retryOn } = callee?.options ?? {};
  return failure?.code === 'function_threw' && retries > 0 && retryOn === undefined;
}

/** Returns the outcome of a call with its failure, if any. */
function outcomeOf(failure: CallFailure | undefined, isAnswered: boolean): CallOutcome {
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

/**
 * Returns the error that a failed node reports to its Caller: the message says which call failed and how, the
 * cause is what the function threw, or the error of the input that failed. Where an error ended the whole run it
 * is that one.
 */
export function failureError(node: RunNode): DmlError<ExecutionErrorCode> {
  if (isDmlError<ExecutionErrorCode>(node.runError)) return node.runError;
  const {
    class: failureClass,
    code,
    detail,
    message,
    originNodeId,
    originName,
    trace,
  } = node.failure as CallFailure;
  const origin = failureClass === 'input' ? originOf(node) : undefined;
  const originError = origin && failureError(origin);
  const functionName = node.callee?.functionName;
  return new DmlError<ExecutionErrorCode>({
    code: code as ExecutionErrorCode,
    detail,
    message: originError
      ? `${titleOf(node)} did not run, because an input failed: ${originError.message}`
      : `${titleOf(node)} failed: ${message}`,
    fields: {
      message,
      class: failureClass,
      nodeId: node.nodeId,
      name: node.callee?.name ?? node.kind,
      ...(functionName !== undefined && { functionName }),
      ...(originNodeId !== undefined && { originNodeId }),
      ...(originName !== undefined && { originName }),
      ...(trace.length > 0 && { trace }),
    },
    // @spec DML-BND-0508
    cause: originError ?? (failureClass === 'deterministic' ? thrownError(code, message, trace) : undefined),
  });
}

/** Names a node to a person: its function, its label where it has one, and the start of its id. */
function titleOf(node: RunNode): string {
  const name = node.callee?.name ?? node.kind;
  const functionName = node.callee?.functionName;
  const id = `node ${node.nodeId.slice(0, 12)}`;
  if (functionName === undefined) return `${name} (${id})`;
  // @spec DML-BND-0506
  return functionName === name ? `${name}() (${id})` : `${functionName}() "${name}" (${id})`;
}

/** Returns the failed node that a blocked one depends on. */
function originOf(node: RunNode): RunNode | undefined {
  const originNodeId = node.failure?.originNodeId;
  return reachableFrom([node]).find(({ nodeId }) => nodeId === originNodeId);
}

/** Creates the error that a function threw from its record: name, message, causes and the positions in its bundle. */
function thrownError(code: string, recorded: string, trace: readonly string[]): Error | undefined {
  if (code !== 'function_threw') return undefined;
  const [text = '', ...causes] = recorded.split(CAUSED_BY);
  const cause = causes.length === 0 ? undefined : thrownError(code, causes.join(CAUSED_BY), []);
  const error = namedError(text, cause && { cause });
  // @spec DML-BND-0507
  error.stack = [text, ...trace.map((line) => `    ${line}`)].join('\n');
  return error;
}
