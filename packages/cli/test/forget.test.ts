import type { CommitId } from '@daggerml/object-model';
import { forget as forgetCommits, planForget, RecordReader } from '@daggerml/repository';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const STEPS = `export const grow = (n: number): string => String(n).repeat(30_000);
export const small = (n: number): number => n;
`;

interface Forgotten {
  readonly branch: string;
  readonly dryRun: boolean;
  readonly keptCommits: number;
  readonly forgottenCommits: number;
  readonly fromCommitId: string;
  readonly commitId: string;
  readonly dags: readonly { dag: string; bytes: number }[];
  readonly commitBytes: number;
  readonly keepers: readonly string[];
  readonly undoCommand: string | null;
}

interface Commit {
  readonly commitId: string;
  readonly parentCommitIds: readonly string[];
  readonly message: string;
  readonly author: string;
  readonly authoredMs: number;
  readonly committedMs: number;
}

let repository: TestRepository;
/** Commits the dag `grown` three times and `other` once, oldest first: n is 1, 2, 3. */
beforeEach(async () => {
  repository = await TestRepository.create();
  const define = (name: string, build: string): Promise<unknown> =>
    repository.define(name, build, { code: STEPS });
  await define('grown', '(dag) => dag.call(steps.grow, 1)');
  await define('other', '(dag) => dag.call(steps.small, 1)');
  await define('grown', '(dag) => dag.call(steps.grow, 2)');
  await define('grown', '(dag) => dag.call(steps.grow, 3)');
});

const log = (name = 'main'): Promise<Commit[]> => repository.json<Commit[]>('log', name);
const forget = (...options: string[]): Promise<Forgotten> => repository.json<Forgotten>('forget', ...options);
const garbage = async (): Promise<number> =>
  (await repository.json<{ garbage: { bytes: number } }>('gc', '--dry-run')).garbage.bytes;

describe('dml forget', () => {
  it('keeps the newest commits as they are, but for their parents [DML-REP-0937] [DML-CLI-1873]', async () => {
    const before = await log();
    const values = await repository.ok('cat', 'grown');
    const forgotten = await forget('--keep', '2');
    const after = await log();
    expect(forgotten).toMatchObject({ branch: 'main', keptCommits: 2, forgottenCommits: 2, keepers: [] });
    expect([forgotten.fromCommitId, forgotten.commitId]).toEqual([before[0]?.commitId, after[0]?.commitId]);
    expect(after.map(({ parentCommitIds }) => parentCommitIds)).toEqual([[after[1]?.commitId], []]);
    const facts = ({ commitId: _, parentCommitIds: __, ...rest }: Commit): object => rest;
    expect(after.map(facts)).toEqual(before.slice(0, 2).map(facts));
    expect(await repository.ok('cat', 'grown')).toBe(values);
    expect((await repository.json<object[]>('dag', 'list')).length).toBe(2);
    expect(await repository.ok('verify')).toContain('nothing is damaged');
  });

  it('keeps what is not older, and the newest commit in any case [DML-REP-0937] [DML-CLI-1872]', async () => {
    const [newest, second] = await log();
    const at = (commit: Commit | undefined, moreMs: number) => ({
      nowMs: () => (commit?.committedMs ?? 0) + moreMs,
    });
    const dry = async (age: string, around: object): Promise<Forgotten> =>
      JSON.parse(
        (await repository.dml(['--json', 'forget', '--keep-younger', age, '--dry-run'], around)).stdout,
      );
    expect((await dry('1h', at(second, 3_600_000))).keptCommits).toBe(2);
    expect((await dry('1h', at(newest, 3_600_001))).keptCommits).toBe(1);
    expect((await dry('2d', at(second, 2 * 86_400_000))).keptCommits).toBe(2);
    expect((await dry('3w', at(second, 21 * 86_400_000))).keptCommits).toBe(2);
    expect((await dry('3w', at(newest, 0))).keptCommits).toBe(4);
  });

  it.each([
    [[], 'what is kept'],
    [['--keep', '0'], '--keep takes a whole number above 0'],
    [['--keep-younger', '3'], '--keep-younger takes an age'],
    [['--keep-younger', '-3d'], '--keep-younger'],
    [['--keep', '1', '--keep-younger', '1d'], 'keep-younger'],
    [['--keep', '1', '--undo'], 'undo'],
  ])('refuses %j [DML-CLI-1872]', async (options, text) => {
    expect(await repository.refusal(2, ['forget', ...options])).toContain(text);
  });

  it('says what a collection frees, by dag [DML-REP-0422] [DML-CLI-1873]', async () => {
    await repository.ok('gc');
    const { dags, commitBytes } = await forget('--keep', '1');
    expect(dags).toMatchObject([{ dag: 'grown' }]);
    expect(dags[0]?.bytes).toBeGreaterThan(60_000);
    expect((dags[0]?.bytes ?? 0) + commitBytes).toBe(await garbage());
    await repository.dml(['forget', '--undo']);
    expect(await repository.ok('forget', '--keep', '1')).toMatch(
      /^forgot 3 commits of main, keeping 1\nthe next "dml gc" frees \S+ KiB by that\n {2}grown +\S+ KiB\n {2}commits +\S+ \w+\n"dml forget --undo main" undoes it, until "dml gc"/,
    );
    await repository.ok('gc');
    expect(await garbage()).toBe(0);
    expect(await repository.ok('run', 'grown.ts')).toContain('0 executed, 1 cached');
  });

  it('leaves other refs where they are, and names those that keep commits [DML-REP-0421] [DML-REP-0422]', async () => {
    await repository.ok('branch', 'side', 'main~1');
    await repository.ok('branch', 'first', 'main~3');
    await repository.ok('tag', 'v1', 'main~2');
    await repository.ok('gc');
    const before = await repository.refState();
    const side = await log('side');
    const { keepers, dags, commitBytes } = await forget('--keep', '1');
    expect([...keepers].sort()).toEqual(['refs/heads/first', 'refs/heads/side', 'refs/tags/v1']);
    expect(dags).toEqual([]);
    expect(commitBytes).toBe(await garbage());
    const after = await repository.refState();
    const others = ({ refs }: typeof before): unknown[] =>
      (refs as { name: string }[]).filter(({ name }) => name !== 'refs/heads/main');
    expect(others(after)).toEqual(others(before));
    await repository.ok('gc');
    expect(await log('side')).toEqual(side);
  });

  it('moves the branch from the commit that was planned with alone [DML-REP-0421]', async () => {
    const [, second] = await log();
    await repository.withStore((store) => {
      const plan = planForget(new RecordReader(store), store.head(), { count: 1 });
      const next = second?.commitId as CommitId;
      store.updateRef({ ref: store.head(), expected: plan.before, next, actor: 'a', reason: 'r' });
      expect(forgetCommits(store, plan, 'tester')).toBe(false);
      expect(store.getRef(store.head())?.commitId).toBe(next);
    }, 'write');
  });

  it('prints the same in a dry run and changes nothing [DML-CLI-1874]', async () => {
    const before = await repository.refState();
    const dry = await forget('--keep', '1', '--dry-run');
    expect(await repository.refState()).toEqual(before);
    expect(await repository.ok('forget', '--keep', '1', '--dry-run')).toMatch(
      /^would forget 3 commits of main/,
    );
    expect(await forget('--keep', '1')).toEqual({ ...dry, dryRun: false });
  });

  it('is undone until the commits are gone [DML-REP-0423] [DML-CLI-1875]', async () => {
    const before = await log();
    expect(await repository.error(6, ['forget', '--undo'])).toMatchObject({ code: 'nothing_to_undo' });
    const { undoCommand } = await forget('--keep', '1');
    expect(undoCommand).toBe('dml forget --undo main');
    expect(await repository.ok('forget', '--undo', 'main')).toMatch(/^main is at [0-9a-f]{12} again\n$/);
    expect(await log()).toEqual(before);
    expect(await repository.error(6, ['forget', '--undo'])).toMatchObject({ detail: null });
    await forget('--keep', '1');
    await repository.ok('dag', 'delete', 'other');
    expect(await repository.error(6, ['forget', '--undo'])).toMatchObject({ detail: 'moved' });
    await forget('--keep', '1');
    await repository.ok('gc');
    expect(await repository.error(6, ['forget', '--undo'])).toMatchObject({ detail: 'collected' });
  });

  it('has nothing to forget of a short history [DML-CLI-1876]', async () => {
    const before = await repository.refState();
    expect(await repository.ok('forget', '--keep', '4')).toBe('nothing to forget: main has 4 commits\n');
    expect(await repository.refState()).toEqual(before);
  });

  it('takes another branch, and refuses what is none', async () => {
    await repository.ok('branch', 'side');
    expect(await forget('side', '--keep', '1')).toMatchObject({
      branch: 'side',
      keepers: ['refs/heads/main'],
    });
    expect(await log()).toHaveLength(4);
    expect(await log('side')).toHaveLength(1);
    expect(await repository.refusal(3, ['forget', 'none', '--keep', '1'])).toContain('no branch');
  });
});
