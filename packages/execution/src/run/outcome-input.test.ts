import { OUTCOME_URI } from '@daggerml/object-model';
import { afterEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';

let workspace: Workspace;
let isBroken = true;
afterEach(() => workspace.close());

const functions = {
  same: (value: unknown) => value,
  flaky: (n: number) => {
    if (isBroken) throw new Error('broken');
    return n;
  },
};

async function open(): Promise<void> {
  isBroken = true;
  workspace = await Workspace.memory({ functions });
}

describe('a node that takes outcomes', () => {
  it('has the outcome of its input as input value and in its key [DML-EXE-3140]', async () => {
    await open();
    const run = workspace.begin();
    const failed = run.builtin(OUTCOME_URI, [run.ask('flaky', [1])]);
    const value = await run.outcome(failed);
    const { inputs } = run.open.objects.read('exec', failed.execId as never);
    expect(inputs).toEqual([failed.valueId]);
    // A value that looks like the failure is another outcome.
    const alike = run.builtin(OUTCOME_URI, [run.ask('same', [value])]);
    expect(await run.outcome(alike)).toEqual({ status: 'ok', value });
    await run.open.close();
    isBroken = false;
    const again = workspace.begin({ workName: 'again' });
    const mended = again.builtin(OUTCOME_URI, [again.ask('flaky', [1], { retryFailed: true })]);
    expect(await again.outcome(mended)).toEqual({ status: 'ok', value: 1 });
    expect(mended.nodeId).toBe(failed.nodeId);
    expect(again.open.objects.read('exec', mended.execId as never).inputs).toEqual([mended.valueId]);
  });

  it('has a value, or code and message of a failure without its trace [DML-EXE-3141]', async () => {
    workspace = await Workspace.create(
      'export const fail = (): never => { throw new RangeError("no"); }; export const one = () => [1, "a"];',
    );
    const run = workspace.begin();
    const call = run.call('fail', []);
    const outcomes = [call, run.call('one', []), run.builtin('dml://list/get', [[], 0])].map((node) =>
      run.outcome(run.builtin(OUTCOME_URI, [node])),
    );
    expect(await Promise.all(outcomes)).toEqual([
      { status: 'error', error: { code: 'function_threw', message: 'RangeError: no' } },
      { status: 'ok', value: [1, 'a'] },
      { status: 'error', error: { code: 'missing_element', message: expect.stringContaining('list/get') } },
    ]);
    expect(call.failure?.trace).not.toEqual([]);
  });

  it('names what kept its input from running, however far away [DML-EXE-3143]', async () => {
    await open();
    const run = workspace.begin();
    const far = run.ask('same', [run.ask('same', [run.ask('flaky', [1])])]);
    const message = 'Error: broken';
    const cause = { code: 'function_threw', message };
    expect(await run.outcome(run.builtin(OUTCOME_URI, [far]))).toEqual({
      status: 'error',
      error: { code: 'input_failed', message, cause },
    });
    expect(far.execId).toBeUndefined();
  });

  it.each(['a lost call', 'what a lost call kept from running'])(
    'fails for %s [DML-EXE-3142]',
    async (which) => {
      workspace = await Workspace.memory({ functions, troubles: ['lost'] });
      const run = workspace.begin();
      const lost = run.ask('same', [1], { retries: 0 });
      const input = which === 'a lost call' ? lost : run.builtin('dml://list/construct', [lost]);
      const node = run.builtin(OUTCOME_URI, [input]);
      expect(await run.outcome(node)).toMatchObject({ code: 'input_failed', class: 'input' });
      expect([node.failure?.originNodeId, node.execId]).toEqual([lost.nodeId, undefined]);
    },
  );

  it('fails when its input is cancelled [DML-EXE-3142]', async () => {
    workspace = await Workspace.held();
    const run = workspace.begin();
    const node = run.builtin(OUTCOME_URI, [run.ask('same', [1])]);
    await Promise.resolve();
    run.open.cancel('stop');
    expect(await run.outcome(node)).toMatchObject({ code: 'cancelled' });
  });

  it('takes exactly one', async () => {
    await open();
    const run = workspace.begin();
    expect(await run.outcome(run.builtin(OUTCOME_URI, [1, 2]))).toMatchObject({ code: 'wrong_arity' });
  });
});

describe('a failure that is pinned', () => {
  /** Commits a failure of a call. */
  async function failure(workName: string): Promise<never> {
    await open();
    const run = workspace.begin({ workName });
    await run.outcome(run.ask('flaky', [5]));
    const { ref } = run.open.index;
    await run.open.close();
    isBroken = false;
    return workspace.store.getRef(ref)?.commitId as never;
  }

  it('gives way to a success that is pinned for the work in progress [DML-EXE-3150]', async () => {
    const base = await failure('first');
    const retried = workspace.begin({ base, workName: 'second' });
    expect(await retried.outcome(retried.ask('flaky', [5], { cache: false }))).toBe(5);
    await retried.open.close();
    const run = workspace.begin({ base, workName: 'second' });
    expect(await run.outcome(run.ask('flaky', [5]))).toBe(5);
    expect(run.counts).toEqual({ cached: 1 });
  });

  it('gives way to a success that is known for its key [DML-EXE-3150]', async () => {
    const base = await failure('first');
    const retried = workspace.begin({ workName: 'third' });
    const five = retried.ask('same', [5]);
    expect(await retried.outcome(retried.ask('flaky', [five], { cache: false }))).toBe(5);
    await retried.open.close();
    const run = workspace.begin({ base, workName: 'fourth' });
    expect(await run.outcome(run.ask('flaky', [5]))).toBe(5);
    expect(run.counts).toEqual({ cached: 1 });
  });

  it('answers where nothing else is known', async () => {
    const base = await failure('first');
    const run = workspace.begin({ base, workName: 'fifth' });
    expect(await run.outcome(run.ask('flaky', [5]))).toMatchObject({ message: 'Error: broken' });
    expect(workspace.adapter.asked).toEqual([]);
  });
});
