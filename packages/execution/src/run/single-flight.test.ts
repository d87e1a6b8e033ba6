import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeldAdapter } from '../../test/held-adapter.ts';
import { keyOf, type TestRun, Workspace } from '../../test/workspace.ts';
import type { Submission } from '../adapters/port.ts';

const steps = `
export const seed = (n: number) => n;
export const work = (n: number) => n;
`;

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.held();
  workspace.write(steps);
});
afterAll(() => workspace.close());

/** Lets what was submitted in this turn reach the adapter. */
const turn = (): Promise<void> => Promise.resolve();

type Begun = [run: TestRun, adapter: HeldAdapter];

/** Begins two runs, each with an adapter of its own. */
function begin(workName: string): [Begun, Begun] {
  return ['one', 'two'].map((name) => {
    const run = workspace.begin({ workName: `${workName} ${name}` });
    return [run, workspace.held];
  }) as [Begun, Begun];
}

describe('calls with the same execution key', () => {
  it('share a run that has ended and is not kept yet [DML-EXE-0712]', async () => {
    const [[run, runner]] = begin('ended');
    const seed = run.call('seed', [1]);
    const nodes = [run.call('work', [run.call('seed', [2])]), run.call('work', [seed])];
    await turn();
    runner.end(7);
    expect(runner.names).toEqual(['seed', 'work']);
    runner.end('made');
    // The value of the seed is the same, and nothing was written since the call ended.
    runner.end(7);
    expect(runner.names).toEqual([]);
    expect(await Promise.all(nodes.map((node) => run.outcome(node)))).toEqual(['made', 'made']);
    expect(run.counts).toEqual({ executed: 3, cached: 1 });
  });

  it('share one run between runs of one Executor [DML-EXE-0712]', async () => {
    const [[one, its], [two, others]] = begin('both');
    const nodes = [one.call('work', ['both']), two.call('work', ['both'])] as const;
    await turn();
    expect([its.names, others.names]).toEqual([['work'], []]);
    its.end('shared');
    expect(await Promise.all([one.outcome(nodes[0]), two.outcome(nodes[1])])).toEqual(['shared', 'shared']);
    expect([one.counts, two.counts, others.names]).toEqual([{ executed: 1 }, { cached: 1 }, []]);
  });

  it('wait for earlier runs alone where a function waits for them [DML-EXE-3851]', async () => {
    const [[one, its], [two, others]] = begin('nested');
    for (const [run, input] of [
      [one, 'n1'],
      [one, 'n10'],
      [two, 'n2'],
      [two, 'n20'],
    ] as const)
      run.call('work', [input]);
    await turn();
    // Each makes a call that the other run is to make, and may not get to as long as its function waits.
    others.nest('n10', others.held[0] as Submission);
    its.nest('n20', its.held[0] as Submission);
    await turn();
    expect([its.names.length, others.names.length]).toEqual([3, 2]);
    its.end('own');
    await expect.poll(() => its.nestedAnswers).toEqual(['value']);
    its.end('theirs');
    await expect.poll(() => others.nestedAnswers).toEqual(['value']);
  });

  it('wait no longer for a later run once a function waits for them', async () => {
    const [[one, its], [two, others]] = begin('raised');
    two.call('work', ['r20']);
    await turn();
    one.call('work', ['r20']);
    one.call('work', ['r1']);
    await turn();
    expect([its.names.length, others.names.length]).toEqual([1, 1]);
    its.nest('r20', its.held[0] as Submission);
    await expect.poll(() => its.names.length).toBe(2);
    its.end('own');
    await expect.poll(() => its.nestedAnswers).toEqual(['value']);
  });

  it('run in another run when the one that they waited for came to nothing', async () => {
    const [[one, its], [two, others]] = begin('lost');
    const nodes = [
      one.call('work', ['lost'], { retries: 0 }),
      two.call('work', ['lost']),
      one.call('work', ['closed']),
      two.call('work', ['closed']),
    ] as const;
    await turn();
    expect([its.names, others.names]).toEqual([['work', 'work'], []]);
    const [lost] = its.held.splice(0, 1) as [Submission];
    its.answer({ type: 'failed', isRetryable: true, code: 'worker_lost', reason: 'gone' }, lost);
    await turn();
    expect(others.names).toEqual(['work']);
    await one.open.close();
    expect(others.names).toEqual(['work', 'work']);
    others.end('of another');
    others.end('again');
    expect(await two.outcome(nodes[1])).toEqual('again');
    expect(await two.outcome(nodes[3])).toEqual('of another');
    expect(nodes[0].failure?.code).toBe('worker_lost');
    expect(nodes[2].failure?.code).toBe('cancelled');
  });

  it('run although another has just ended when they are to run in any case [DML-EXE-0709]', async () => {
    const [[run, runner]] = begin('anew');
    const seed = run.call('seed', [3]);
    const again = run.call('work', [seed], { cache: false });
    const first = run.call('work', ['same']);
    await turn();
    runner.end('first');
    runner.end('same');
    expect(runner.names).toEqual(['work']);
    runner.end('second');
    expect([await run.outcome(first), await run.outcome(again)]).toEqual(['first', 'second']);
    const known = workspace.store.cacheEntries(keyOf(first));
    expect(new Set(known)).toEqual(new Set([first.execId, again.execId]));
  });

  it('run although another has just failed when failures are to be retried [DML-EXE-0711]', async () => {
    const [[run, runner]] = begin('retried');
    const seeds = [run.call('seed', [4]), run.call('seed', [5])];
    const nodes = [run.call('work', [seeds[0]], { retryFailed: true }), run.call('work', [seeds[1]])];
    const first = run.call('work', ['failing']);
    await turn();
    const failure = { code: 'function_threw', message: 'no', trace: [] };
    runner.answer({ type: 'done', outcome: 'error', failure });
    runner.end('failing');
    runner.end('failing');
    expect(runner.names).toEqual(['work']);
    runner.end('now');
    expect(await run.outcome(first)).toMatchObject({ message: 'no' });
    expect(await run.outcome(nodes[1]!)).toMatchObject({ message: 'no' });
    expect(await run.outcome(nodes[0]!)).toBe('now');
  });
});
