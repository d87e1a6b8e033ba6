import { FunctionCapture } from '@daggerml/capture';
import type { DagId, DatumId, ExecId, NodeId } from '@daggerml/object-model';
import {
  formatFunctionUri,
  type PinScope,
  parseFunctionUri,
  putFailure,
  putResultDag,
  storedValue,
} from '@daggerml/repository';
import { lowerValue } from '@daggerml/values';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureCall } from '../src/capture-call.ts';
import type { RunObjects } from '../src/objects/run-objects.ts';
import { PLAIN_EXEC } from '../src/run/record-run.ts';
import { Workspace } from './workspace.ts';

let workspace: Workspace;
let objects: RunObjects;

beforeAll(async () => {
  workspace = await Workspace.create('export const one = () => 1;');
  objects = workspace.begin().open.objects;
});
afterAll(() => workspace.close());

const datum = (value: unknown): DatumId => lowerValue(value, objects, '');
const literal = (value: unknown): NodeId =>
  objects.put({ type: 'node', kind: 'literal', datumId: datum(value) });
const call = (...inputs: NodeId[]): NodeId =>
  objects.put({ type: 'node', kind: 'call', functionDatumId: datum('f'), inputs });
const scope = (...pins: [NodeId, ExecId][]): PinScope => ({ getPin: (nodeId) => new Map(pins).get(nodeId) });

function callExec(
  nodeId: NodeId,
  resultDagId: DagId,
  more: { pins?: [NodeId, ExecId][]; status?: 'error' } = {},
): ExecId {
  return objects.put({
    ...PLAIN_EXEC,
    nodeId,
    status: more.status ?? 'ok',
    functionDatumId: datum('f'),
    inputs: [],
    resultDagId,
    pins: more.pins ?? [],
    startedMs: 1,
    finishedMs: 2,
  });
}

describe('storedValue', () => {
  const stored = (nodeId: NodeId, ...pins: [NodeId, ExecId][]): DatumId =>
    storedValue(nodeId, scope(...pins), objects);
  const importOf = (name: string): NodeId => {
    const names = [['a', literal(1)]] as const;
    const dagId = objects.put({ type: 'dag', rootNodeId: literal('root value'), names });
    return objects.put({ type: 'node', kind: 'import', dagId, name });
  };

  it('returns the datum of a literal [DML-EXE-0301]', () => {
    expect(stored(literal('x'))).toBe(datum('x'));
  });

  it('returns the value of the node that an import selects by name [DML-EXE-0302]', () => {
    const inner = call();
    const dagId = objects.put({ type: 'dag', rootNodeId: literal('root value'), names: [['best', inner]] });
    const node = objects.put({ type: 'node', kind: 'import', dagId, name: 'best' });
    const execId = callExec(inner, putResultDag(datum('best value'), objects));
    expect(stored(node, [inner, execId])).toBe(datum('best value'));
  });

  it('selects the root of an imported dag by root [DML-EXE-0303]', () => {
    expect(stored(importOf('root'))).toBe(datum('root value'));
  });

  it('returns the result datum of the exec pinned for a builtin [DML-EXE-0304]', () => {
    const functionDatumId = datum('b');
    const inputs = [literal([1]), literal(2)];
    const nodeId = objects.put({ type: 'node', kind: 'builtin', functionDatumId, inputs });
    const common = { type: 'exec', nodeKind: 'builtin', nodeId, functionDatumId, status: 'ok' } as const;
    const execId = objects.put({ ...common, inputs: [datum(1), datum(2)], resultDatumId: datum([1, 2]) });
    expect(stored(nodeId, [nodeId, execId])).toBe(datum([1, 2]));
  });

  it('returns the value of the root of the result dag of a call [DML-EXE-0305]', () => {
    const node = call(literal(1));
    expect(stored(node, [node, callExec(node, putResultDag(datum({ a: 1 }), objects))])).toBe(
      datum({ a: 1 }),
    );
  });

  it('resolves nodes of a result dag in the pins of its exec alone [DML-EXE-0306]', () => {
    const inner = call(literal('inner'));
    const innerExecId = callExec(inner, putResultDag(datum('from the exec'), objects));
    const otherExecId = callExec(inner, putResultDag(datum('from outside'), objects));
    const resultDagId = objects.put({ type: 'dag', rootNodeId: inner, names: [] });
    const node = call(literal('outer'));
    const execId = callExec(node, resultDagId, { pins: [[inner, innerExecId]] });
    expect(stored(node, [node, execId], [inner, otherExecId])).toBe(datum('from the exec'));
  });

  it('reports a node without a pin as not executed [DML-EXE-0307]', () => {
    const nodeId = call();
    const missing = expect.objectContaining({ code: 'not_executed', fields: { nodeId } });
    expect(() => stored(nodeId)).toThrow(missing);
  });

  it('reports a recorded failure with its code and message [DML-EXE-0308]', () => {
    const node = call(literal('fails'));
    const failure = putFailure({ code: 'function_threw', message: 'no', trace: [] }, objects);
    const execId = callExec(node, putResultDag(failure, objects), { status: 'error' });
    const fields = expect.objectContaining({ failureCode: 'function_threw', message: 'no' });
    const failed = expect.objectContaining({ code: 'call_failed', fields });
    expect(() => stored(node, [node, execId])).toThrow(failed);
  });

  it('reports a name that the imported dag does not have [DML-EXE-0309]', () => {
    expect(() => stored(importOf('b'))).toThrow(expect.objectContaining({ code: 'unknown_name' }));
  });
});

describe('function URIs', () => {
  it('name adapter, bundle and export [DML-EXE-0501]', () => {
    const run = workspace.begin();
    const uri = run.uriOf('one');
    const { bundleDatumId, exportName } = parseFunctionUri(uri);
    expect(uri).toBe(`dml+exec://dml-worker/${bundleDatumId}/one`);
    expect([exportName, run.open.objects.readDatum(bundleDatumId).kind]).toEqual(['one', 'blob']);
    const named = formatFunctionUri({ bundleDatumId, exportName: 'größe$' });
    expect(parseFunctionUri(named).exportName).toBe('größe$');
  });

  it('carry a link to the bundle as their attachment [DML-EXE-0502]', () => {
    const run = workspace.begin();
    const files = { ...run.open.files, objects };
    const { functionDatumId } = captureCall(run.reference('one'), new FunctionCapture(), files);
    const datum = objects.readDatum(functionDatumId);
    const { bundleDatumId } = parseFunctionUri(datum.kind === 'uri' ? datum.value : '');
    expect(datum).toMatchObject({ attachmentDatumId: bundleDatumId });
  });

  it('of an adapter that is not there are refused', () => {
    for (const uri of ['dml+exec://slurm/x?y', 'dml+exec://dml-worker/short/one', 'https://example.org/']) {
      expect(() => parseFunctionUri(uri)).toThrow(expect.objectContaining({ code: 'adapter_unknown' }));
    }
  });
});
