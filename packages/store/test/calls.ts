import {
  type CallExec,
  type CallNode,
  type DagId,
  type DatumId,
  type ExecId,
  type ExecRequestId,
  type ExecRequestRecord,
  executionKey,
  type NodeId,
} from '@daggerml/object-model';
import { type ObjectSink, putDag, putLiteral, putRecord, putText } from './records.ts';

/** A call of two texts with its exec; what is left out of `changes` is as it should be. */
export interface CallParts {
  readonly node?: Partial<CallNode>;
  readonly exec?: Partial<CallExec>;
}

/** The objects of a call. */
export interface PutCallResult {
  readonly nodeId: NodeId;
  readonly execId: ExecId;
  readonly exec: CallExec;
  readonly dagId: DagId;
}

/** Puts a call, the dag that it came to, its exec, and a dag with the call as its root. */
export function putWholeCall(sink: ObjectSink, text: string, parts: CallParts = {}): PutCallResult {
  const functionDatumId = putFunction(sink, 'x:function');
  const values = ['left', 'right'].map((side) => putText(sink, `${side} of ${text}`));
  const nodeId: NodeId = putRecord(sink, {
    type: 'node',
    kind: 'call',
    functionDatumId,
    inputs: values.map((datumId) => putLiteral(sink, datumId)),
    ...parts.node,
  });
  const exec: CallExec = {
    type: 'exec',
    nodeKind: 'call',
    nodeId,
    functionDatumId,
    inputs: values,
    status: 'ok',
    resultDagId: putDag(sink, putLiteral(sink, putText(sink, `result of ${text}`))),
    pins: [],
    requestId: null,
    sourceExecId: null,
    startedMs: null,
    finishedMs: null,
    receiptDatumId: null,
    detailsDatumId: null,
    ...parts.exec,
  };
  return { nodeId, exec, execId: putRecord(sink, exec), dagId: putDag(sink, nodeId) };
}

/** Puts the URI that names a function. */
export function putFunction(sink: ObjectSink, value: string): DatumId {
  return putRecord(sink, { type: 'datum', kind: 'uri', value });
}

/** Puts the exec-request of a call. */
export function putRequestOf(
  sink: ObjectSink,
  exec: Pick<CallExec, 'nodeId' | 'functionDatumId' | 'inputs'>,
  changes: Partial<ExecRequestRecord> = {},
): ExecRequestId {
  return putRecord(sink, {
    type: 'exec-request',
    nodeId: exec.nodeId,
    executionKey: executionKey(exec.functionDatumId, exec.inputs),
    executionUuid: '00000000-0000-4000-8000-000000000001',
    cache: true,
    retryFailed: false,
    needsDatumId: null,
    snapshotCommitId: null,
    remoteUri: null,
    createdMs: 1,
    detailsDatumId: null,
    ...changes,
  });
}
