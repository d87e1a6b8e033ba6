import { type ExecId, type NodeId, treeEntries } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestRun, Workspace } from '../../test/workspace.ts';
import type { Callee } from './callee.ts';
import type { RunNode } from './run-node.ts';

let workspace: Workspace;
afterEach(() => workspace.close());

const STEPS = `
import { call, callWith, TemporaryError } from '@daggerml/bindings';
export const double = (n: number): number => n * 2;
export const fail = (n: number): number => { throw new RangeError('no ' + n); };
export const busy = (n: number): number => { throw new TemporaryError('busy ' + n); };
export const die = (n: number): number => { setTimeout(() => { throw 1; }, 0); const at = Date.now() + 60_000; while (Date.now() < at); return n; };
export const twice = async (n: number): Promise<number> => (await call(double, n)) + (await call(double, n + 1));
export const chain = (n: number) => call(double, call(double, n));
export const fib = async (n: number): Promise<number> =>
  n < 2 ? n : (await Promise.all([call(fib, n - 1), call(fib, n - 2)])).reduce((a, b) => a + b, 0);
export const loop = async (n: number): Promise<number> => call(loop, n);
export const deep = async (n: number): Promise<number> => (n === 0 ? 0 : 1 + (await call(deep, n - 1)));
export const caught = async (n: number) => call(fail, n).catch((error: Error) => error.name + ' | ' + error.message);
export const passed = async (n: number) => call(fail, n);
export const hidden = async (n: number) => call(busy, n).catch(() => 'caught');
export const named = async (n: number) => {
  await callWith({ name: 'first' }, double, n);
  return callWith({ name: 'second' }, double, n + 1);
};
export const clash = async (n: number, name: string) => {
  await callWith({ name }, double, n);
  return callWith({ name }, double, n + 1);
};
export const forgotten = async (n: number) => { void call(late, n); return n; };
export const late = async (n: number) => { await new Promise((r) => setTimeout(r, 100)); return n; };
export const own = (f: number) => [f].map(double)[0];
export const alias = async (n: number) => { const c = call; const d = double; return c(d, n); };
export const sum = async (n: number) => {
  const parts = await Promise.all(Array.from({ length: n }, (_, index) => call(double, index)));
  return parts.reduce((a, b) => a + b, 0);
};
`;

/** Each call of a deep recursion has a thread of its own, which takes long to start where all processors are busy. */
const DEEP_MS = 300_000;

async function begin(options: { size?: number } = {}): Promise<TestRun> {
  workspace = await Workspace.create(STEPS, options);
  return workspace.begin();
}

/** The result of a call as its exec records it: names with nodes, and the nodes that have pins. */
function resultOf(run: TestRun, node: RunNode) {
  const { objects } = run.open;
  const exec = run.exec(node);
  const dag = objects.read('dag', exec.resultDagId);
  const names = new Map<string, NodeId>(treeEntries('names', dag.names, objects));
  const pins = new Map<NodeId, ExecId>(treeEntries('pins', exec.pins, objects));
  return { dag, names, pins, rootKind: objects.read('node', dag.rootNodeId).kind };
}

describe('a function that makes calls', () => {
  it('records each of them with its exec, whole and by name [DML-EXE-3401]', async () => {
    const run = await begin();
    const node = run.call('twice', [3]);
    expect(await run.outcome(node)).toBe(14);
    const { names, pins } = resultOf(run, node);
    const calls = [run.call('double', [3]), run.call('double', [4])];
    expect([...names.values()].sort()).toEqual(calls.map(({ nodeId }) => nodeId).sort());
    expect([...pins].sort()).toEqual(calls.map(({ nodeId, execId }) => [nodeId, execId]).sort());
    expect(workspace.dangling(node.execId as ExecId)).toEqual([]);
  });

  it('records also the calls of one that fails', async () => {
    const run = await begin();
    const node = run.call('passed', [3]);
    expect(await run.outcome(node)).toMatchObject({ code: 'function_threw' });
    const { pins } = resultOf(run, node);
    const made = run.call('fail', [3]);
    await run.open.run.settled(made);
    expect([...pins]).toEqual([[made.nodeId, made.execId]]);
  });

  it('is answered as a whole by the next run, and so are its calls', async () => {
    let run = await begin();
    await run.outcome(run.call('fib', [8]));
    expect(run.counts).toEqual({ executed: 9 });
    await workspace.reopen();
    run = workspace.begin();
    expect(await run.outcome(run.call('fib', [10]))).toBe(55);
    // Eight and seven of them were known; nobody asked for the smaller ones.
    expect(run.counts).toEqual({ executed: 2, cached: 2 });
  });

  it('shares a call with others that make it', async () => {
    const run = await begin();
    const nodes = [run.call('twice', [3]), run.call('double', [4]), run.call('twice', [4])];
    expect(await Promise.all(nodes.map((node) => run.outcome(node)))).toEqual([14, 8, 18]);
    expect(run.counts).toEqual({ executed: 5 });
  });

  it('links the functions that its code calls [DML-EXE-3402]', async () => {
    const run = await begin();
    const { objects } = run.open;
    const { calleesDatumId, bundleDatumId } = parseFunctionUri(run.uriOf('twice'));
    const list = objects.read('datum', calleesDatumId as never);
    const members = list.kind === 'list' ? [...treeEntries('list', list.root, objects)] : [];
    const double = run.call('double', [1]).callee?.functionDatumId;
    expect(members).toEqual([bundleDatumId, double]);
    const named = objects.read('datum', run.call('twice', [1]).callee?.functionDatumId as never);
    expect(named).toMatchObject({ attachmentDatumId: calleesDatumId });
    expect(parseFunctionUri(run.uriOf('double')).calleesDatumId).toBeUndefined();
  });

  it('can call itself and what was captured with it, and nothing else [DML-EXE-3403]', async () => {
    const run = await begin();
    expect(await run.outcome(run.call('fib', [7]))).toBe(13);
    const { functionDatumId } = run.call('twice', [1]).callee as Callee;
    const { objects } = run.open;
    const datum = objects.read('datum', functionDatumId);
    const value = datum.kind === 'uri' ? datum.value.replace(/\?.*/, '') : '';
    const cut = objects.put({ type: 'datum', kind: 'uri', value });
    const node = run.open.run.addCall({ functionDatumId: cut, options: {} }, [run.literal(1)]);
    expect(await run.outcome(node)).toMatchObject({
      code: 'function_threw',
      message: expect.stringContaining('none of those that were captured with its caller'),
    });
  });

  it('holds no worker while it waits, whoever else wants what it waits for [DML-EXE-3404]', async () => {
    const run = await begin({ size: 1 });
    const nodes = [
      ...[6, 7, 8].map((n) => run.call('fib', [n])),
      run.call('twice', [2]),
      ...[2, 3].map((n) => run.call('double', [n])),
      run.call('sum', [200]),
    ];
    const values = await Promise.all(nodes.map((node) => run.outcome(node)));
    expect(values).toEqual([8, 13, 21, 10, 4, 6, 39_800]);
  });

  it(
    'ends where it would wait for itself, or goes too deep [DML-EXE-3405]',
    async () => {
      const run = await begin();
      const ends = { code: 'nested_too_deep', class: 'infrastructure' };
      expect(await run.outcome(run.call('loop', [3]))).toMatchObject({
        ...ends,
        message: expect.stringContaining('calls itself with the same inputs'),
      });
      expect(await run.outcome(run.call('deep', [40]))).toMatchObject({
        ...ends,
        message: expect.stringContaining('more than 32 deep'),
      });
      const next = workspace.begin();
      expect(await next.outcome(next.call('deep', [32]))).toBe(32);
    },
    DEEP_MS,
  );

  it('has the call whose promise it returns as its root [DML-EXE-3406]', async () => {
    const run = await begin();
    const [chain, twice] = [run.call('chain', [3]), run.call('twice', [3])];
    expect(await Promise.all([run.outcome(chain), run.outcome(twice)])).toEqual([12, 14]);
    const inner = run.call('double', [3]);
    expect(resultOf(run, chain)).toMatchObject({
      rootKind: 'call',
      dag: { rootNodeId: run.call('double', [inner]).nodeId },
    });
    expect(resultOf(run, twice).rootKind).toBe('literal');
  });

  it('makes an edge of a promise that is an input [DML-EXE-3411]', async () => {
    const run = await begin();
    const chain = run.call('chain', [3]);
    await run.outcome(chain);
    const inner = run.call('double', [3]);
    const { pins } = resultOf(run, chain);
    expect([...pins.keys()].sort()).toEqual([inner.nodeId, run.call('double', [inner]).nodeId].sort());
  });

  it('ends after the calls that it did not wait for [DML-EXE-3407]', async () => {
    const run = await begin();
    const node = run.call('forgotten', [3]);
    expect(await run.outcome(node)).toBe(3);
    expect([...resultOf(run, node).pins.keys()]).toEqual([run.call('late', [3]).nodeId]);
  });

  it('is forced together with its calls [DML-EXE-3408]', async () => {
    const run = await begin();
    await run.outcome(run.call('twice', [3]));
    await run.outcome(run.call('caught', [3]));
    const forced = workspace.begin();
    await forced.outcome(forced.call('twice', [3], { cache: false }));
    expect(forced.counts).toEqual({ executed: 3 });
    const retried = workspace.begin();
    const node = retried.call('passed', [3], { retryFailed: true });
    expect(await retried.outcome(node)).toMatchObject({ code: 'function_threw' });
    expect(retried.counts).toEqual({ failed: 2 });
    expect(workspace.events.filter(({ type }) => type === 'call-started')).toHaveLength(2);
  });

  it('gets the recorded failure of a call thrown, and ends with any other [DML-EXE-3409] [DML-EXE-3412]', async () => {
    const run = await begin();
    expect(await run.outcome(run.call('caught', [3]))).toBe('RangeError | no 3');
    const node = run.call('hidden', [3]);
    expect(await run.outcome(node)).toEqual({
      class: 'infrastructure',
      code: 'temporary_failure',
      message: 'its call of busy failed: TemporaryError: busy 3',
    });
    expect(node.execId).toBeUndefined();
    const starts = workspace.events.filter(
      ({ type, ...event }) => type === 'call-started' && 'name' in event && event.name === 'hidden',
    );
    expect(starts).toHaveLength(1);
  });

  it('gives its calls names that are its own, else those of function and id, and no other [DML-EXE-3410] [DML-EXE-3413]', async () => {
    const run = await begin();
    const [named, twice] = [run.call('named', [3]), run.call('twice', [3])];
    await Promise.all([run.outcome(named), run.outcome(twice)]);
    const [three, four] = [run.call('double', [3]), run.call('double', [4])];
    expect([...resultOf(run, named).names]).toEqual([
      ['first', three.nodeId],
      ['second', four.nodeId],
    ]);
    expect([...resultOf(run, twice).names.keys()].sort()).toEqual(
      [three, four].map(({ nodeId }) => `double-${nodeId.slice(0, 12)}`).sort(),
    );
    for (const [name, message] of [
      ['a', 'Error: two calls have the name "a"'],
      ['root', 'Error: the name "root" is taken by the result'],
    ])
      expect(await run.outcome(run.call('clash', [3, name]))).toMatchObject({ message });
  });

  it('is told what a call takes [DML-BND-1831]', async () => {
    const run = await begin();
    expect(await run.outcome(run.call('alias', [3]))).toMatchObject({
      code: 'function_threw',
      message:
        'TypeError: call() takes the name of an exported function as its first argument, written directly',
    });
  });

  it('comes to its end when the run is cancelled', async () => {
    const run = await begin();
    const node = run.call('forgotten', [3]);
    await expect.poll(() => workspace.eventTypes.filter((type) => type === 'call-started').length).toBe(2);
    run.open.cancel('stopped');
    expect(await run.outcome(node)).toMatchObject({ code: 'cancelled' });
  });
});
