import { liftDatum } from '@daggerml/values';
import { afterEach, describe, expect, it } from 'vitest';
import { HeldAdapter } from '../../test/held-adapter.ts';
import { keyOf, type TestRun, Workspace } from '../../test/workspace.ts';
import { Executor, type ExecutorOptions, type PoolOptions } from '../executor.ts';
import type { RunNode } from '../run/run-node.ts';
import type { AdapterContext } from './port.ts';

let workspace: Workspace;
/** The adapters of the newest run, by the names of their pools. */
let held: Record<string, HeldAdapter>;
afterEach(() => workspace.close());

/** A pool whose calls stay open until the test answers them. */
function pool(name: string, offers?: PoolOptions['offers'], capacity?: number): PoolOptions {
  const start = (context: AdapterContext): HeldAdapter => {
    held[name] = new HeldAdapter(context);
    if (capacity !== undefined) Object.assign(held[name], { capacity });
    return held[name];
  };
  return { name, start, ...(offers && { offers }) };
}

async function begin(pools: PoolOptions[], more: Partial<ExecutorOptions> = {}): Promise<TestRun> {
  held = {};
  workspace = await Workspace.held({ pools, ...more });
  return workspace.begin();
}

/** Lets the Executor give its calls to the pools. */
const given = () => new Promise((resolve) => setTimeout(resolve, 5));

/** The number of calls that each pool has. */
const counts = (): Record<string, number> =>
  Object.fromEntries(Object.entries(held).map(([name, adapter]) => [name, adapter.held.length]));

const lost = { type: 'failed', isRetryable: true, code: 'unreachable', reason: 'gone' } as const;
const useless = { type: 'failed', isRetryable: false, code: 'load_failed', reason: 'no' } as const;
const threw = {
  type: 'done',
  outcome: 'error',
  failure: { code: 'function_threw', message: 'Error: no', trace: [] },
} as const;

function receiptOf(run: TestRun, node: RunNode): unknown {
  return liftDatum(run.open.objects, run.exec(node).receiptDatumId as never);
}

describe('a call with needs', () => {
  it('runs whatever they are in a pool that offers any [DML-EXE-3167]', async () => {
    const run = await begin([pool('small', { gpu: 1 }), pool('team', 'any')]);
    for (let call = 0; call < 5; call += 1) run.ask('f', [call], { needs: { gpu: 2, arm: true } });
    run.ask('f', [5], { needs: { gpu: 1 } });
    await given();
    expect(counts()).toEqual({ small: 1, team: 5 });
  });

  it('runs in a pool that offers all of them [DML-EXE-2002]', async () => {
    const run = await begin([
      pool('small', { memoryMb: 100 }),
      pool('gpu', { gpu: 1, memoryMb: 50 }),
      pool('both', { gpu: 2, memoryMb: 200, linux: true }),
    ]);
    run.ask('f', [1], { needs: { memoryMb: 100 } });
    run.ask('f', [2], { needs: { gpu: 1 } });
    run.ask('f', [3], { needs: { gpu: 1, memoryMb: 100 } });
    run.ask('f', [4], { needs: { linux: true } });
    await given();
    expect(counts()).toEqual({ small: 1, gpu: 1, both: 2 });
  });

  it('takes the first of the pools that suit it, also when that is busy [DML-EXE-2003]', async () => {
    const run = await begin([pool('none'), pool('first', { gpu: 1 }), pool('second', { gpu: 4 })]);
    const nodes = [1, 2].map((n) => run.ask('f', [n], { needs: { gpu: 1 } }));
    await given();
    expect(counts()).toEqual({ none: 0, first: 1, second: 0 });
    held.first?.end('one');
    await run.outcome(nodes[0] as RunNode);
    expect(counts()).toEqual({ none: 0, first: 1, second: 0 });
    run.ask('f', [3]);
    await given();
    expect(counts()).toEqual({ none: 1, first: 1, second: 0 });
  });

  it.each([
    [
      'in pools',
      [pool('cpu', { memoryMb: 10 }), pool('gpu', { gpu: 1 })],
      {},
      'cpu offers memoryMb=10; gpu offers gpu=1',
    ],
    ['in a run with resources', [], { gpu: 1 }, 'the run offers gpu=1'],
    ['in a run that offers nothing', [], undefined, 'the run offers nothing'],
  ] as const)(
    'ends %s where none suits, before it runs [DML-EXE-2006]',
    async (_, pools, resources, offered) => {
      held = {};
      workspace = await Workspace.held({ ...(pools.length > 0 && { pools }) });
      const run = workspace.begin({ ...(pools.length === 0 && resources && { resources }) });
      const node = run.ask('f', [1], { needs: { gpus: 2 } });
      const other = run.ask('g', [2]);
      const outcome = await run.outcome(node);
      const meant = offered.includes('gpu') ? '; did you mean gpu?' : '';
      expect(outcome).toEqual({
        class: 'infrastructure',
        code: 'needs_unmet',
        message: `it needs gpus=2; ${offered}${meant}`,
      });
      expect(workspace.eventTypes.filter((type) => type === 'call-retried')).toEqual([]);
      const adapter = pools.length > 0 ? held.cpu : workspace.held;
      expect(adapter?.held).toHaveLength(1);
      adapter?.end('other');
      expect(await run.outcome(other)).toBe('other');
    },
  );

  it('is the same call with the same key whatever it needs and wherever it runs [DML-EXE-2007]', async () => {
    const run = await begin([pool('one', { gpu: 1 }), pool('two', { gpu: 2 })]);
    const node = run.ask('f', [1], { needs: { gpu: 2 } });
    await given();
    held.two?.end('value');
    await run.outcome(node);
    await run.open.close();
    const plain = workspace.begin({ workName: 'plain' });
    const again = plain.ask('f', [1]);
    expect(await plain.outcome(again)).toBe('value');
    expect([again.nodeId, keyOf(again)]).toEqual([node.nodeId, keyOf(node)]);
    expect(plain.counts).toEqual({ cached: 1 });
  });

  it('waits while others of its pool hold what it needs, and no longer [DML-EXE-3161]', async () => {
    held = {};
    workspace = await Workspace.held();
    const run = workspace.begin({ resources: { memoryMb: 100 } });
    const nodes = [60, 60, 40].map((memoryMb, n) => run.ask('f', [n], { needs: { memoryMb } }));
    run.ask('f', ['free']);
    await given();
    const inputs = () =>
      workspace.held.held.map(({ inputDatumIds: [id] }) => liftDatum(run.open.objects, id as never));
    // The call of 40 passes the second of 60 only where that leaves it enough, which it does not.
    expect(inputs()).toEqual([0, 'free']);
    const [first] = workspace.held.held;
    workspace.held.end('done', first);
    await run.outcome(nodes[0] as RunNode);
    expect(inputs()).toEqual([0, 'free', 1, 2]);
    run.ask('f', [3], { needs: { memoryMb: 1 } });
    await given();
    expect(inputs()).toHaveLength(4);
    // A call that fails, and one that is stopped, hold nothing any more.
    workspace.held.answer(useless, workspace.held.held[2]);
    await run.outcome(nodes[1] as RunNode);
    expect(inputs()).toHaveLength(5);
  });

  it('is never asked for more at one time than the pool takes', async () => {
    const run = await begin([pool('narrow', { gpu: 9 }, 2), pool('other')]);
    const nodes = [1, 2, 3].map((n) => run.ask('f', [n], { needs: { gpu: 1 } }));
    await given();
    expect(counts()).toEqual({ narrow: 2, other: 0 });
    held.narrow?.end('done');
    held.narrow?.end('done');
    await given();
    held.narrow?.end('done');
    expect(await Promise.all(nodes.map((node) => run.outcome(node)))).toEqual(['done', 'done', 'done']);
  });
});

describe('a call that fails in its pool', () => {
  it.each([
    ['that may pass', lost],
    ['that would come again there', useless],
  ])('otherwise than by its function, %s, goes to the next [DML-EXE-2004]', async (_, failure) => {
    const run = await begin([
      pool('a', { gpu: 1 }),
      pool('none'),
      pool('b', { gpu: 1 }),
      pool('c', { gpu: 1 }),
    ]);
    const node = run.ask('f', [1], { needs: { gpu: 1 }, retries: 9 });
    await given();
    held.a?.answer(failure);
    await given();
    expect(counts()).toEqual({ a: 0, none: 0, b: 1, c: 0 });
    held.b?.answer(failure);
    await given();
    expect(counts()).toEqual({ a: 0, none: 0, b: 0, c: 1 });
    held.c?.answer(failure);
    if (failure === useless) {
      expect(await run.outcome(node)).toMatchObject({ code: 'load_failed' });
      return;
    }
    await given();
    expect(counts()).toEqual({ a: 1, none: 0, b: 0, c: 0 });
    held.a?.end('at last');
    expect(await run.outcome(node)).toBe('at last');
    expect(workspace.eventTypes.filter((type) => type === 'call-retried')).toHaveLength(3);
  });

  it('goes nowhere without attempts that are left', async () => {
    const run = await begin([pool('a'), pool('b')]);
    const node = run.ask('f', [1], { retries: 0 });
    await given();
    held.a?.answer(useless);
    expect(await run.outcome(node)).toMatchObject({ code: 'load_failed' });
    expect(counts()).toEqual({ a: 0, b: 0 });
  });

  it('by its function has its outcome [DML-EXE-2005]', async () => {
    const run = await begin([pool('a'), pool('b')]);
    const node = run.ask('f', [1]);
    await given();
    held.a?.answer(threw);
    expect(await run.outcome(node)).toMatchObject({ code: 'function_threw', class: 'deterministic' });
    const again = run.ask('f', [2], { retryOn: 'throw' });
    await given();
    held.a?.answer(threw);
    await given();
    // An attempt that its author asked for is made where the one before was.
    expect(counts()).toEqual({ a: 1, b: 0 });
    held.a?.end('mended');
    expect(await run.outcome(again)).toBe('mended');
  });
});

describe('a call in a pool', () => {
  it('has a receipt that names the pool, where there are pools [DML-EXE-3163]', async () => {
    const run = await begin([pool('a'), pool('b', { gpu: 1 })]);
    const nodes = [run.ask('f', [1]), run.ask('f', [2], { needs: { gpu: 1 } })];
    await given();
    held.a?.end(1);
    held.b?.end(2);
    await Promise.all(nodes.map((node) => run.outcome(node)));
    const pools = nodes.map((node) => (receiptOf(run, node) as { pool?: string }).pool);
    expect(pools).toEqual(['a', 'b']);
    await run.open.close();
    await workspace.close();
    const only = await begin([pool('only')]);
    const node = only.ask('f', [3]);
    await given();
    held.only?.end(3);
    await only.outcome(node);
    expect(receiptOf(only, node)).toMatchObject({ pool: 'only' });
    await workspace.close();
    workspace = await Workspace.memory({ functions: { f: (n: number) => n } });
    const plain = workspace.begin();
    const last = plain.ask('f', [4]);
    await plain.outcome(last);
    expect(receiptOf(plain, last)).not.toHaveProperty('pool');
  });

  it('is polled there, and stopped there', async () => {
    const run = await begin([pool('a'), pool('b', { gpu: 1 })]);
    const polled: string[] = [];
    for (const [name, adapter] of Object.entries(held)) {
      adapter.poll = ([poll]) => void polled.push(`${name} ${poll?.token}`);
      adapter.stop = () => void polled.push(`${name} stopped`);
    }
    const node = run.ask('f', [1], { needs: { gpu: 1 } });
    await given();
    held.b?.answer({ type: 'pending', token: 'later', pollAfterMs: 0 });
    await expect.poll(() => polled, { timeout: 50_000 }).toEqual(['b later']);
    run.open.cancel('enough');
    expect(await run.outcome(node)).toMatchObject({ code: 'cancelled' });
    expect(polled).toEqual(['b later', 'b stopped']);
  });

  it('starts at once when a running function waits for it [DML-EXE-3166]', async () => {
    workspace = await Workspace.create(`
      import { call } from '@daggerml/bindings';
      export const inner = (n: number): number => n + 1;
      export const outer = async (n: number): Promise<number> => (await call(inner, n)) * 10;`);
    const run = workspace.begin({ resources: { gpu: 1 } });
    const outer = run.call('outer', [1], { needs: { gpu: 1 } });
    const inner = run.call('inner', [1], { needs: { gpu: 1 } });
    expect([await run.outcome(outer), await run.outcome(inner)]).toEqual([20, 2]);
    // What was free before is free again, once.
    const others = [2, 3].map((n) => run.call('inner', [n], { needs: { gpu: 1 } }));
    expect(await Promise.all(others.map((node) => run.outcome(node)))).toEqual([3, 4]);
  });
});

describe('pools and resources', () => {
  const refusal = (message: string) =>
    expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(message) });

  it.each([0, -1, 1.5, '1', null, false, Number.NaN])('of %s are refused [DML-EXE-3160]', async (amount) => {
    workspace = await Workspace.held();
    const offers = { gpu: amount } as never;
    expect(() => workspace.begin({ resources: offers })).toThrow(
      refusal('the resources of a run are whole numbers above 0, or true, by names'),
    );
    const { store } = workspace;
    expect(() => new Executor({ store, pools: [pool('a', offers)] })).toThrow(
      refusal('the offers of the pool "a" are whole numbers'),
    );
  });

  it.each(['', '1gpu', 'g pu', 'g=1', 'a'.repeat(65), 'é'])(
    'by the name %j are refused [DML-EXE-3160]',
    async (name) => {
      workspace = await Workspace.held();
      const offers = { [name]: 1 };
      expect(() => workspace.begin({ resources: offers })).toThrow(refusal('by names'));
      expect(() => workspace.begin().ask('f', [1], { needs: offers })).toThrow(refusal('"needs"'));
    },
  );

  it('need names of their own [DML-EXE-3164]', async () => {
    workspace = await Workspace.held();
    const { store } = workspace;
    for (const pools of [[pool('')], [pool('a'), pool('b'), pool('a')], [{}]])
      expect(() => new Executor({ store, pools: pools as never })).toThrow(refusal('a name of its own'));
  });

  it('do not go together [DML-EXE-3165]', async () => {
    await begin([pool('a')]);
    expect(() => workspace.begin({ resources: { gpu: 1 } })).toThrow(
      refusal('a run in pools takes no resources'),
    );
  });
});
