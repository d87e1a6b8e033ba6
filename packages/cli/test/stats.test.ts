import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const STEPS = `import { call } from '@daggerml/bindings';
export const load = (n: number): Uint8Array => new Uint8Array(n).map((_, i) => (i * 7919) >> 3);
export const size = (bytes: Uint8Array): number => bytes.length;
export const outer = async (n: number): Promise<number> => (await call(inner, n)) + 1;
export const inner = (n: number): number => n;
`;

interface Sums {
  readonly commits: number;
  readonly dags: readonly {
    dag: string;
    runs: number;
    executed: number;
    failed: number;
    executedMs: number;
    answered: number;
    savedMs: number;
  }[];
  readonly slowestCalls: readonly { call: string; execId: string; durationMs: number }[];
  readonly functions: readonly {
    functionName: string;
    calls: number;
    failed: number;
    totalMs: number;
    longestMs: number;
  }[];
  readonly sizes: readonly { dag: string; ownBytes: number; sharedBytes: number }[];
}

interface Exec {
  readonly startedMs: number;
  readonly finishedMs: number;
}

let repository: TestRepository;
let sums: Sums;
beforeAll(async () => {
  repository = await TestRepository.create();
  const define = (name: string, build: string): Promise<unknown> =>
    repository.define(name, build, { code: STEPS });
  await define(
    'first',
    '(dag) => [dag.call(steps.size, dag.call(steps.load, 50_000)), dag.call(steps.outer, 1)]',
  );
  await repository.ok('run', 'first.ts', '--no-cache');
  // Nothing changed: there is no commit.
  await repository.ok('run', 'first.ts');
  await define(
    'second',
    '(dag) => [dag.call(steps.size, dag.call(steps.load, 50_000)), dag.call(steps.load, 9_000)]',
  );
  sums = await repository.json<Sums>('stats');
});

/** Returns the time that the calls of a dag took, of which their ids are the beginning. */
async function timeOf(execIds: readonly string[]): Promise<number> {
  let sumMs = 0;
  for (const execId of execIds) {
    const { startedMs, finishedMs } = await repository.json<Exec>('show', execId);
    sumMs += finishedMs - startedMs;
  }
  return sumMs;
}

describe('dml stats', () => {
  it('counts what ran for a dag first and what was known before [DML-REP-0936]', () => {
    expect(sums.commits).toBe(3);
    expect(sums.dags).toMatchObject([
      { dag: 'first', runs: 2, executed: 8, failed: 0, answered: 0, savedMs: 0 },
      { dag: 'second', runs: 1, executed: 1, failed: 0, answered: 2 },
    ]);
  });

  it('sums the times of the calls that ran, and of those that the known ones had taken [DML-REP-0936]', async () => {
    const { calls, executedMs } = {
      calls: sums.slowestCalls,
      executedMs: sums.dags.map((dag) => dag.executedMs),
    };
    expect(calls).toHaveLength(9);
    expect(await timeOf(calls.map(({ execId }) => execId))).toBe((executedMs[0] ?? 0) + (executedMs[1] ?? 0));
    const known = await repository.json<{ nodes: { outcome?: { execId: string } }[] }>('show', 'first');
    const pinned = new Set(known.nodes.map(({ outcome }) => outcome?.execId));
    const taken = calls.filter(({ call, execId }) => pinned.has(execId) && /^(load|size)/.test(call));
    expect(taken).toHaveLength(2);
    expect(sums.dags[1]?.savedMs).toBe(await timeOf(taken.map(({ execId }) => execId)));
  });

  it('lists the slowest calls and sums over functions [DML-REP-0411] [DML-CLI-1871]', async () => {
    const durations = sums.slowestCalls.map(({ durationMs }) => durationMs);
    expect(durations).toEqual([...durations].sort((a, b) => b - a));
    const byName = Object.fromEntries(sums.functions.map(({ functionName: name, ...rest }) => [name, rest]));
    expect(Object.keys(byName).sort()).toEqual(['inner', 'load', 'outer', 'size']);
    expect(byName.load).toMatchObject({ calls: 3, failed: 0 });
    const loads = sums.slowestCalls.filter(({ call }) => call.startsWith('load'));
    const times = loads.map(({ durationMs }) => durationMs);
    expect(byName.load?.longestMs).toBe(Math.max(...times));
    expect(byName.load?.totalMs).toBe(times.reduce((sum, each) => sum + each, 0));
    const totals = sums.functions.map(({ totalMs }) => totalMs);
    expect(totals).toEqual([...totals].sort((a, b) => b - a));
  });

  it('counts calls that failed, that others had run, and dags that are gone [DML-REP-0936]', async () => {
    const other = await TestRepository.create();
    const code = `${STEPS}
export const boom = (n: number): number => { throw new RangeError(String(n)); };
export const brave = async (n: number): Promise<number> => call(boom, n).then(() => 1, () => 0);
`;
    const define = (name: string, build: string, text = code): Promise<unknown> =>
      other.define(name, build, { code: text });
    await define('late', '(dag) => dag.call(steps.brave, 5)');
    await define('gone', '(dag) => dag.call(steps.inner, 1)');
    await other.ok('dag', 'delete', 'gone');
    // The same values, by another node.
    await define('again', '(dag) => dag.call(steps.inner, dag.call(steps.size, dag.call(steps.load, 1)))');
    const { commits, dags, functions } = await other.json<Sums>('stats');
    expect(commits).toBe(4);
    expect(dags).toMatchObject([
      { dag: 'again', runs: 1, executed: 2, failed: 0, answered: 1 },
      { dag: 'gone', runs: 1, executed: 1, failed: 0, answered: 0 },
      { dag: 'late', runs: 1, executed: 2, failed: 1, answered: 0 },
    ]);
    expect(functions.map(({ functionName: name, calls, failed }) => [name, calls, failed]).sort()).toEqual([
      ['boom', 1, 1],
      ['brave', 1, 0],
      ['inner', 1, 0],
      ['load', 1, 0],
      ['size', 1, 0],
    ]);
    expect(await other.ok('stats')).toContain('1 failed');
  });

  it('counts the time of a call that had run for another branch [DML-REP-0936]', async () => {
    const other = await TestRepository.create();
    const define = (name: string, build: string): Promise<unknown> =>
      other.define(name, build, { code: STEPS });
    await define('base', '(dag) => 0');
    await other.ok('branch', 'side');
    await define('first', '(dag) => dag.call(steps.inner, 1)');
    const [ran] = (await other.json<Sums>('stats')).slowestCalls;
    await other.ok('switch', 'side');
    await define('second', '(dag) => dag.call(steps.inner, dag.call(steps.size, dag.call(steps.load, 1)))');
    expect((await other.json<Sums>('stats')).dags).toMatchObject([
      { dag: 'base' },
      { dag: 'second', executed: 2, answered: 1, savedMs: ran?.durationMs },
    ]);
  });

  it('lists ten calls at most [DML-REP-0411]', async () => {
    const other = await TestRepository.create();
    await other.define('many', '(dag) => Array.from({ length: 12 }, (_, n) => dag.call(steps.inner, n))', {
      code: STEPS,
    });
    const { slowestCalls, functions } = await other.json<Sums>('stats');
    expect(slowestCalls).toHaveLength(10);
    expect(functions).toMatchObject([{ functionName: 'inner', calls: 12 }]);
  });

  it('measures the bytes of dags, each object once [DML-REP-0412]', async () => {
    const [first, second] = sums.sizes;
    expect(first?.dag).toBe('first');
    // The bytes of the large value belong to both.
    expect(first?.sharedBytes).toBe(second?.sharedBytes);
    expect(first?.sharedBytes).toBeGreaterThan(50_000);
    expect(first?.sharedBytes).toBeLessThan(70_000);
    expect(second?.ownBytes).toBeGreaterThan(9_000);
    expect(second?.ownBytes).toBeLessThan(20_000);
    expect(first?.ownBytes).toBeLessThan(9_000);
  });

  it('prints them for people, of one dag where it is named [DML-CLI-1870]', async () => {
    const all = await repository.ok('stats');
    expect(all).toMatch(/^3 commits of the current branch\n\ndags\n {2}first +2 runs +8 executed in /);
    expect(all).toMatch(/\n {2}second +1 run +1 executed in \d.* 2 known before, which saved /);
    expect(all).toMatch(/\nbytes now\n {2}first +\S+ \S+ of its own +\S+ KiB with other dags\n {2}second /);
    const one = await repository.ok('stats', 'second');
    expect(one).not.toContain('first');
    expect((await repository.json<Sums>('stats', 'second')).sizes).toEqual([sums.sizes[1]]);
    expect(await repository.refusal(3, ['stats', 'third'])).toContain('has no dag "third"');
  });

  it('has nothing to say of a branch without a commit', async () => {
    const empty = new TestRepository();
    await empty.ok('init');
    const { exitCode, stderr } = await empty.dml(['stats']);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('no commit yet')]);
  });
});
