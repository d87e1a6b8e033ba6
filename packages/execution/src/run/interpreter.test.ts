import type { ExecId } from '@daggerml/object-model';
import { afterEach, describe, expect, it } from 'vitest';
import { keyOf, Workspace } from '../../test/workspace.ts';
import type { MemoryAdapterOptions } from '../testing/memory-adapter.ts';

let workspace: Workspace;
afterEach(() => workspace.close());

const functions = {
  half: (n: number) => n / 2,
  list: (n: number) => Array.from({ length: n }, (_, index) => `entry ${index}`),
  fail: () => {
    throw new Error('no');
  },
  wait: () => new Promise(() => {}),
};

async function open(options: Partial<MemoryAdapterOptions> = {}, more: object = {}): Promise<void> {
  workspace = await Workspace.memory({ functions, ...options }, more);
}

/** What the adapter was asked, in short. */
function asked(): string[] {
  return workspace.adapter.asked.map((each) =>
    'token' in each ? `poll ${each.token}` : `submit ${each.attempt}`,
  );
}

describe('a call of an adapter', () => {
  it('ends right through answers that are late, lost and incomplete [DML-EXE-2330]', async () => {
    await open({ troubles: ['pending', 'pending', 'lost', 'pending', 'incomplete'] });
    const run = workspace.begin();
    const node = run.ask('list', [700]);
    expect(await run.outcome(node)).toEqual(functions.list(700));
    expect(asked()).toEqual([
      'submit 1',
      'poll token 0',
      'poll token 1',
      'submit 2',
      'poll token 2',
      'poll token 2',
    ]);
    expect(workspace.events.map((event) => [event.type, 'code' in event ? event.code : ''])).toEqual([
      ['call-started', ''],
      ['call-retried', 'unreachable'],
      ['call-started', ''],
      ['call-retried', 'integrate_failed'],
      ['call-finished', ''],
    ]);
    expect(workspace.dangling(node.execId as ExecId)).toEqual([]);
    expect(workspace.store.cacheEntries(keyOf(node))).toEqual([node.execId]);
  });

  it('is not polled before the pause that the answer names [DML-EXE-2332]', async () => {
    workspace = await Workspace.held();
    const polledMs: number[] = [];
    const run = workspace.begin();
    const { held } = workspace;
    held.poll = ([poll]) => {
      polledMs.push(performance.now());
      held.end(1, poll);
    };
    const node = run.ask('half', [1]);
    await Promise.resolve();
    const sinceMs = performance.now();
    held.answer({ type: 'pending', token: 'only', pollAfterMs: 40 });
    expect(await run.outcome(node)).toBe(1);
    // A timer may fire up to a millisecond early.
    expect(polledMs.filter((ms) => ms - sinceMs >= 39)).toHaveLength(1);
    expect(polledMs).toHaveLength(1);
  });

  it('whose result is not there is not integrated [DML-EXE-2331]', async () => {
    await open({ troubles: ['incomplete', 'incomplete', 'incomplete'] });
    const run = workspace.begin();
    const node = run.ask('half', [9]);
    expect(await run.outcome(node)).toMatchObject({ code: 'integrate_failed', class: 'infrastructure' });
    expect([asked(), node.execId]).toEqual([['submit 1', 'submit 2', 'submit 3'], undefined]);
    expect(workspace.store.cacheEntries(keyOf(node))).toEqual([]);
    expect(run.counts).toEqual({ failed: 1 });
  });

  it('takes the first answer alone, and none once it has ended [DML-EXE-2333]', async () => {
    workspace = await Workspace.held();
    const run = workspace.begin();
    const [answered, stopped] = [run.ask('half', [1]), run.ask('half', [2])];
    const { held: adapter } = workspace;
    await Promise.resolve();
    adapter.end('first', answered);
    adapter.end('second', answered);
    expect(await run.outcome(answered)).toBe('first');
    adapter.end('third', answered);
    run.open.cancel('enough');
    adapter.end('late', stopped);
    expect(await run.outcome(stopped)).toMatchObject({ code: 'cancelled' });
    expect([run.counts, stopped.execId]).toEqual([{ executed: 1, cancelled: 1 }, undefined]);
  });

  it('waits while as many are unanswered as the adapter takes [DML-EXE-2334]', async () => {
    await open({ capacity: 3, troubles: ['pending'] });
    const run = workspace.begin();
    const nodes = Array.from({ length: 300 }, (_, index) => run.ask('half', [index]));
    expect(await Promise.all(nodes.map((node) => run.outcome(node)))).toEqual(
      nodes.map((_, index) => index / 2),
    );
    const { maxUnanswered, batchSizes } = workspace.adapter;
    expect([maxUnanswered, Math.max(...batchSizes)]).toEqual([3, 3]);
  });

  it('is submitted together with the others of its turn', async () => {
    await open({ capacity: 1000 });
    const run = workspace.begin();
    const nodes = Array.from({ length: 50 }, (_, index) => run.ask('half', [index]));
    for (const node of nodes) await run.outcome(node);
    expect(workspace.adapter.batchSizes).toEqual([50]);
  });
});

describe('a run', () => {
  it('reports events in one envelope: run, number and time [DML-EXE-2335]', async () => {
    let nowMs = 1000;
    await open({}, { nowMs: () => nowMs++ });
    const runIds = new Set<string>();
    for (const workName of ['one', 'two']) {
      const run = workspace.begin({ workName });
      for (const node of [run.ask('half', [workName.length]), run.ask('fail', [workName])])
        await run.outcome(node);
      const { events } = workspace;
      expect(events.length).toBeGreaterThan(2);
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index));
      const times = events.map(({ timeMs }) => timeMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(1000);
      expect(Math.max(...times)).toBeLessThan(nowMs);
      expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
      runIds.add(events[0]?.runId as string);
    }
    expect(runIds.size).toBe(2);
  });

  it('is cancelled when its signal is aborted, before or while it goes on [DML-EXE-2336]', async () => {
    await open();
    const aborted = workspace.begin({ signal: AbortSignal.abort('too late') });
    expect(await aborted.outcome(aborted.ask('half', [1]))).toMatchObject({
      code: 'cancelled',
      message: 'too late',
    });
    const controller = new AbortController();
    const run = workspace.begin({ signal: controller.signal });
    const done = run.ask('half', [2]);
    await run.outcome(done);
    const [waiting, dependent] = [run.ask('wait', []), run.ask('half', [done])];
    const later = run.ask('half', [waiting]);
    await Promise.resolve();
    controller.abort(new Error('enough'));
    for (const node of [waiting, dependent, later, run.ask('half', [4])])
      expect(await run.outcome(node)).toMatchObject({ code: 'cancelled', message: 'enough' });
    expect(() => run.open.run.assertOpen()).toThrow(expect.objectContaining({ code: 'cancelled' }));
    expect(await run.outcome(done)).toBe(1);
    expect(run.open.index.scope().getPin(done.nodeId)).toBe(done.execId);
  });
});
