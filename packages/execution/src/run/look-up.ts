import { type DatumId, type ExecId, executionKey, isDmlError } from '@daggerml/object-model';
import { inputsRoot, putFailure } from '@daggerml/repository';
import { evaluateBuiltin } from '../builtins/evaluate.ts';
import type { CacheLookup, KnownOutcome } from '../cache/cache-lookup.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { recordedFailure } from './call-failure.ts';
import type { Callee } from './callee.ts';
import type { CallFailure } from './events.ts';
import type { CallEvent } from './machine.ts';
import { isOutcome, isOutcomeNode, outcomeValueOf } from './outcome-input.ts';
import { computedOf, type RunNode } from './run-node.ts';

/** Objects and caches in which outcomes are looked up and recorded. */
export interface LookUpParts {
  readonly objects: RunObjects;
  readonly cache: CacheLookup;
}

const pinFound: CallEvent = { type: 'pin_found' };
const cachedExecFound: CallEvent = { type: 'cached_exec_found' };
const evaluated: CallEvent = { type: 'evaluated' };
const mustRun: CallEvent = { type: 'must_run' };

/**
 * Returns how a node whose inputs have outcomes comes to its own: from a pin, from the cache, by evaluating a builtin,
 * by a run, or not at all because an input failed. Undefined when that cannot be said before the inputs are kept: a
 * run on values that may be withdrawn is wasted work.
 */
export function lookUp(node: RunNode, parts: LookUpParts): CallEvent | undefined {
  // @spec DML-EXE-0911
  const settles = isOutcomeNode(node);
  const failed = node.inputs.find(({ failure }) => failure && !(settles && isOutcome(failure)));
  if (failed) return blocked(node, failed);
  const isTentative = node.inputs.some((input) => input.isTentative);
  try {
    return decided(node, isTentative, parts);
  } catch (error) {
    // What a tentative input consists of may be gone: keeping the inputs shows it.
    if (!isDmlError(error) || !isTentative) throw error;
    return undefined;
  }
}

function decided(
  node: RunNode,
  isTentative: boolean,
  { objects, cache }: LookUpParts,
): CallEvent | undefined {
  const { functionDatumId, options } = node.callee as Callee;
  const inputDatumIds = isOutcomeNode(node)
    ? node.inputs.map((input) => outcomeValueOf(input, { objects, cache }))
    : node.inputs.map((input) => cache.valueOf(input));
  const inputs = inputsRoot(inputDatumIds, objects);
  // @spec DML-EXE-0401
  // @spec DML-EXE-0402
  const key = executionKey(functionDatumId, inputs);
  node.computed = { functionDatumId, inputs, executionKey: key, foundExecId: undefined };
  // @spec DML-EXE-0709
  const isCached = options.cache !== false;
  const pinned = isCached ? cache.ofScopes(node) : undefined;
  if (pinned?.status === 'ok') return answered(node, pinned, isTentative);
  if (node.kind === 'builtin') return evaluate(node, inputDatumIds, objects);
  const found = isCached ? cache.ofKey(node) : undefined;
  // @spec DML-EXE-3150
  if (pinned && found?.status !== 'ok') return answered(node, pinned, isTentative);
  if (found) return answered(node, found, true);
  return isTentative ? undefined : mustRun;
}

/** Assigns a known outcome to a node; one that no commit holds yet is tentative until it is stored. */
function answered(node: RunNode, outcome: KnownOutcome, isTentative: boolean): CallEvent {
  takeOutcome(node, outcome);
  computedOf(node).foundExecId = outcome.foundExecId;
  return isTentative ? cachedExecFound : pinFound;
}

/** Assigns a known outcome to a node. */
export function takeOutcome(node: RunNode, { execId, valueId, resultDagId, failure }: KnownOutcome): void {
  node.execId = execId;
  node.resultDagId = resultDagId;
  node.valueId = valueId;
  node.failure = failure;
}

/** Copies to a call the outcome of another with its execution key that has just run. */
export function shareOutcome(leader: RunNode, node: RunNode, { objects, cache }: LookUpParts): CallEvent {
  const execId = leader.execId as ExecId;
  const exec = objects.read('exec', execId);
  if (exec.nodeKind === 'call') node.execId = cache.derive(node, execId, exec);
  node.valueId = leader.valueId;
  node.failure = leader.failure;
  return { type: 'outcome_made', status: exec.status };
}

/** Checks whether an outcome that was just made answers a call, which may ask to run whatever is known. */
export function isAnsweredBy({ failure }: RunNode, { callee }: RunNode): boolean {
  return callee?.options.cache !== false && (failure === undefined || callee?.options.retryFailed !== true);
}

/** Makes a node one that nothing is known of. */
export function forgetOutcome(node: RunNode): void {
  node.execId = undefined;
  node.resultDagId = undefined;
  node.valueId = undefined;
  node.failure = undefined;
  node.computed = undefined;
}

function evaluate(node: RunNode, inputDatumIds: readonly DatumId[], objects: RunObjects): CallEvent {
  const outcome = evaluateBuiltin((node.callee as Callee).uri, inputDatumIds, objects);
  const failure = outcome.status === 'error' ? { ...outcome, trace: [] } : undefined;
  // @spec DML-EXE-1006
  const resultDatumId =
    outcome.status === 'ok' ? outcome.datumId : putFailure({ ...outcome, trace: [] }, objects);
  const { functionDatumId, inputs } = computedOf(node);
  // @spec DML-EXE-1005
  node.execId = objects.put({
    type: 'exec',
    nodeKind: 'builtin',
    nodeId: node.nodeId,
    status: outcome.status,
    functionDatumId,
    inputs,
    resultDatumId,
  });
  if (failure) node.failure = recordedFailure(failure);
  else node.valueId = resultDatumId;
  if (node.inputs.some((input) => input.isTentative)) return cachedExecFound;
  // Nobody learns of it before the outcomes that it was made of are kept.
  if (node.inputs.some((input) => input.status === 'pending'))
    return { type: 'outcome_made', status: outcome.status };
  // The same again from the same inputs at any time: it is kept by the commit that pins it.
  return evaluated;
}

function blocked(node: RunNode, input: RunNode): CallEvent {
  const cause = input.failure as CallFailure;
  const code = cause.class === 'cancelled' ? 'cancelled' : 'input_failed';
  node.failure = {
    class: cause.class === 'cancelled' ? 'cancelled' : 'input',
    code,
    message: cause.message,
    trace: [],
    originNodeId: cause.originNodeId ?? input.nodeId,
    originName: cause.originName ?? input.callee?.name ?? input.kind,
    originClass: cause.originClass ?? cause.class,
    originCode: cause.originCode ?? cause.code,
  };
  // @spec DML-EXE-0910
  return { type: 'input_failed', failure: { code, reason: cause.message } };
}
