import { randomUUID } from 'node:crypto';
import { applyExcision, indexRef, planExcision } from '@daggerml/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
let older: string;
let newest: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  ({ commitId: older } = await repository.run('sums'));
  ({ commitId: newest } = await repository.run('values'));
});

async function head(name: string): Promise<string> {
  return (await repository.ok('ref', name)).trim();
}

/** Expects that the journal has an update by the author of the tests. */
async function expectJournal(update: object): Promise<void> {
  const { journal } = await repository.refState();
  expect(journal).toContainEqual(expect.objectContaining({ actor: 'tester', ...update }));
}

describe('dml branch', () => {
  it('creates a head at the commit, the current one by default [DML-CLI-0901]', async () => {
    expect(await repository.json('branch', 'old', older.slice(0, 8))).toEqual({
      branch: 'old',
      commitId: older,
    });
    expect(await head('old')).toBe(older);
    await repository.ok('branch', 'new');
    expect(await head('new')).toBe(newest);
    expect(await repository.json('status')).toMatchObject({ branch: 'main' });
    await expectJournal({ ref: 'refs/heads/old', reason: 'branch' });
  });

  it('refuses a name that exists [DML-CLI-0902]', async () => {
    expect(await repository.refusal(6, ['branch', 'main', older])).toContain('the branch "main" exists');
    expect(await head('main')).toBe(newest);
  });

  it.each([
    '.',
    '..',
    'a\nb',
    'x'.repeat(256),
    'a/../b',
    '/a',
    'a/',
    'a//b',
    'x~1',
    '@{',
    '.lock',
    'sums#three',
  ])('refuses the name %j [DML-CLI-0903]', async (name) => {
    expect(await repository.refusal(2, ['branch', name])).toContain('cannot name a branch');
  });

  it.each([
    ['x'.repeat(256), 'name_length', 'a name has 1 to 255 bytes', 'x'.repeat(80)],
    ['a\u0007b', 'name_control', 'it has control characters', 'a-b'],
    ['..', 'name_reserved', '"." and ".." are folders', 'branch'],
    ['a//b', 'part_empty', 'a "/" stands between two parts of a name', 'a/b'],
    ['a/.b', 'part_dot', 'no part of it may begin with "."', 'a/b'],
    ['a.lock/b', 'part_lock', 'no part of it may end with ".lock"', 'a/b'],
    ['a..b', 'two_dots', '".." is not allowed', 'a.b'],
    ['a.', 'last_dot', 'it ends with "."', 'a'],
    ['a@{1}', 'at_brace', '"@{" is not allowed', 'a-1'],
    ['x~1', 'character', '"~" is not allowed', 'x-1'],
    ['my branch', 'character', '" " is not allowed', 'my-branch'],
    ['HEAD', 'reserved', 'it names other refs already', 'branch-HEAD'],
    ['--force', 'first_dash', 'it would be taken for an option', 'force'],
    ['0123456789ab', 'like_an_id', 'it would be taken for an id', 'branch-0123456789ab'],
  ])(
    'says of %j which rule it breaks and what would do [DML-CLI-0960]',
    async (name, detail, why, suggestion) => {
      expect(await repository.error(2, ['branch', '--', name])).toEqual({
        code: 'ref_name_invalid',
        detail,
        message: `"${name}" cannot name a branch: ${why}`,
        hint: `choose another name, for example "${suggestion}"`,
      });
      await repository.ok('branch', suggestion);
      await repository.ok('branch', '--delete', suggestion);
    },
  );

  it.each(['HEAD', 'refs/heads/x', 'refs/', 'heads/x', 'index/x', 'remotes/o/x', 'exec/x'])(
    'refuses the name %s of other refs [DML-CLI-0912]',
    async (name) => {
      expect(await repository.refusal(2, ['branch', name])).toContain(
        `"${name}" cannot name a branch: it names other refs already`,
      );
    },
  );

  it('refuses what is not a commit', async () => {
    expect(await repository.refusal(2, ['branch', 'of-a-dag', 'sums'])).toContain(
      '"sums" names an object of the class dag, not a commit',
    );
  });
});

describe('dml branch --delete', () => {
  it('deletes a head that another contains and says how to bring it back [DML-CLI-0910] [DML-CLI-0915]', async () => {
    await repository.ok('branch', 'it;is&done', older);
    const deleted = await repository.json<{ restoringCommand: string }>('branch', '--delete', 'it;is&done');
    expect(deleted).toEqual({
      branch: 'it;is&done',
      commitId: older,
      deleted: true,
      containedIn: expect.any(String),
      restoringCommand: `dml branch 'it;is&done' ${older.slice(0, 16)}`,
    });
    expect((await repository.dml(['ref', 'it;is&done'])).exitCode).toBe(3);
    await expectJournal({ ref: 'refs/heads/it;is&done', old: older, new: null, reason: 'delete branch' });
    await repository.ok('branch', 'it;is&done', older.slice(0, 16));
    expect(await repository.ok('branch', '-d', 'refs/heads/it;is&done')).toBe(
      `deleted the branch it;is&done, which was at ${older.slice(0, 12)}\n` +
        `"dml branch 'it;is&done' ${older.slice(0, 16)}" brings it back\n`,
    );
  });

  it.each(['main', 'HEAD', 'refs/heads/main'])(
    'refuses %s, the current branch [DML-CLI-0913]',
    async (name) => {
      for (const force of [[], ['--force']])
        expect(await repository.refusal(6, ['branch', '--delete', name, ...force])).toContain(
          'the branch "main" is the current one and cannot be deleted\nhint: "dml switch',
        );
    },
  );

  it('refuses a head with commits of its own unless it is forced [DML-CLI-0914]', async () => {
    await repository.ok('branch', 'own');
    await repository.ok('switch', 'own');
    const { commitId } = await repository.run('raw');
    await repository.ok('switch', 'main');
    const refused = await repository.refusal(6, ['branch', '--delete', 'own']);
    expect(refused).toContain('the branch "own" has commits that no other branch contains\n');
    expect(refused).toContain('"dml branch --delete --force own" deletes it all the same');
    expect(await repository.ok('branch', '--delete', '--force', 'own')).toContain(
      `"dml branch own ${commitId.slice(0, 16)}" brings it back, until "dml gc" deletes what only it kept\n`,
    );
    await repository.ok('branch', 'own', commitId.slice(0, 16));
    // A branch further on contains it.
    await repository.ok('branch', 'further', 'own');
    await repository.ok('switch', 'further');
    await repository.run('report');
    await repository.ok('switch', 'main');
    expect(await repository.json('branch', '--delete', 'own')).toMatchObject({ containedIn: 'further' });
    await repository.ok('branch', '--delete', '--force', 'further');
  });

  it('goes on where a history ends at an excised commit', async () => {
    const chain = await TestRepository.create();
    const { commitId: first } = await chain.run('sums');
    await chain.run('values');
    await chain.ok('branch', 'first', first);
    await chain.ok('branch', 'apart', first);
    await chain.ok('switch', 'apart');
    await chain.run('raw');
    await chain.ok('switch', 'main');
    await chain.ok('branch', '-d', 'first');
    await chain.ok('branch', 'first', 'main');
    await chain.withStore(async (store) => {
      const plan = await planExcision(store, { objects: [{ class: 'commit', objectId: first as never }] });
      applyExcision(store, plan, { reason: 'secret', message: '', actor: 'tester' });
    }, 'write');
    expect(await chain.json('branch', '-d', 'first')).toMatchObject({ containedIn: 'main' });
    expect((await chain.dml(['branch', '-d', 'apart'])).exitCode).toBe(6);
  });

  it('refuses what is no branch, a commit beside the name, and force alone', async () => {
    await repository.refusal(3, ['branch', '--delete', 'nowhere']);
    for (const args of [['--delete'], ['--delete', older], ['--delete', 'main', older], ['--force', 'x']])
      await repository.refusal(2, ['branch', ...args]);
  });
});

describe('dml dag delete', () => {
  it('commits the branch without the dag and says how to bring it back [DML-CLI-0916] [DML-CLI-0917]', async () => {
    const before = await repository.json<{ dag: string; dagId: string }[]>('dag', 'list');
    const { dagId = '' } = before.find(({ dag }) => dag === 'sums') ?? {};
    const deleted = await repository.json<{ commitId: string; restoringCommand: string }>(
      'dag',
      'delete',
      'sums',
    );
    expect(deleted).toEqual({
      dag: 'sums',
      dagId,
      branch: 'main',
      commitId: await head('main'),
      parentCommitId: newest,
      deleted: true,
      restoringCommand: `dml dag restore ${newest.slice(0, 16)}:sums`,
    });
    expect(await repository.json('dag', 'list')).toEqual(before.filter(({ dag }) => dag !== 'sums'));
    const move = { ref: 'refs/heads/main', old: newest, new: deleted.commitId };
    await expectJournal({ ...move, reason: 'delete sums' });
    expect(await repository.ok('cat', `${newest.slice(0, 16)}:sums`)).toBe('6\n');
    await repository.ok('verify');
    const text = await repository.ok('dag', 'delete', 'values');
    expect(text).toMatch(
      /^deleted the dag values: main is at [0-9a-f]{12}\n"dml show [0-9a-f]{16}:values" still shows/,
    );
    expect(text).toMatch(/, "dml dag restore [0-9a-f]{16}:values" brings it back\n$/);
    expect(await repository.json('dag', 'list')).toEqual([]);
    expect(await repository.ok('status')).toContain('\nNo dags.\n');
  });

  it('has its command bring the dag back [DML-CLI-0918]', async () => {
    expect(await repository.ok('dag', 'restore', `${newest.slice(0, 16)}:sums`)).toBe(
      `restored the dag sums of ${newest.slice(0, 12)}: main is at ${(await head('main')).slice(0, 12)}\n`,
    );
    expect(await repository.ok('cat', 'sums')).toBe('6\n');
    expect(await repository.json('dag', 'restore', `${newest}:sums`)).toMatchObject({ changed: false });
    expect((await repository.run('sums')).changed).toBe(false);
    await repository.ok('dag', 'restore', 'main~2:values');
    expect(await repository.json('show', 'main')).toMatchObject({
      treeId: (await repository.json<{ treeId: string }>('show', newest)).treeId,
      message: 'restore values',
    });
    newest = await head('main');
  });

  it('refuses what is no dag of the branch and changes nothing', async () => {
    expect(await repository.refusal(3, ['dag', 'delete', 'sum'])).toBe(
      'dml: nothing here is named "sum": main has no dag "sum"\n' +
        'hint: did you mean: sums? "dml show main" lists its dags\n',
    );
    await repository.refusal(3, ['dag', 'restore', 'main:nothing']);
    const before = await repository.refState();
    expect(await repository.json('dag', 'restore', 'sums')).toMatchObject({ dag: 'sums', changed: false });
    expect(await repository.ok('dag', 'restore', 'sums')).toMatch(/^nothing changed: sums is as in /);
    expect(await repository.refState()).toEqual(before);
  });
});

describe('dml switch', () => {
  it('makes a head the current branch [DML-CLI-0904]', async () => {
    await repository.ok('branch', 'side', older);
    await repository.ok('switch', 'side');
    expect(await repository.json('status')).toMatchObject({ branch: 'side', commitId: older });
    await repository.run('raw');
    expect(await head('main')).toBe(newest);
    expect(await head('side')).not.toBe(older);
    expect((await repository.dml(['switch', 'nowhere'])).exitCode).toBe(3);
    await repository.ok('switch', 'main');
    expect(await repository.json('status')).toMatchObject({ branch: 'main' });
  });
});

describe('dml wip', () => {
  const uuids = [randomUUID(), randomUUID()].sort();
  const make = async () => {
    for (const uuid of uuids) await repository.plant(indexRef(uuid), newest);
  };

  it('lists the IndexRefs with age and commit [DML-CLI-0907]', async () => {
    expect(await repository.json('wip', 'list')).toEqual([]);
    await make();
    const listed = await repository.json<{ index: string; commitId: string; committedMs: number }[]>(
      'wip',
      'list',
    );
    expect(listed).toMatchObject(uuids.map((index) => ({ index, commitId: newest })));
    expect(listed[0]?.committedMs).toBeGreaterThan(0);
    const text = await repository.ok('wip', 'list');
    expect(text).toMatch(
      new RegExp(`^${uuids[0]} {2}${newest.slice(0, 12)} {2}(just now|.* ago) {2}restore values$`, 'm'),
    );
  });

  it('deletes the IndexRef that it is told to prune [DML-CLI-0908]', async () => {
    await repository.refusal(3, ['wip', 'prune', 'zzzz']);
    expect(await repository.ok('wip', 'prune', uuids[0]!)).toBe(`pruned ${uuids[0]}\n`);
    expect(await repository.json('wip', 'prune', uuids[1]!.slice(0, 8))).toEqual({
      index: uuids[1],
      pruned: true,
    });
    expect(await repository.json('wip', 'list')).toEqual([]);
  });

  it('deletes every IndexRef with --all [DML-CLI-0919]', async () => {
    await make();
    await repository.refusal(2, ['wip', 'prune']);
    await repository.refusal(2, ['wip', 'prune', '--all', uuids[0] ?? '']);
    expect(await repository.json('wip', 'list')).toHaveLength(2);
    expect(await repository.json('wip', 'prune', '--all')).toEqual({ indexes: uuids, pruned: true });
    expect(await repository.json('wip', 'list')).toEqual([]);
    await make();
    expect(await repository.ok('wip', 'prune', '--all')).toBe('pruned 2 pieces of work in progress\n');
    expect(await repository.ok('wip', 'prune', '--all')).toBe('no work in progress\n');
  });
});
