import type { CommitId } from '@daggerml/object-model';
import { applyExcision, headRef, planExcision } from '@daggerml/store';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

interface Line {
  readonly commitId: string;
  readonly message: string;
  readonly parentCommitIds: readonly string[];
  readonly authoredMs: number;
}

interface Table {
  readonly runs: readonly {
    readonly commitId: string;
    readonly authoredMs: number;
    readonly values: object;
  }[];
}

const STEPS = `export const add = (a: number, b: number): number => a + b;
export const now = (): number => Math.random();
`;

const build = (by: number): string =>
  `(dag) => { dag.metric('sum', dag.call(steps.add, ${by}, 1)); return ${by}; }`;

let repository: TestRepository;
/** Commits by what was done: Ada and Ben ran the same pipeline after `base`, Ben merged, and Ada went on. */
const made: Record<string, string> = {};
beforeAll(async () => {
  repository = await TestRepository.create();
  const run = async (name: string, dag: string, by: number): Promise<void> => {
    const { commitId } = await repository.define(dag, build(by), { code: STEPS });
    made[name] = commitId;
  };
  await run('base', 'model', 1);
  await repository.ok('branch', 'ben');
  await run('ada', 'big', 7);
  await repository.ok('switch', 'ben');
  await run('ben', 'model', 2);
  await repository.ok('merge', 'ben', 'main');
  made.merge = (await repository.ok('ref', 'ben')).trim();
  await repository.ok('merge', 'main', 'ben');
  await repository.ok('switch', 'main');
  await run('last', 'model', 3);
});

const namesOf = (ids: readonly string[]): (string | undefined)[] =>
  ids.map((id) => Object.keys(made).find((name) => made[name] === id));
const log = (...words: string[]): Promise<Line[]> => repository.json<Line[]>('log', ...words);
const logged = async (...words: string[]): Promise<unknown> =>
  namesOf((await log(...words)).map(({ commitId }) => commitId));
const tabled = async (...words: string[]): Promise<unknown> =>
  namesOf((await repository.json<Table>('table', ...words)).runs.map(({ commitId }) => commitId));

describe('dml log of a merged branch', () => {
  it('lists each commit of every side once, newest first [DML-CLI-3840] [DML-REP-0930]', async () => {
    expect(await logged()).toEqual(['last', 'merge', 'ben', 'ada', 'base']);
    expect(await logged('-n', '3')).toEqual(['last', 'merge', 'ben']);
    expect(await repository.ok('log', '-n', '2')).toContain(
      `\nmerge  ${made.ben?.slice(0, 12)} ${made.ada?.slice(0, 12)}\n`,
    );
  });

  it('follows first parents where that is asked for [DML-CLI-3841]', async () => {
    expect(await logged('--first-parent')).toEqual(['last', 'merge', 'ben', 'base']);
    expect(await logged('--first-parent', '-n', '2', 'ben')).toEqual(['merge', 'ben']);
  });

  it('lists no commit before one that came after it, whatever the clocks said [DML-REP-0930]', async () => {
    const other = await TestRepository.create();
    const plant = async (name: string, committedMs: number): Promise<void> => {
      const parent = (await other.ok('ref', name)).trim() as CommitId;
      const message = `${name} at ${committedMs}`;
      await other.plantCommit(headRef(name), { message, committedMs, parentCommitIds: [parent] });
    };
    await other.run('sums');
    await plant('main', 50);
    await other.ok('branch', 'side');
    await plant('main', 10);
    await plant('side', 9_000);
    await plant('side', 20);
    await other.ok('merge', 'main', 'side');
    const messages = (await other.json<Line[]>('log')).map(({ message }) => message);
    expect(messages.slice(1)).toEqual(['side at 20', 'side at 9000', 'main at 10', 'main at 50', 'run sums']);
  });

  it('goes on with the other sides where a commit was excised, and ends with that [DML-REP-0932]', async () => {
    const other = await TestRepository.create();
    await other.run('sums');
    await other.ok('branch', 'side');
    await other.run('values');
    await other.ok('switch', 'side');
    const { commitId } = await other.run('raw');
    await other.ok('switch', 'main');
    await other.ok('merge', 'side');
    await other.run('report');
    await other.ok('branch', '--delete', 'side');
    await other.withStore(async (store) => {
      const plan = await planExcision(store, {
        objects: [{ class: 'commit', objectId: commitId as CommitId }],
      });
      applyExcision(store, plan, { reason: 'secret', message: 'it held a key', actor: 'ada' });
    }, 'write');
    const lines = await other.json<(Line & { excised?: object })[]>('log');
    expect(lines.map(({ message, excised }) => excised ?? message)).toEqual([
      'run report',
      'merge side',
      'run values',
      'run sums',
      expect.objectContaining({ reason: 'secret' }),
    ]);
  });
});

describe('what goes through a merged history', () => {
  it('lists each run once with the commit that made it [DML-REP-0933]', async () => {
    expect(await tabled('model')).toEqual(['last', 'ben', 'base']);
    expect(await tabled('big')).toEqual(['ada']);
    expect(await tabled('main~1:model')).toEqual(['ben', 'base']);
    const { points } = await repository.json<{ points: { y: number }[] }>('plot', 'model', 'sum');
    expect(points.map(({ y }) => y)).toEqual([2, 3, 4]);
  });

  it('lists the runs of both sides also where a merge took one of them [DML-REP-0933]', async () => {
    const other = await TestRepository.create();
    const run = async (by: number): Promise<string> =>
      (await other.define('model', build(by), { code: STEPS })).commitId;
    const base = await run(1);
    await other.ok('branch', 'ben');
    const ada = await run(2);
    await other.ok('switch', 'ben');
    const ben = await run(3);
    await other.ok('switch', 'main');
    await other.ok('merge', 'ben', '--theirs');
    const { runs } = await other.json<Table>('table', 'model');
    expect(runs.map(({ commitId }) => commitId)).toEqual([ben, ada, base]);
    expect(runs.map(({ values }) => values)).toEqual([4, 3, 2].map((sum) => ({ 'metrics.sum': sum })));
  });

  it('names the commit that made a dag, not the merge [DML-REP-0934]', async () => {
    await repository.ok('branch', 'again', 'ben');
    await repository.ok('switch', 'again');
    const unchanged = await repository.define('big', build(7), { code: STEPS });
    expect(unchanged).toMatchObject({ changed: false, madeInCommitId: made.ada });
    await repository.ok('switch', 'main');
    await repository.ok('branch', '--delete', 'again');
  });

  it('explains a call by the commit that gave it its outcome, not the merge [DML-REP-0935]', async () => {
    const why = await repository.json<object>('why', 'big#metrics.sum');
    expect(why).toMatchObject({ madeInCommitId: made.ada, commitsSince: 2 });
    expect(await repository.json('why', 'ben:model#metrics.sum')).toMatchObject({ madeInCommitId: made.ben });
  });

  it('sums the runs of every side, and none of a merge [DML-REP-0936]', async () => {
    const { commits, dags } = await repository.json<{ commits: number; dags: object[] }>('stats');
    expect(commits).toBe(5);
    expect(dags).toMatchObject([
      { dag: 'big', runs: 1, executed: 1, answered: 0 },
      { dag: 'model', runs: 3, executed: 3, answered: 0 },
    ]);
  });

  it('keeps the newest commits of every side, with the parents that are kept [DML-REP-0937]', async () => {
    const before = await log();
    const keep = async (count: number): Promise<Line[]> => {
      await repository.ok('forget', '--keep', String(count));
      const after = await log();
      await repository.ok('forget', '--undo');
      return after;
    };
    const four = await keep(4);
    expect(four.map(({ message }) => message)).toEqual(before.slice(0, 4).map(({ message }) => message));
    const [last, merge, ben, ada] = four.map(({ commitId }) => commitId);
    expect(last).not.toBe(made.last);
    expect(four.map(({ parentCommitIds }) => parentCommitIds)).toEqual([[merge], [ben, ada], [], []]);
    const three = await keep(3);
    expect(three.map(({ parentCommitIds }) => parentCommitIds)).toEqual([
      [three[1]?.commitId],
      [three[2]?.commitId],
      [],
    ]);
    expect(await logged()).toEqual(['last', 'merge', 'ben', 'ada', 'base']);
  });
});
