import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CallExec,
  type CommitId,
  type DagId,
  executionKey,
  treeEdit,
  treeEntries,
} from '@daggerml/object-model';
import { storedValue, treeScope } from '@daggerml/repository';
import { applyExcision, planExcision } from '@daggerml/store';
import { liftDatum } from '@daggerml/values';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keyOf, type TestRun, Workspace } from '../../test/workspace.ts';
import type { RunNode } from './run-node.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const steps = `
import { existsSync } from 'node:fs';
import { blob, type BlobHandle } from '@daggerml/bindings';
export const add = (a: number, b: number): number => a + b;
export const half = (a: number): number => Math.floor(a / 2);
export const pair = (...inputs: unknown[]): unknown => inputs;
export const fail = (a: number): number => { throw new RangeError('no ' + a); };
export const strange = () => ({ model: { predict: () => 1 } });
export const random = (_seed: number): number => Math.random();
export const count = (length: number) => Array.from({ length }, (_, index) => index + 0.5);
export const held = async (gate: string, value: number): Promise<number> => {
  while (!existsSync(gate)) await new Promise((r) => setTimeout(r, 2));
  return value;
};
`;

let workspace: Workspace;

/** A path that a call of `held` waits for, and what lets it go on. */
function gateAt(name: string): { path: string; open(): void } {
  const path = join(workspace.folder, name);
  return { path, open: () => writeFileSync(path, '') };
}

beforeAll(async () => {
  workspace = await Workspace.create(steps);
});
afterAll(() => workspace.close());

/** Makes a commit like the one that a run staged, in which a call has another result. */
function withResult(run: TestRun, node: RunNode, resultDagId: DagId): CommitId {
  const { objects } = run.open;
  const outcomeId = objects.put({ ...run.exec(node), resultDagId });
  const pins = treeEdit('pins', run.staged.pins, [{ set: [node.nodeId, outcomeId] }], objects);
  const commitId = objects.put({ ...run.staged, pins });
  objects.writeAll();
  return commitId;
}

describe('Run', () => {
  it('runs calls when their inputs have values, and gives them in order [DML-EXE-0803]', async () => {
    const run = workspace.begin();
    const sum = run.call('add', [3001, 2]);
    const total = run.call('pair', [sum, run.call('half', [sum]), 'x']);
    expect(await run.outcome(total)).toEqual([3003, 1501, 'x']);
    expect(run.counts).toEqual({ executed: 3 });
  });

  it('makes the returned value the root of the result dag [DML-EXE-0805]', async () => {
    const run = workspace.begin();
    const node = run.call('pair', [[1, { a: null }]]);
    await run.outcome(node);
    const { objects } = run.open;
    const { rootNodeId } = objects.read('dag', run.exec(node).resultDagId);
    const datumId = run.open.run.valueOf(node);
    expect(objects.read('node', rootNodeId)).toMatchObject({ kind: 'literal', datumId });
  });

  it('makes the exec reachable from the IndexRef before the Caller learns of it [DML-EXE-0606]', async () => {
    const run = workspace.begin({ workName: 'reachable' });
    const node = run.call('add', [10, 20]);
    const waiting = run.open.run.settled(node);
    expect(node.status).toBe('pending');
    await waiting;
    expect(run.pinOf(node)).toBe(node.execId);
  });

  it('writes no exec while a call is pending [DML-EXE-0604]', async () => {
    const run = workspace.begin({ workName: 'pending' });
    const gate = gateAt('pending');
    const node = run.call('held', [gate.path, 1]);
    await run.outcome(run.call('add', [100, 1]));
    expect(node.status).toBe('pending');
    expect(workspace.store.cacheEntries(keyOf(node))).toEqual([]);
    gate.open();
    await run.outcome(node);
    expect(workspace.store.cacheEntries(keyOf(node))).toEqual([node.execId]);
  });

  it('stores every object of a result with or before the pin that names it [DML-EXE-0605]', async () => {
    const run = workspace.begin();
    const node = run.call('pair', [Array.from({ length: 2000 }, (_, index) => `item ${index}`)]);
    await run.open.run.settled(node);
    expect(run.exec(node).status).toBe('ok');
    expect(workspace.dangling(node.execId!)).toEqual([]);
  });

  it('knows a call under the key of its function and the values of its inputs [DML-EXE-0401]', async () => {
    const run = workspace.begin();
    const literals = [703, 705].map((value) => run.literal(value));
    const sum = run.call('add', literals);
    const union = run.builtin('dml://list/construct', [sum, ...literals]);
    await Promise.all([run.outcome(sum), run.outcome(union)]);
    for (const node of [sum, union]) {
      const values = node.inputs.map((input) => run.open.run.valueOf(input));
      const key = executionKey(node.callee!.functionDatumId, values);
      expect(workspace.store.cacheEntries(key)).toEqual([node.execId]);
    }
  });

  it('names function and input values in the exec, in order, of any number [DML-EXE-1011]', async () => {
    const run = workspace.begin();
    const sum = run.call('add', [1, 2]);
    const few = run.call('pair', [sum, 9, run.literal(3), 9]);
    const many = run.call(
      'pair',
      Array.from({ length: 600 }, (_, index) => index % 7),
    );
    const built = run.builtin('dml://list/construct', [run.literal(2), run.literal(1), run.literal(2)]);
    for (const node of [sum, few, many, built]) {
      await run.outcome(node);
      const { functionDatumId, inputs } = run.exec(node);
      const values = [...treeEntries('values', inputs, run.open.objects)];
      expect(functionDatumId).toBe(node.callee!.functionDatumId);
      expect(values).toEqual(node.inputs.map((input) => run.open.run.valueOf(input)));
    }
    const given = [...treeEntries('values', run.exec(few).inputs, run.open.objects)];
    expect(given.map((datumId) => liftDatum(run.open.objects, datumId))).toEqual([3, 9, 3, 9]);
    expect(typeof run.exec(many).inputs).toBe('string');
  });

  it('takes no exec of other values or another function, whatever the index says [DML-EXE-0723]', async () => {
    const run = workspace.begin();
    const others = [run.call('add', [900, 1]), run.call('pair', [900, 2])];
    for (const other of others) await run.outcome(other);
    const values = [900, 2].map((value) => run.open.run.valueOf(run.literal(value)));
    const key = executionKey(others[0]!.callee!.functionDatumId, values);
    const next = workspace.begin({ workName: 'lying index' });
    workspace.store.transact('lie', (transaction) => {
      for (const { execId } of others) transaction.putCacheEntry(key, execId!);
    });
    expect(await next.outcome(next.call('add', [900, 2]))).toBe(902);
    expect(next.counts).toEqual({ executed: 1 });
  });

  it('gives calls with equal input values one execution key, whatever the nodes [DML-EXE-0402]', async () => {
    const run = workspace.begin();
    const computed = run.call('half', [run.call('add', [3, 5])]);
    const direct = run.call('half', [8]);
    await Promise.all([run.outcome(computed), run.outcome(direct)]);
    expect(computed.nodeId).not.toBe(direct.nodeId);
    const known = workspace.store.cacheEntries(keyOf(direct));
    expect(new Set(known)).toEqual(new Set([computed.execId, direct.execId]));
  });

  it('keeps the details of an exec that answers another node [DML-OBJ-0901]', async () => {
    const run = workspace.begin({ workName: 'with details' });
    const seed = run.call('add', [301, 1]);
    const node = run.call('random', [302]);
    await Promise.all([run.outcome(seed), run.outcome(node)]);
    const { objects } = run.open;
    const detailsDatumId = run.literal({ schema: 1, note: 'of a later version' }).valueId!;
    const detailed = objects.put({ ...run.exec(node), detailsDatumId });
    objects.writeAll();
    const next = workspace.begin({ workName: 'derived' });
    workspace.store.transact('index', (transaction) => {
      transaction.deleteCacheEntry(keyOf(node), node.execId!);
      transaction.putCacheEntry(keyOf(node), detailed);
    });
    const other = next.call('random', [next.call('add', [301, 1])]);
    await next.outcome(other);
    expect(other.nodeId).not.toBe(node.nodeId);
    expect(next.exec(other)).toMatchObject({ sourceExecId: detailed, detailsDatumId });
  });

  it('answers a call of another node by an exec that names its source, without times [DML-EXE-0704] [DML-EXE-0705]', async () => {
    const run = workspace.begin();
    const found = run.call('add', [40, 2]);
    await run.outcome(found);
    const derived = run.call('add', [run.call('add', [20, 20]), 2]);
    expect(await run.outcome(derived)).toBe(42);
    const { resultDagId } = run.exec(found);
    const source = { sourceExecId: found.execId, startedMs: null, finishedMs: null };
    expect(run.exec(derived)).toMatchObject({ nodeId: derived.nodeId, resultDagId, ...source });
    const finished = workspace.events.flatMap((event) => ('outcome' in event ? [event.outcome] : []));
    expect(finished).toEqual(['executed', 'executed', 'cached']);
  });

  it('names the first exec as source, never one that has a source [DML-EXE-0706]', async () => {
    const run = workspace.begin();
    const nodes: RunNode[] = [];
    for (const left of [50, run.call('add', [25, 25]), run.call('add', [49, 1])]) {
      const node = run.call('add', [left, 4]);
      await run.outcome(node);
      nodes.push(node);
    }
    const sources = nodes.map((node) => run.exec(node).sourceExecId);
    expect(sources).toEqual([null, nodes[0]!.execId, nodes[0]!.execId]);
  });

  it('pins the exec that it knows for the same node as it is [DML-EXE-0703]', async () => {
    const first = workspace.begin({ workName: 'one' });
    const node = first.call('random', [1]);
    const value = await first.outcome(node);
    const second = workspace.begin({ workName: 'another' });
    const again = second.call('random', [1]);
    expect(await second.outcome(again)).toBe(value);
    expect(again.execId).toBe(node.execId);
    expect(second.pinOf(node)).toBe(node.execId);
  });

  it('answers a call without a pin from execs with its execution key [DML-EXE-0702]', async () => {
    const first = workspace.begin({ workName: 'key one' });
    await first.outcome(first.call('random', [2]));
    const second = workspace.begin({ workName: 'key two' });
    await second.outcome(second.call('random', [2]));
    expect(second.counts).toEqual({ cached: 1 });
    expect(workspace.eventTypes).toEqual(['ambient-inputs', 'call-finished']);
  });

  it('answers a pinned call by its pin alone [DML-EXE-0701]', async () => {
    const first = workspace.begin({ workName: 'to be pinned' });
    const node = first.call('random', [3]);
    const value = await first.outcome(node);
    workspace.store.transact('forget', (transaction) => {
      transaction.deleteCacheEntry(keyOf(node), node.execId!);
    });
    const second = workspace.begin({ workName: 'pinned', base: first.stagedId });
    const again = second.call('random', [3]);
    expect(again.status).toBe('ok');
    expect([await second.outcome(again), again.execId]).toEqual([value, node.execId]);
    expect(second.counts).toEqual({ cached: 1 });
  });

  it('takes no pin of other values or another function, however many inputs [DML-EXE-0885]', async () => {
    for (const inputs of [[40], Array.from({ length: 60 }, (_, index) => index)]) {
      const first = workspace.begin({ workName: 'told the truth' });
      const nodes = [first.call('pair', inputs), first.call('pair', [...inputs.slice(1), -1])] as const;
      const [value] = await Promise.all(nodes.map((node) => first.outcome(node)));
      const { objects } = first.open;
      const [exec, other] = nodes.map((node) => first.exec(node)) as [CallExec, CallExec];
      const { functionDatumId } = first.call('add', [1, 2]).callee!;
      const { nodeId } = exec;
      const otherFunction = { ...exec, functionDatumId, resultDagId: other.resultDagId };
      for (const lie of [{ ...other, nodeId }, otherFunction]) {
        const base = objects.put({ ...first.staged, pins: [[nodeId, objects.put(lie)]] });
        objects.writeAll();
        const next = workspace.begin({ workName: 'told lies', base });
        const again = next.call('pair', inputs);
        expect([await next.outcome(again), again.execId]).toEqual([value, nodes[0].execId]);
      }
    }
  });

  it('answers a pinned call although the value of its input is gone [DML-EXE-0701]', async () => {
    for (const isNamed of [false, true]) {
      const first = workspace.begin({ workName: `to be excised, ${isNamed}` });
      const seed = first.call('random', [60]);
      const node = first.call('half', [seed]);
      const value = await first.outcome(node);
      const { objects } = first.open;
      const exec = first.exec(seed);
      const plain = objects.read('dag', exec.resultDagId);
      // A result dag that is more than its value has to be read.
      const names = isNamed ? ([['part', plain.rootNodeId]] as const) : [];
      const resultDagId = objects.put({ ...plain, names });
      const base = withResult(first, seed, resultDagId);
      const rerun = async (workName: string): Promise<void> => {
        const next = workspace.begin({ workName, base });
        const again = next.call('half', [next.call('random', [60])]);
        expect([await next.outcome(again), again.execId]).toEqual([value, node.execId]);
        expect(next.counts).toEqual({ cached: 2 });
      };
      await rerun(`there, ${isNamed}`);
      await first.open.close();
      const objectsGone = [{ class: 'dag', objectId: resultDagId }] as const;
      const plan = await planExcision(workspace.store, { objects: objectsGone });
      applyExcision(workspace.store, plan, { reason: 'r', message: '', actor: 'a' });
      await rerun(`excised, ${isNamed}`);
    }
  });

  it('takes no pin whose input has another outcome in the base by now [DML-EXE-0885]', async () => {
    const first = workspace.begin({ workName: 'one outcome' });
    const seed = first.call('random', [50]);
    await first.outcome(first.call('half', [seed]));
    const other = first.call('add', [2_000, 2]);
    await first.outcome(other);
    const base = withResult(first, seed, first.exec(other).resultDagId);
    const next = workspace.begin({ workName: 'another outcome', base });
    expect(await next.outcome(next.call('half', [next.call('random', [50])]))).toBe(1_001);
  });

  it('runs a call with cache: false whatever pins and execs there are [DML-EXE-0709]', async () => {
    const first = workspace.begin({ workName: 'uncached' });
    const value = await first.outcome(first.call('random', [4]));
    const second = workspace.begin({ workName: 'uncached', base: first.stagedId });
    expect(await second.outcome(second.call('random', [4], { cache: false }))).not.toBe(value);
    expect(second.counts).toEqual({ executed: 1 });
  });

  it('adds an exec for a new attempt and leaves the old one [DML-EXE-1001]', async () => {
    const first = workspace.begin({ workName: 'attempts' });
    const before = first.call('random', [5]);
    await first.outcome(before);
    const second = workspace.begin({ workName: 'attempts' });
    const after = second.call('random', [5], { cache: false });
    await second.outcome(after);
    expect(after.execId).not.toBe(before.execId);
    expect(new Set(workspace.store.cacheEntries(keyOf(after)))).toEqual(
      new Set([before.execId, after.execId]),
    );
    expect(workspace.store.has('exec', before.execId!)).toBe(true);
  });

  it('gives the pin to the newest exec, and runs what hangs on another value anew [DML-EXE-1002]', async () => {
    const first = workspace.begin({ workName: 'newest' });
    await first.outcome(first.call('pair', [first.call('random', [6])]));
    const second = workspace.begin({ workName: 'newest', base: first.stagedId });
    const seed = second.call('random', [6], { cache: false });
    const dependent = second.call('pair', [seed]);
    expect(await second.outcome(dependent)).toEqual([await second.outcome(seed)]);
    expect(second.counts).toEqual({ executed: 2 });
    expect(second.pinOf(seed)).toBe(seed.execId);
  });

  it('takes a cached exec whose record is lost for a miss [DML-EXE-0708]', async () => {
    const first = workspace.begin({ workName: 'lost' });
    const node = first.call('random', [7]);
    await first.outcome(node);
    workspace.store.transact('lose', (transaction) => {
      transaction.deleteCacheEntry(keyOf(node), node.execId!);
      transaction.putCacheEntry(keyOf(node), 'ab'.repeat(32));
    });
    const second = workspace.begin({ workName: 'lost and run' });
    await second.outcome(second.call('random', [7]));
    expect(second.counts).toEqual({ executed: 1 });
    expect(workspace.store.cacheEntries(keyOf(node))).toContain('ab'.repeat(32));
    const third = workspace.begin({ workName: 'found beside the lost one' });
    await third.outcome(third.call('random', [7]));
    expect(third.counts).toEqual({ cached: 1 });
  });

  it('covers the result dag of a call with the pins of its exec [DML-EXE-1003]', async () => {
    const run = workspace.begin();
    const node = run.call('pair', [run.call('add', [1, 1]), 'covered']);
    await run.outcome(node);
    const { pins, resultDagId } = run.exec(node);
    const { objects } = run.open;
    const { rootNodeId } = objects.read('dag', resultDagId);
    expect(storedValue(rootNodeId, treeScope(pins, objects), objects)).toBe(run.open.run.valueOf(node));
  });
});

describe('Run, builtins', () => {
  it('makes the exec of a builtin from node and values alone [DML-EXE-1005]', async () => {
    const execIds: unknown[] = [];
    for (const workName of ['here', 'there']) {
      const run = workspace.begin({ workName });
      const node = run.builtin('dml://list/append', [[1, 2], run.call('add', [1, 2])]);
      expect(await run.outcome(node)).toEqual([1, 2, 3]);
      execIds.push(node.execId);
    }
    expect(execIds[0]).toBe(execIds[1]);
    const run = workspace.begin({ workName: 'values' });
    const other = run.builtin('dml://list/append', [[1, 2], 3]);
    expect(await run.outcome(other)).toEqual([1, 2, 3]);
    expect(other.execId).not.toBe(execIds[0]);
  });

  it('records a datum as the result of a builtin, the error with status ERROR [DML-EXE-1006]', async () => {
    const run = workspace.begin();
    const ok = run.builtin('dml://list/get', [[5, 6], 1]);
    const bad = run.builtin('dml://list/get', [[5, 6], 2]);
    expect(await run.outcome(ok)).toBe(6);
    expect(await run.outcome(bad)).toMatchObject({ code: 'missing_element' });
    const { objects } = run.open;
    const [okExec, badExec] = [objects.read('exec', ok.execId!), objects.read('exec', bad.execId!)];
    if (okExec.nodeKind !== 'builtin' || badExec.nodeKind !== 'builtin') throw new Error('not builtins');
    expect([okExec.status, liftDatum(objects, okExec.resultDatumId)]).toEqual(['ok', 6]);
    expect([badExec.status, liftDatum(objects, badExec.resultDatumId)]).toEqual([
      'error',
      expect.objectContaining({ class: 'deterministic', code: 'missing_element' }),
    ]);
  });

  it('wakes a long chain of builtins without deep recursion', async () => {
    const run = workspace.begin({ workName: 'chain' });
    let node = run.call('add', [0, 0]);
    for (let index = 0; index < 6000; index++) node = run.builtin('dml://list/construct', [node]);
    node = run.builtin('dml://list/construct', [run.builtin('dml://map/construct', ['depth', node]), 'end']);
    await run.open.run.settled(node);
    expect(node.status).toBe('ok');
  });
});

describe('Run, failures', () => {
  it('records a function that throws as an exec with status ERROR [DML-EXE-0901]', async () => {
    const run = workspace.begin();
    const node = run.call('fail', [1]);
    const failure = { class: 'deterministic', code: 'function_threw', message: 'RangeError: no 1' };
    expect(await run.outcome(node)).toEqual(failure);
    expect(run.exec(node)).toMatchObject({ status: 'error', nodeId: node.nodeId });
    expect(run.counts).toEqual({ failed: 1 });
  });

  it('records a value without a datum form as ERROR with its path [DML-EXE-0902]', async () => {
    const run = workspace.begin();
    const node = run.call('strange', []);
    expect(await run.outcome(node)).toMatchObject({
      code: 'unsupported_value',
      message: expect.stringContaining('result.model.predict is the function predict'),
    });
    expect(run.exec(node).status).toBe('error');
  });

  it('describes a failure by a map with class, code and message [DML-EXE-0903]', async () => {
    const run = workspace.begin();
    const node = run.call('fail', [2]);
    await run.outcome(node);
    const { objects } = run.open;
    const { rootNodeId } = objects.read('dag', run.exec(node).resultDagId);
    const datumId = storedValue(rootNodeId, { getPin: () => undefined }, objects);
    expect(liftDatum(objects, datumId)).toEqual({
      schema: 1,
      class: 'deterministic',
      code: 'function_threw',
      message: 'RangeError: no 2',
      trace: [expect.stringMatching(/^at fail \(steps\.ts:\d+:\d+\)$/)],
    });
  });

  it('records a trace without a path of the machine [DML-EXE-0905]', async () => {
    const run = workspace.begin();
    const node = run.call('fail', [3]);
    await run.outcome(node);
    expect(node.failure?.trace.length).toBeGreaterThan(0);
    for (const line of node.failure?.trace ?? []) expect(line).not.toMatch(/file:|\/tmp|\\|node:/);
  });

  it('answers a recorded failure from the cache [DML-EXE-0710]', async () => {
    const first = workspace.begin({ workName: 'failing' });
    await first.outcome(first.call('fail', [5]));
    const run = workspace.begin({ workName: 'failing again' });
    expect(await run.outcome(run.call('fail', [5]))).toMatchObject({ code: 'function_threw' });
    expect(workspace.events).toEqual([
      expect.objectContaining({ type: 'call-finished', outcome: 'failed', fromCache: true }),
    ]);
  });

  it('runs a recorded failure anew with retryFailed [DML-EXE-0711]', async () => {
    const first = workspace.begin({ workName: 'failing first' });
    await first.outcome(first.call('fail', [6]));
    const run = workspace.begin({ workName: 'failing anew' });
    await run.outcome(run.call('fail', [6], { retryFailed: true }));
    expect(workspace.eventTypes).toEqual(['call-started', 'call-finished']);
    const other = workspace.begin({ workName: 'no failure' });
    await other.outcome(other.call('add', [8, 8], { retryFailed: true }));
    const again = workspace.begin({ workName: 'still none' });
    await again.outcome(again.call('add', [8, 8], { retryFailed: true }));
    expect(again.counts).toEqual({ cached: 1 });
  });

  it('prefers an OK exec to an ERROR exec of the same execution key [DML-EXE-0707]', async () => {
    const run = workspace.begin({ workName: 'both' });
    const node = run.call('add', [9, 9]);
    await run.outcome(node);
    const { objects } = run.open;
    const exec = run.exec(node);
    // Many, so that some come before it in the order of ids and some behind.
    const errorExecIds = Array.from({ length: 20 }, (_, startedMs) =>
      objects.put({ ...exec, status: 'error', startedMs, finishedMs: startedMs }),
    );
    workspace.store.transact('both', (transaction) => {
      objects.writeTo(transaction);
      for (const errorExecId of errorExecIds) transaction.putCacheEntry(keyOf(node), errorExecId);
    });
    for (const workName of ['ok or error', 'error or ok']) {
      const again = workspace.begin({ workName });
      expect(await again.outcome(again.call('add', [9, 9]))).toBe(18);
    }
  });

  it('ends a call with a failed input without a run, and names where it began [DML-EXE-0910]', async () => {
    const run = workspace.begin();
    const failing = run.call('fail', [10]);
    const blocked = run.call('add', [run.call('half', [failing]), 1]);
    expect(await run.outcome(blocked)).toMatchObject({ code: 'input_failed', message: 'RangeError: no 10' });
    expect(blocked.failure).toMatchObject({ originNodeId: failing.nodeId, originName: 'fail' });
    expect(blocked.execId).toBeUndefined();
    expect(run.counts).toEqual({ failed: 1, blocked: 2 });
  });

  it('lets calls go on that do not depend on a failed one [DML-EXE-0911]', async () => {
    const run = workspace.begin();
    const failing = run.call('fail', [11]);
    const gate = gateAt('beside a failure');
    const held = run.call('held', [gate.path, 400]);
    expect(await run.outcome(failing)).toMatchObject({ code: 'function_threw' });
    expect(await run.outcome(run.call('add', [failing, 1]))).toMatchObject({ code: 'input_failed' });
    expect(held.status).toBe('pending');
    gate.open();
    expect(await run.outcome(run.call('add', [held, 1]))).toBe(401);
  });

  it('reports every call with exactly one outcome [DML-EXE-1101]', async () => {
    const before = workspace.begin();
    await before.outcome(before.call('add', [9, 9]));
    const run = workspace.begin({ workName: 'all outcomes' });
    const nodes = [run.call('add', [300, 1]), run.call('add', [9, 9]), run.call('fail', [12])];
    nodes.push(run.call('half', [nodes[2]]));
    for (const node of nodes) await run.outcome(node);
    const hanging = run.call('held', [gateAt('never').path, 1]);
    const hasStarted = (): boolean =>
      workspace.events.some((event) => event.type === 'call-started' && event.nodeId === hanging.nodeId);
    await vi.waitUntil(hasStarted, { timeout: 600_000 });
    run.open.cancel('enough');
    await run.open.run.idle();
    expect(run.counts).toEqual({ executed: 1, cached: 1, failed: 1, blocked: 1, cancelled: 1 });
    const finished = workspace.events.filter((event) => event.type === 'call-finished');
    expect(finished.map((event) => event.nodeId).sort()).toEqual(
      [...nodes, hanging].map((node) => node.nodeId).sort(),
    );
  });

  it('keeps outcomes from a listener that throws [DML-EXE-1104]', async () => {
    const run = workspace.begin({
      onEvent: () => {
        throw new Error('broken listener');
      },
    });
    expect(await run.outcome(run.call('add', [1000, 1]))).toBe(1001);
    expect(run.counts).toEqual({ executed: 1 });
  });
});

describe('Run, captured code', () => {
  it('runs the bundle of the repository, not the source file [DML-EXE-0513]', async () => {
    const own = await Workspace.create('export const version = () => 1;');
    const run = own.begin();
    const node = run.call('version', []);
    own.write('export const version = () => 2;');
    expect(await run.outcome(node)).toBe(1);
    await own.close();
  });
});
