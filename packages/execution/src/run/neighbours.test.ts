import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, type Store } from '@daggerml/store';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { HeldAdapter } from '../../test/held-adapter.ts';
import { keyOf, TestRun, Workspace } from '../../test/workspace.ts';
import type { AdapterContext, ExecutionAdapter, Submission } from '../adapters/port.ts';
import { Executor } from '../executor.ts';
import type { RunEvent } from './events.ts';
import type { RunNode } from './run-node.ts';

/** However slow the machine is. */
const eventually = <T>(get: () => T) => expect.poll(get, { timeout: 50_000 });

const steps = `
export const work = (n: number) => n;
export const more = (n: number) => n;
`;

interface Party {
  readonly run: TestRun;
  readonly adapter: HeldAdapter;
  readonly store: Store;
  readonly executor: Executor;
  readonly events: RunEvent[];
}

/** Two runs of Executors that have the repository open each by itself, as two processes have. */
async function twoRuns(width?: number): Promise<[Party, Party]> {
  const workspace = await Workspace.held();
  afterTests('test', () => workspace.close());
  workspace.write(steps);
  const parties: Party[] = [];
  for (const name of ['one', 'two']) {
    const store = await openStore(join(workspace.folder, 'store'), { mode: 'write' });
    let adapter: HeldAdapter | undefined;
    const startAdapter = (context: AdapterContext): ExecutionAdapter => {
      adapter = Object.assign(new HeldAdapter(context), { traitsOf: () => ({ width }) });
      return adapter;
    };
    const executor = new Executor({ store, startAdapter, retryPauses: { baseMs: 1, maxMs: 2 } });
    afterTests('test', async () => {
      await executor.close();
      await store.close();
    });
    const events: RunEvent[] = [];
    const open = executor.openRun({
      workName: name,
      base: undefined,
      actor: name,
      onEvent: (event) => events.push(event),
    });
    const run = new TestRun(open, workspace.begin().reference('work').moduleUrl);
    parties.push({ run, adapter: adapter as unknown as HeldAdapter, store, executor, events });
  }
  return parties as [Party, Party];
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const isMarked = ({ store }: Party, node: RunNode): boolean =>
  store.marks.foreign(new Set([keyOf(node)])).size > 0;
const failed = { type: 'failed', isRetryable: true, code: 'worker_lost', reason: 'gone' } as const;
const threw = { code: 'function_threw', message: 'no', trace: [] };

describe('a call that another process runs', () => {
  it('is not submitted, and takes the outcome [DML-EXE-3001]', async () => {
    const [one, two] = await twoRuns();
    const first = one.run.call('work', [1]);
    await turn();
    const same = two.run.call('work', [1]);
    const other = two.run.call('more', [1]);
    await turn();
    expect([one.adapter.names, two.adapter.names]).toEqual([['work'], ['more']]);
    one.adapter.end('made');
    two.adapter.end('own');
    expect(await one.run.outcome(first)).toBe('made');
    expect(await Promise.all([two.run.outcome(same), two.run.outcome(other)])).toEqual(['made', 'own']);
    expect([one.run.counts, two.run.counts]).toEqual([{ executed: 1 }, { executed: 1, cached: 1 }]);
  });

  it('takes its failure as well', async () => {
    const [one, two] = await twoRuns();
    const first = one.run.call('work', [1]);
    await turn();
    const same = two.run.call('work', [1]);
    await turn();
    one.adapter.answer({ type: 'done', outcome: 'error', failure: threw });
    await one.run.open.run.settled(first);
    await two.run.open.run.settled(same);
    expect(same.failure).toMatchObject({ class: 'deterministic', code: 'function_threw', message: 'no' });
    expect(two.adapter.names).toEqual([]);
  });

  it('is answered by what was kept since it was looked up [DML-EXE-3002]', async () => {
    const [one, two] = await twoRuns(1);
    // The adapter takes four calls, the fifth has been looked up and waits.
    const many = [1, 2, 3, 4, 5].map((input) => two.run.call('more', [input]));
    await turn();
    expect(two.adapter.names).toHaveLength(4);
    const first = one.run.call('more', [5]);
    await turn();
    one.adapter.end('made');
    expect(await one.run.outcome(first)).toBe('made');
    for (const value of [4, 3, 2, 1]) two.adapter.end(value);
    expect(await two.run.outcome(many[4] as RunNode)).toBe('made');
    expect(two.run.counts).toEqual({ executed: 4, cached: 1 });
  });

  it('runs all the same when it is to run in any case, and others take that outcome [DML-EXE-3003]', async () => {
    const [one, two] = await twoRuns();
    const first = one.run.call('work', [1]);
    await turn();
    const forced = two.run.call('work', [1], { cache: false });
    await turn();
    expect(two.adapter.names).toEqual(['work']);
    two.adapter.end('forced');
    expect(await two.run.outcome(forced)).toBe('forced');
    one.adapter.end('first');
    expect(await one.run.outcome(first)).toBe('first');
    const again = one.run.call('more', [1], { cache: false });
    await turn();
    const waiting = two.run.call('more', [1]);
    await turn();
    expect(two.adapter.names).toEqual([]);
    one.adapter.end('new');
    expect(await Promise.all([one.run.outcome(again), two.run.outcome(waiting)])).toEqual(['new', 'new']);
  });

  it('stays marked until its outcome is kept, or it ends without one [DML-EXE-3004]', async () => {
    const [one, two] = await twoRuns();
    const [kept, lost, stopped] = [1, 2, 3].map((input) => one.run.call('work', [input], { retries: 1 })) as [
      RunNode,
      RunNode,
      RunNode,
    ];
    await turn();
    const [toKeep, toLose] = [...one.adapter.held] as [Submission, Submission];
    one.adapter.end('made', toKeep);
    one.adapter.answer(failed, toLose);
    // Made, and not kept yet; lost once, and to be attempted again.
    expect([kept, lost, stopped].map((node) => isMarked(two, node))).toEqual([true, true, true]);
    await one.run.outcome(kept);
    expect([kept, lost, stopped].map((node) => isMarked(two, node))).toEqual([false, true, true]);
    await eventually(() => one.adapter.held.length).toBe(4);
    one.adapter.answer(failed);
    await one.run.open.run.settled(lost);
    await turn();
    expect([lost, stopped].map((node) => isMarked(two, node))).toEqual([false, true]);
    await one.run.open.close();
    expect(isMarked(two, stopped)).toBe(false);
  });

  it('runs here once that process has given it up, failed or ended [DML-EXE-3005]', async () => {
    const [one, two] = await twoRuns();
    const theirs = [1, 2, 3].map((input) => one.run.call('work', [input], { retries: 0 }));
    await turn();
    const own = [1, 2, 3].map((input) => two.run.call('work', [input]));
    await turn();
    expect(two.adapter.names).toEqual([]);
    one.adapter.answer(failed, one.adapter.held[0] as Submission);
    await one.run.open.run.settled(theirs[0] as RunNode);
    await eventually(() => two.adapter.names).toEqual(['work']);
    // Ends the run, then the process.
    one.run.open.cancel('enough');
    await eventually(() => two.adapter.names).toEqual(['work', 'work', 'work']);
    await one.executor.close();
    for (const submission of [...two.adapter.held]) two.adapter.end('mine', submission);
    for (const node of own) expect(await two.run.outcome(node)).toBe('mine');
    await one.store.close();
    expect(readdirSync(two.store.path).filter((name) => name.startsWith('marks-'))).toHaveLength(1);
  });

  it('is taken out of its own run alone when that is cancelled', async () => {
    const [one, two] = await twoRuns();
    const first = one.run.call('work', [1]);
    await turn();
    const waiting = two.run.call('work', [1]);
    await turn();
    two.run.open.cancel('enough');
    await two.run.open.run.settled(waiting);
    expect(waiting.failure?.code).toBe('cancelled');
    expect(isMarked(two, first)).toBe(true);
    one.adapter.end('made');
    expect(await one.run.outcome(first)).toBe('made');
  });

  it('is reported with the process that runs it [DML-EXE-3007]', async () => {
    const [one, two] = await twoRuns();
    const first = one.run.call('work', [1]);
    await turn();
    const same = two.run.call('work', [1]);
    await turn();
    const { nodeId } = same;
    expect(two.events).toContainEqual(
      expect.objectContaining({ type: 'call-elsewhere', nodeId, pid: process.pid }),
    );
    one.adapter.end('made');
    await one.run.outcome(first);
    await two.run.outcome(same);
    expect(two.events.map(({ type }) => type)).toEqual(['call-elsewhere', 'call-finished']);
  });

  it('runs when it waited for a failure and asks to retry those [DML-EXE-3008]', async () => {
    const [one, two] = await twoRuns();
    const first = one.run.call('work', [1]);
    await turn();
    const retried = two.run.call('work', [1], { retryFailed: true });
    await turn();
    expect(two.adapter.names).toEqual([]);
    one.adapter.answer({ type: 'done', outcome: 'error', failure: threw });
    await one.run.open.run.settled(first);
    await eventually(() => two.adapter.names).toEqual(['work']);
    two.adapter.end('better');
    expect(await two.run.outcome(retried)).toBe('better');
  });
});

describe('a call that a function waits for', () => {
  it('waits for processes that go first alone, so that none waits for itself [DML-EXE-3850]', async () => {
    const [first, second] = (await twoRuns()).sort((a, b) =>
      a.store.sessionId < b.store.sessionId ? -1 : 1,
    ) as [Party, Party];
    // Each makes a call that the other one is to run, and may not get to as long as its function waits.
    for (const { run } of [first, second]) run.call('work', [run === first.run ? 1 : 2]);
    await turn();
    for (const { run } of [first, second]) run.call('work', [run === first.run ? 10 : 20]);
    await turn();
    const [outer] = first.adapter.held as [Submission];
    const [other] = second.adapter.held as [Submission];
    second.adapter.nest(10, other);
    first.adapter.nest(20, outer);
    await turn();
    expect([first.adapter.held.length, second.adapter.held.length]).toEqual([3, 2]);
    first.adapter.end('nested');
    await eventually(() => first.adapter.nestedAnswers).toEqual(['value']);
    first.adapter.end('theirs');
    await eventually(() => second.adapter.nestedAnswers).toEqual(['value']);
  });

  it('waits no longer for those that do not once a function waits for it', async () => {
    const [first, second] = (await twoRuns()).sort((a, b) =>
      a.store.sessionId < b.store.sessionId ? -1 : 1,
    ) as [Party, Party];
    second.run.call('work', [20]);
    await turn();
    first.run.call('work', [20]);
    first.run.call('work', [1]);
    await turn();
    const [outer] = first.adapter.held as [Submission];
    expect(first.adapter.held).toHaveLength(1);
    first.adapter.nest(20, outer);
    await eventually(() => first.adapter.held.length).toBe(2);
    first.adapter.end('own');
    await eventually(() => first.adapter.nestedAnswers).toEqual(['value']);
  });
});

describe('an adapter', () => {
  it('is asked about as much as it does in a while, so that others find something to do [DML-EXE-3006]', async () => {
    const [one] = await twoRuns(3);
    for (let input = 0; input < 200; input += 1) one.run.call('work', [input]);
    await turn();
    expect(one.adapter.held).toHaveLength(12);
    for (let answered = 0; answered < 12; answered += 1) one.adapter.end(answered);
    await turn();
    // As many as it has answered in less than 50 ms, twice; four times its width where that took longer.
    expect(one.adapter.held.length).toBeGreaterThanOrEqual(12);
    expect(one.adapter.held.length).toBeLessThanOrEqual(24);
    await new Promise((resolve) => setTimeout(resolve, 120));
    one.adapter.end('late');
    await turn();
    expect(one.adapter.held.length).toBeLessThanOrEqual(24);
    const [, two] = await twoRuns();
    for (let input = 0; input < 200; input += 1) two.run.call('work', [input]);
    await turn();
    expect(two.adapter.held).toHaveLength(200);
  });
});
