import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { functions } from '@daggerml/capture';
import { encodeRecord, hashBytes } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { coded, Project } from '../test/project.ts';
import type { BuildDag } from './pipeline.ts';
import { definePipeline } from './pipeline.ts';
import type { CallPlan } from './plan-dag.ts';
import type { RunOptions, RunPlan } from './repository.ts';

interface Flow {
  load(rows: number): number[];
  clean(rows: number[]): number[];
  fit(rows: number[], k: number): number;
  fail(text: string): never;
  mark(path: string): boolean;
  sum(...parts: unknown[]): number;
}

const SOURCE = `
import { writeFileSync } from 'node:fs';
export const load = (rows: number) => Array.from({ length: rows }, (_, i) => i);
export const clean = (rows: number[]) => rows.filter((row) => row < 100);
export const fit = (rows: number[], k: number) => rows.length * k;
export const sum = (...parts: unknown[]) => parts.length;
export const fail = (text: string) => { throw new Error(text); };
export const mark = (path: string) => { writeFileSync(path, ''); return true; };
`;

let project: Project;
let steps: ReturnType<typeof functions<Flow>>;
beforeEach(async () => {
  project = await Project.create();
  write(SOURCE);
});

let written = 0;
/** Writes the functions to a file of their own, since a file that just changed may be known by its times. */
function write(source: string): void {
  written += 1;
  steps = functions<Flow>(pathToFileURL(project.write(`flow${written}.ts`, source)));
}

const pipeline = (build: BuildDag) => definePipeline('flow', build as never);
const run = (build: BuildDag) => project.repository.run(pipeline(build));
const plan = (build: BuildDag, options: RunOptions = {}): Promise<RunPlan> =>
  project.repository.plan(pipeline(build), options);

/** Returns each call with its state and reason. */
function told({ calls }: RunPlan): string[] {
  return calls.map(({ functionName, state, reason }) =>
    [
      functionName,
      state,
      ...(reason ? [reason.kind, ...reason.differences.map(({ kind }) => kind)] : []),
    ].join(' '),
  );
}

const flow =
  (rows: number, k: number): BuildDag =>
  (dag) =>
    dag.call(steps.fit, dag.call(steps.clean, dag.call(steps.load, rows)), k);

describe('Repository.plan', () => {
  it('runs no function [DML-EXE-3501]', async () => {
    const path = `${project.folder}/ran`;
    const { counts } = await plan((dag) => dag.call(steps.mark, path));
    expect(counts).toEqual({ run: 1, cached: 0, failed: 0, blocked: 0, shared: 0, unknown: 0 });
    // What a run does.
    await run((dag) => dag.call(steps.mark, path));
    expect(existsSync(path)).toBe(true);
    const other = `${project.folder}/other`;
    await plan((dag) => dag.call(steps.mark, other));
    expect(existsSync(other)).toBe(false);
  });

  it('writes nothing, also in a repository that is open for writing [DML-EXE-3502]', async () => {
    await run(flow(5, 2));
    const { store } = project.repository;
    const before = [store.readRefs(), store.stateVersion()];
    // A cut-off is an outcome that a run would keep.
    write(SOURCE.replace('row < 100', '!(row > 99)'));
    await run(flow(5, 2));
    const version = store.stateVersion();
    expect(version).toBeGreaterThan(before[1] as number);
    write(SOURCE);
    const { calls, dag } = await plan(async (dag) => {
      dag.name('big', await dag.blob(Buffer.alloc(70_000_000, 7)));
      return flow(5, 3)(dag);
    });
    expect(calls.map(({ state }) => state)).toEqual(['cached', 'cached', 'run']);
    expect(store.stateVersion()).toBe(version);
    const last = calls.at(-1) as CallPlan;
    expect(store.has('node', last.nodeId)).toBe(false);
    expect(dag.describeCall(last.nodeId).text).toMatch(/^fit\(/);
  });

  it('gives every call one state [DML-EXE-3506]', async () => {
    await run(flow(5, 2));
    await run((dag) => dag.call(steps.fail, 'no')).catch(() => {});
    const found = await plan((dag) => {
      const known = dag.call(steps.load, 5);
      const failed = dag.call(steps.fail, 'no');
      const blocked = dag.call(steps.clean, failed as never);
      const ran = dag.call(steps.load, 6);
      const copy = dag.call(steps.load, dag.call(steps.fit, dag.call(steps.clean, known), 2));
      const other = dag.call(steps.load, 10);
      return [blocked, dag.call(steps.clean, ran), copy, other];
    });
    expect(found.calls.map(({ functionName, state }) => `${functionName} ${state}`)).toEqual([
      'load cached',
      'fail failed',
      'clean blocked',
      'load run',
      'clean cached',
      'fit cached',
      'load run',
      'load shared',
      'clean unknown',
    ]);
    const [, , , ran, , , copy, shared, unknown] = found.calls;
    expect(shared?.dependsOn).toEqual([copy?.nodeId]);
    expect(unknown?.dependsOn).toEqual([ran?.nodeId]);
    expect(found.counts).toEqual({ run: 2, cached: 3, failed: 1, blocked: 1, shared: 1, unknown: 1 });
  });

  it('says of a dependent whether it runs in any case [DML-EXE-3504]', async () => {
    await run(flow(5, 2));
    expect(told(await plan(flow(6, 2)))).toEqual(['load run changed input', 'clean unknown', 'fit unknown']);
    // The store has no 77, so no outcome can be of it.
    expect(told(await plan(flow(6, 77)))[2]).toBe('fit run changed');
    write(SOURCE.replace('rows.length * k', 'rows.length + k'));
    expect(told(await plan(flow(6, 2)))[2]).toBe('fit run changed function');
    write(SOURCE);
    const forced = await plan(flow(6, 2), { callDefaults: { cache: false } });
    expect(forced.calls.map(({ state }) => state)).toEqual(['run', 'run', 'run']);
  });

  it('says why a call runs [DML-EXE-3507]', async () => {
    expect(told(await plan(flow(5, 2)))).toEqual(['load run new', 'clean run new', 'fit run new']);
    await run(flow(5, 2));
    expect(told(await plan(flow(5, 3)))[2]).toBe('fit run changed input');
    expect(told(await plan(flow(5, 2), { callDefaults: { cache: false } }))[0]).toBe('load run forced');
    write(SOURCE.replace('rows.length * k', 'rows.length + k'));
    expect(told(await plan(flow(5, 2)))[2]).toBe('fit run changed function');
    await run((dag) => dag.call(steps.fail, 'no')).catch(() => {});
    const again = await plan((dag) => dag.call(steps.fail, 'no'), { callDefaults: { retryFailed: true } });
    expect(told(again)).toEqual(['fail run retried']);
    write(SOURCE);
    const { root } = await run(flow(5, 2));
    expect(await root.value()).toBe(10);
    const valueId = hashBytes(encodeRecord({ type: 'datum', kind: 'i64', value: 10n }));
    project.repository.store.transact('damage', (transaction) => {
      transaction.deleteRow('objects', Buffer.from(`02${valueId}`, 'hex'));
    });
    expect(told(await plan(flow(5, 2), { branch: 'other' }))[2]).toBe('fit run lost');
    const added = await plan((dag) => [flow(5, 2)(dag), dag.call(steps.load, 9)]);
    expect(told(added).at(-1)).toBe('load run new');
  });

  it('compares a call with the one of its name, else with what shares most inputs, else in order [DML-EXE-1702]', async () => {
    const calls = (named: number, shared: number, rest: readonly number[]): BuildDag => {
      return (dag) => {
        const rows = dag.literal([shared, 1, 2]);
        dag.name('first', dag.call(steps.fit, [named], 1));
        return [
          dag.call(steps.fit, rows, named),
          ...rest.map((each) => dag.call(steps.load, each)),
          dag.call(steps.fit, [900], 900),
        ];
      };
    };
    await run(calls(10, 20, [30, 31]));
    const { calls: found, comparison, dag } = await plan(calls(11, 20, [40, 41, 42]));
    const pairs = found
      .filter(({ state }) => state === 'run')
      .map(({ nodeId, reason }) => {
        const { earlierNodeId } = reason ?? {};
        const text = (id: never): string => dag.describeCall(id).text;
        return [text(nodeId as never), earlierNodeId && text(earlierNodeId as never)];
      });
    expect(comparison.before.nameOf(found[0]?.reason?.earlierNodeId as never)).toBe('first');
    expect(pairs).toEqual([
      ['fit([ 11 ], 1)', 'fit([ 10 ], 1)'],
      ['fit([ 20, 1, 2 ], 11)', 'fit([ 20, 1, 2 ], 10)'],
      ['load(40)', 'load(30)'],
      ['load(41)', 'load(31)'],
      ['load(42)', undefined],
    ]);
  });

  it('lists the differences in the order function, number of inputs, inputs from left to right [DML-EXE-1703]', async () => {
    const call =
      (...inputs: readonly number[]): BuildDag =>
      (dag) =>
        dag.name('it', dag.call(steps.sum, ...inputs));
    await run(call(1, 2, 3));
    const differences = async (build: BuildDag): Promise<unknown[]> => {
      const [only] = (await plan(build)).calls;
      return (only?.reason?.differences ?? []).map((each) =>
        each.kind === 'input'
          ? each.index
          : each.kind === 'function'
            ? each.nameAfter
            : [each.before, each.after],
      );
    };
    expect(await differences(call(1, 5, 6))).toEqual([1, 2]);
    expect(await differences(call(1, 5, 3, 4))).toEqual([[3, 4], 1]);
    expect(await differences(call(1, 2))).toEqual([[3, 2]]);
    write(SOURCE.replace('sum = (', 'sum = (first: number, '));
    expect(await differences(call(7, 2, 8, 9))).toEqual(['sum', [3, 4], 0, 2]);
    const other: BuildDag = (dag) => dag.name('it', dag.call(steps.load, 1));
    expect(await differences(other)).toEqual(['load', [3, 1]]);
  });

  it('follows an input to the literal or function that it differs by [DML-EXE-1705]', async () => {
    await run(flow(5, 2));
    const origin = async (build: BuildDag): Promise<unknown> => {
      const { calls, comparison } = await plan(build);
      const last = calls.at(-1)?.reason?.differences[0];
      if (last?.kind !== 'input') return last?.kind;
      const { cause } = last;
      const valueIn = (nodeId: unknown) => comparison.after.valueOf(nodeId as never);
      return [
        cause.path.length,
        cause.origin.kind,
        ...('differences' in cause.origin ? cause.origin.differences : []),
        valueIn(cause.path[0]?.after) === comparison.before.valueOf(cause.path[0]?.before as never),
      ];
    };
    // Values that are known without a run, so that the last call is decided.
    await run((dag) => dag.call(steps.clean, dag.call(steps.load, 6)));
    await run(flow(5, 2));
    expect(await origin(flow(6, 2))).toEqual([3, 'value', { path: '', before: '5', after: '6' }, false]);
    const literal: BuildDag = (dag) => dag.call(steps.fit, [1, 2], 2);
    expect(await origin(literal)).toEqual([1, 'node', { path: '[0]', before: '0' }, false]);
    write(SOURCE.replace('row < 100', 'row < 3'));
    await run((dag) => dag.call(steps.clean, dag.call(steps.load, 5)));
    const edited = steps;
    write(SOURCE);
    await run(flow(5, 2));
    steps = edited;
    expect(await origin(flow(5, 2))).toEqual([1, 'function', false]);
  });

  it('shows a difference inside a collection by its path [DML-EXE-1706]', async () => {
    const call =
      (value: unknown): BuildDag =>
      (dag) =>
        dag.name('it', dag.call(steps.sum, value as never));
    const rows = Array.from({ length: 4_000 }, (_, id) => ({ id, x: [id, { deep: true }] }));
    await run(call({ rows, tags: new Set(['a', 'b']), 'a key': 1 }));
    const places = async (value: unknown): Promise<unknown> => {
      const [difference] = (await plan(call(value))).calls[0]?.reason?.differences ?? [];
      const origin = difference?.kind === 'input' ? difference.cause.origin : undefined;
      return origin?.kind === 'value' && origin.differences;
    };
    const tags = new Set(['a', 'b']);
    const changed = rows.with(3_000, { id: 3_000, x: [3_000, { deep: false }] });
    expect(await places({ rows: changed, tags, 'a key': 1 })).toEqual([
      { path: '.rows[3000].x[1].deep', before: 'true', after: 'false' },
    ]);
    const inserted = rows.toSpliced(400, 0, { id: -1, x: [] });
    expect(await places({ rows: inserted, tags, 'a key': 1 })).toEqual([
      { path: '.rows[400]', after: '{ "id": -1, "x": [] }' },
    ]);
    const removed = rows.toSpliced(400, 1);
    expect(await places({ rows: removed, tags, 'a key': 1 })).toEqual([
      { path: '.rows[400]', before: '{ "id": 400, "x": [ 400, { "deep": true } ] }' },
    ]);
    expect(await places({ rows, tags: new Set(['b', 'c']), 'a key': [1] })).toEqual([
      { path: '["a key"]', before: '1', after: '[ 1 ]' },
      { path: '.tags{}', before: '"a"' },
      { path: '.tags{}', after: '"c"' },
    ]);
    expect(await places('text')).toEqual([
      { path: '', before: expect.stringMatching(/^\{ "a key": 1, .*…$/), after: '"text"' },
    ]);
  });

  it('ends where the pipeline asks for a value that is not known [DML-EXE-3503]', async () => {
    await run(flow(5, 2));
    let went = '';
    const found = await plan(async (dag) => {
      const known = await dag.call(steps.load, 5).value();
      went += `${known.length}`;
      const built = dag.call(steps.clean, dag.call(steps.load, 6));
      const value = await built.value().catch(() => [1]);
      went += 'on';
      return value;
    });
    expect(went).toBe('5');
    expect([found.isComplete, found.calls.map(({ state }) => state)]).toEqual([
      false,
      ['cached', 'run', 'unknown'],
    ]);
    expect(found.stoppedAt).toBe(found.calls[2]?.nodeId);
    const whole = await plan(flow(5, 2));
    expect([whole.isComplete, whole.stoppedAt]).toEqual([true, undefined]);
  });

  it('holds little of new blobs [DML-EXE-3505]', async () => {
    const { dag } = await plan(async (building) => {
      for (let each = 0; each < 8; each += 1) await building.blob(randomBytes(10_000_000));
      return 1;
    });
    const { objects } = (dag as unknown as { open: { objects: { sizeBytes: number } } }).open;
    expect(objects.sizeBytes).toBeGreaterThan(1_000_000);
    expect(objects.sizeBytes).toBeLessThan(17 * 1024 * 1024);
  });

  it('rejects with what the pipeline throws', async () => {
    await expect(plan(() => Promise.reject(new Error('mine')))).rejects.toEqual(coded('pipeline_threw'));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(plan(flow(5, 2), { signal })).rejects.toEqual(coded('cancelled'));
  });
});
