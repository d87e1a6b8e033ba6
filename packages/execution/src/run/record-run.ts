import { type DatumId, type ExecId, type TreeChange, treeEdit } from '@daggerml/object-model';
import { putFailure, putResultDag, type RecordedFailure } from '@daggerml/repository';
import type { AdapterAnswer } from '../adapters/port.ts';
import type { CallExec } from '../cache/cache-lookup.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { shortened } from '../worker/function-failure.ts';
import type { CallResult } from '../workers/result-commit.ts';
import type { Attempt } from './attempts.ts';
import { recordedFailure } from './call-failure.ts';
import type { Callee } from './callee.ts';
import type { Receipts } from './receipt.ts';
import { computedOf } from './run-node.ts';

/** Objects and receipts that execs are recorded in. */
export interface RecordParts {
  readonly objects: RunObjects;
  readonly receipts: Receipts;
}

/** Members that the exec of a call has by default. */
export const PLAIN_EXEC = {
  type: 'exec',
  nodeKind: 'call',
  pins: [],
  requestId: null,
  sourceExecId: null,
  receiptDatumId: null,
  detailsDatumId: null,
} as const;

/** Records the result of an attempt as the exec of its node; false when the value is not there. */
export function recordRun(attempt: Attempt, { objects, receipts }: RecordParts): boolean {
  const { node, result, startedMs, finishedMs } = attempt;
  if (!result) return false;
  let datumId: DatumId;
  if (result.outcome === 'ok') {
    datumId = result.datumId;
    // @spec DML-EXE-2331
    if (!objects.hasBytes('datum', datumId)) return false;
    node.valueId = datumId;
  } else {
    const failure = inSources(result.failure, node.callee as Callee);
    datumId = putFailure(failure, objects);
    node.failure = recordedFailure(failure);
  }
  const { resultDagId, pins } = result.result
    ? recordedElsewhere(result, datumId, objects)
    : resultOf(attempt, datumId, objects);
  // @spec DML-EXE-1011
  const { functionDatumId, inputs } = computedOf(node);
  // @spec DML-EXE-1001
  node.execId = objects.put({
    ...PLAIN_EXEC,
    // @spec DML-EXE-1205
    requestId: attempt.request?.requestId ?? null,
    nodeId: node.nodeId,
    // @spec DML-EXE-0901
    status: result.outcome,
    functionDatumId,
    inputs,
    // @spec DML-EXE-0805
    resultDagId,
    // @spec DML-EXE-1003
    pins,
    // @spec DML-EXE-1004
    startedMs,
    finishedMs,
    // @spec DML-EXE-1801
    // @spec DML-EXE-1805
    // @spec DML-EXE-2794
    receiptDatumId: result.result?.receiptDatumId ?? receipts.of(attempt, node.callee?.captured, result.ran),
  }) as ExecId;
  return true;
}

/** Returns the result dag that was made elsewhere; that of a failure gets the failure as it is recorded here. */
function recordedElsewhere(
  { result }: AdapterAnswer & { readonly type: 'done' },
  datumId: DatumId,
  objects: RunObjects,
): Pick<CallExec, 'resultDagId' | 'pins'> {
  const { outcome, resultDagId, pins } = result as CallResult;
  if (outcome === 'ok') return { resultDagId, pins };
  const { names } = objects.read('dag', resultDagId);
  const rootNodeId = objects.put({ type: 'node', kind: 'literal', datumId });
  return { resultDagId: objects.put({ type: 'dag', rootNodeId, names }), pins };
}

/** Stores the result dag of an attempt: its value, and the calls that the function has made, with their execs. */
function resultOf(
  { nested, result }: Attempt,
  datumId: DatumId,
  objects: RunObjects,
): Pick<CallExec, 'resultDagId' | 'pins'> {
  if (!nested) return { resultDagId: putResultDag(datumId, objects), pins: [] };
  const root = result?.outcome === 'ok' ? result.rootRequest : undefined;
  const returned = root === undefined ? undefined : nested.get(root)?.node;
  const rootNodeId =
    returned?.valueId === datumId ? returned.nodeId : objects.put({ type: 'node', kind: 'literal', datumId });
  const names: TreeChange<'names'>[] = [];
  const pins: TreeChange<'pins'>[] = [];
  for (const { name, node } of nested.values()) {
    // A call that did not run because an input failed has no exec.
    if (node.execId === undefined) continue;
    names.push({ set: [name, node.nodeId] });
    pins.push({ set: [node.nodeId, node.execId] });
  }
  // @spec DML-EXE-3401
  const resultDagId = objects.put({
    type: 'dag',
    rootNodeId,
    names: treeEdit('names', [], names, objects),
  });
  return { resultDagId, pins: treeEdit('pins', [], pins, objects) };
}

/** Returns the failure with a trace that speaks of sources instead of the bundle. */
function inSources(failure: RecordedFailure, { captured, isFromRecord }: Callee): RecordedFailure {
  // @spec DML-EXE-3152
  if (isFromRecord) return { ...failure, trace: [] };
  const trace = captured ? captured.traceInSources(failure.trace) : failure.trace;
  return { ...failure, trace: shortened(trace) };
}
