import { headRef, remoteRef } from '@daggerml/store';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
/** The commit that all branches of a test have. */
let base: string;
beforeEach(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  ({ commitId: base } = await repository.run('clock'));
  await repository.ok('branch', 'side');
});

async function head(name: string): Promise<string> {
  return (await repository.ok('ref', name)).trim();
}

/** Commits a dag of a literal to a branch, and returns the commit. */
async function put(branch: string, dag: string, value: string): Promise<string> {
  const { branch: current } = await repository.json<{ branch: string }>('status');
  await repository.ok('switch', branch);
  const { commitId } = await repository.define(dag, `(dag) => dag.literal(${JSON.stringify(value)})`);
  await repository.ok('switch', current);
  return commitId;
}

/** Runs a pipeline again on a branch, so that its calls get outcomes of their own. */
async function again(branch: string, pipeline: string): Promise<void> {
  await repository.ok('switch', branch);
  await repository.run(pipeline, '--no-cache');
  await repository.ok('switch', 'main');
}

interface ConflictDocument {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly conflicts: readonly Readonly<Record<string, unknown>>[];
}

async function conflictsOf(...argv: string[]): Promise<ConflictDocument> {
  return (await repository.error(6, ['merge', ...argv])) as unknown as ConflictDocument;
}

async function dagId(commit: string, dag: string): Promise<unknown> {
  const { objectId } = await repository.json<{ objectId: string }>('show', `${commit}:${dag}`);
  return objectId;
}

describe('dml merge', () => {
  it('moves the target forward [DML-CLI-0905]', async () => {
    const newest = await put('main', 'own', 'x');
    expect(await repository.json('merge', 'side', 'main')).toEqual({
      branch: 'side',
      fromCommitId: base,
      commitId: newest,
      moved: true,
      mergeCommit: false,
      settled: [],
    });
    expect(await head('side')).toBe(newest);
    expect(await repository.json('merge', 'side', 'main')).toMatchObject({ moved: false });
    await repository.ok('branch', 'behind', base);
    expect(await repository.ok('merge', 'behind', 'main')).toBe(
      `behind moved from ${base.slice(0, 12)} to ${newest.slice(0, 12)}\n`,
    );
  });

  it('of a source that the target contains leaves the target [DML-CLI-0911]', async () => {
    await put('main', 'own', 'x');
    const before = await repository.refState();
    expect(await repository.json('merge', 'main', base)).toMatchObject({ moved: false, mergeCommit: false });
    expect(await repository.ok('merge', 'main', 'main')).toMatch(/^main is at [0-9a-f]{12} already$/m);
    expect(await repository.ok('merge', 'main', base)).toBe(
      `nothing to merge: main contains ${base} already\n`,
    );
    expect(await repository.refState()).toEqual(before);
  });

  it('commits what either side changed with both as parents [DML-CLI-2000]', async () => {
    const ours = await put('main', 'own', 'a');
    await repository.ok('switch', 'main');
    await repository.ok('dag', 'delete', 'own');
    const main = await put('main', 'mine', 'b');
    const theirs = await put('side', 'other', 'c');
    const merged = await repository.json<{ commitId: string }>('merge', 'main', 'side');
    expect(merged).toEqual({
      branch: 'main',
      fromCommitId: main,
      commitId: await head('main'),
      moved: true,
      mergeCommit: true,
      settled: [],
    });
    const { parentCommitIds, author } = await repository.json<Record<string, unknown>>('show', 'main');
    expect({ parentCommitIds, author }).toEqual({ parentCommitIds: [main, theirs], author: 'tester' });
    for (const [dag, value] of [
      ['mine', 'b'],
      ['other', 'c'],
      ['sums', 6],
    ])
      expect(await repository.json('cat', `main:${dag}`)).toBe(value);
    await repository.refusal(3, ['cat', 'main:own']);
    expect(await head('side')).toBe(theirs);
    await repository.ok('verify');
    expect((await repository.run('sums')).counts).toMatchObject({ executed: 0 });
    const { journal } = await repository.refState();
    const update = { ref: 'refs/heads/main', old: main, new: merged.commitId, reason: 'merge side' };
    expect(journal).toContainEqual(expect.objectContaining({ actor: 'tester', ...update }));
    // What side has is contained now.
    expect(await repository.json('merge', 'main', 'side')).toMatchObject({ moved: false });
    expect(await repository.json('merge', 'main', ours)).toMatchObject({ moved: false });
    expect(await repository.ok('branch', '--delete', 'side')).toContain('deleted the branch side');
  });

  it('with one argument merges into the current branch, such as a tracking ref [DML-CLI-2001]', async () => {
    const theirs = await put('side', 'other', 'c');
    await repository.plant(remoteRef('origin', 'main'), theirs);
    await put('main', 'mine', 'b');
    expect(await repository.ok('merge', 'origin/main')).toBe(
      `merged origin/main into main, which is at ${(await head('main')).slice(0, 12)}\n`,
    );
    expect(await repository.json('cat', 'main:other')).toBe('c');
    await repository.ok('switch', 'side');
    expect(await repository.json('merge', 'main')).toMatchObject({ branch: 'side', moved: true });
    await repository.refusal(2, ['merge']);
    expect(await repository.error(3, ['merge', 'nowhere'])).toMatchObject({ code: 'unknown_name' });
    expect(await repository.error(2, ['merge', 'origin/main', 'main'])).toMatchObject({
      detail: 'no_branch',
    });
  });

  it('with --ff-only moves a branch or refuses [DML-CLI-2002]', async () => {
    const theirs = await put('side', 'other', 'c');
    await repository.ok('branch', 'behind', base);
    expect(await repository.json('merge', '--ff-only', 'behind', 'side')).toMatchObject({
      commitId: theirs,
      mergeCommit: false,
    });
    await put('main', 'mine', 'b');
    expect(await repository.refusal(6, ['merge', '--ff-only', 'side'])).toBe(
      'dml: "main" and "side" have diverged, so "main" cannot move there\n' +
        'hint: "dml merge main side" without --ff-only merges them\n',
    );
    for (const option of ['--ours', '--theirs', '--take=sums=ours', '--message=x'])
      await repository.refusal(2, ['merge', '--ff-only', option, 'side']);
  });

  it('is refused where both sides changed something, and changes nothing [DML-CLI-2003]', async () => {
    await put('main', 'both', 'a');
    await put('side', 'both', 'b');
    await put('side', 'fine', 'c');
    const before = await repository.refState();
    const refused = await repository.refusal(6, ['--quiet', 'merge', 'side']);
    expect(refused).toBe(
      'dml: "main" and "side" have both changed "both" since their histories parted; nothing was moved\n' +
        'hint: add --ours to keep what main has, --theirs to take the other side, or --take <dag>=ours or ' +
        '--take <dag>=theirs for each\n',
    );
    expect(await repository.refState()).toEqual(before);
    await repository.refusal(3, ['cat', 'main:fine']);
  });

  it('lists what conflicts with the ids of both sides [DML-CLI-2004]', async () => {
    for (const branch of ['main', 'side']) await again(branch, 'clock');
    await put('main', 'both', 'a');
    await put('side', 'both', 'b');
    await repository.ok('switch', 'side');
    await repository.ok('dag', 'delete', 'sums');
    await repository.ok('switch', 'main');
    await put('main', 'sums', 'other');
    const { code, conflicts, message } = await conflictsOf('side');
    const root = await repository.json<{ objectId: string }>('show', 'main:clock#root');
    const outcomes = await Promise.all(
      ['main', 'side'].map(async (name) => {
        const shown = await repository.json<{ outcome: { execId: string } }>('show', `${name}:clock#root`);
        return shown.outcome.execId;
      }),
    );
    expect(code).toBe('merge_conflict');
    expect(message).toContain('"both", "sums", the outcome of now()');
    expect(conflicts).toEqual([
      {
        kind: 'dag',
        dag: 'both',
        oursDagId: await dagId('main', 'both'),
        theirsDagId: await dagId('side', 'both'),
      },
      { kind: 'dag', dag: 'sums', oursDagId: await dagId('main', 'sums'), theirsDagId: null },
      {
        kind: 'call',
        call: 'now()',
        nodeId: root.objectId,
        dags: ['clock'],
        oursExecId: outcomes[0],
        theirsExecId: outcomes[1],
      },
    ]);
    expect(outcomes[0]).not.toBe(outcomes[1]);
    const text = await repository.refusal(6, ['merge', 'side']);
    const short = (id: unknown): string => String(id).slice(0, 12);
    expect(text.split('\n').slice(0, 3)).toEqual([
      `conflict: dag both: main has ${short(await dagId('main', 'both'))}, side has ${short(await dagId('side', 'both'))}`,
      `conflict: dag sums: main has ${short(await dagId('main', 'sums'))}, side has none`,
      `conflict: outcome of now() in clock: main has ${short(outcomes[0])}, side has ${short(outcomes[1])}`,
    ]);
  });

  it('lists 20 of many conflicts for people and counts the others [DML-CLI-2004]', async () => {
    const names = Array.from({ length: 22 }, (_, at) => `dag-${String(at).padStart(2, '0')}`);
    await repository.withStore((store) => {
      for (const branch of ['main', 'side']) {
        const expected = store.getRef(headRef(branch))!.commitId;
        const commit = store.getRecord('commit', expected)!;
        store.transact('test', (transaction) => {
          const datumId = transaction.putRecord({ type: 'datum', kind: 'string', value: branch });
          const rootNodeId = transaction.putRecord({ type: 'node', kind: 'literal', datumId });
          const dag = transaction.putRecord({ type: 'dag', rootNodeId, names: [] });
          const treeId = transaction.putRecord({ type: 'tree', dags: names.map((name) => [name, dag]) });
          const next = transaction.putRecord({
            ...commit,
            treeId,
            pins: [],
            parentCommitIds: [expected],
            message: branch,
          });
          transaction.updateRef({ ref: headRef(branch), expected, next, actor: 'a', reason: 'b' });
        });
      }
    }, 'write');
    const lines = (await repository.refusal(6, ['merge', 'side'])).split('\n');
    expect(lines.filter((line) => line.startsWith('conflict: '))).toHaveLength(20);
    expect(lines[20]).toBe('and 2 more; --json lists all');
    expect((await conflictsOf('side')).conflicts).toHaveLength(22);
  });

  it.each([
    ['--ours', 'a', 'ours'],
    ['--theirs', 'b', 'theirs'],
  ] as const)('with %s takes that side of each conflict [DML-CLI-2005]', async (option, value, side) => {
    for (const branch of ['main', 'side']) await again(branch, 'clock');
    await put('main', 'both', 'a');
    await put('side', 'both', 'b');
    await put('side', 'fine', 'c');
    const clock = await repository.json('cat', `${side === 'ours' ? 'main' : 'side'}:clock`);
    const merged = await repository.json<{ settled: { kind: string; side: string }[] }>(
      'merge',
      option,
      'side',
    );
    expect(merged.settled.map((each) => [each.kind, each.side])).toEqual([
      ['dag', side],
      ['call', side],
    ]);
    expect(await repository.json('cat', 'main:both')).toBe(value);
    expect(await repository.json('cat', 'main:fine')).toBe('c');
    expect(await repository.json('cat', 'main:clock')).toEqual(clock);
    await repository.ok('verify');
    await repository.refusal(2, ['merge', '--ours', '--theirs', 'side']);
  });

  it('takes dags and their calls from the side that --take names [DML-CLI-2006]', async () => {
    for (const branch of ['main', 'side']) await again(branch, 'clock');
    for (const dag of ['one', 'two']) {
      await put('main', dag, 'a');
      await put('side', dag, 'b');
    }
    const open = await conflictsOf('side', '--take', 'one=theirs');
    expect(open.conflicts.map(({ kind, dag }) => [kind, dag])).toEqual([
      ['dag', 'two'],
      ['call', undefined],
    ]);
    const clock = await repository.json('cat', 'side:clock');
    const takes = ['--take', 'one=theirs', '--take', 'clock=theirs'];
    expect((await conflictsOf('side', ...takes)).conflicts).toMatchObject([{ dag: 'two' }]);
    expect(await repository.ok('merge', 'side', ...takes, '--ours')).toMatch(/; 3 conflicts settled\n$/);
    expect(await repository.json('cat', 'main:one')).toBe('b');
    expect(await repository.json('cat', 'main:two')).toBe('a');
    expect(await repository.json('cat', 'main:clock')).toEqual(clock);
  });

  it('refuses a --take that is none, or of a dag that no side has [DML-CLI-3846] [DML-CLI-3847]', async () => {
    await put('main', 'mine', 'a');
    await put('side', 'other', 'b');
    for (const wrong of [['one'], ['one=mine'], ['=ours'], ['one=ours', '--take', 'one=theirs']])
      expect(await repository.error(2, ['merge', 'side', '--take', ...wrong])).toMatchObject({
        code: 'invalid_argument',
        hint: expect.stringContaining('dml merge --help'),
      });
    for (const side of ['ours', 'theirs'])
      expect(await repository.error(3, ['merge', 'side', '--take', `othr=${side}`])).toMatchObject({
        code: 'unknown_name',
        detail: 'dag',
        hint: expect.stringContaining('did you mean: other?'),
      });
    await repository.ok('merge', 'side', '--take', 'other=ours', '--take', 'mine=ours');
  });

  it('leaves the outcome of a call open that dags of both sides have [DML-CLI-2006]', async () => {
    const build = '(dag) => dag.call(steps.now)';
    await repository.define('copy', build);
    await repository.ok('merge', 'side', 'main');
    for (const branch of ['main', 'side']) await again(branch, 'clock');
    const takes = ['--take', 'clock=ours', '--take', 'copy=theirs'];
    expect((await conflictsOf('side', ...takes)).conflicts).toMatchObject([{ dags: ['clock', 'copy'] }]);
    expect((await conflictsOf('side', '--take', 'clock=ours')).conflicts).toHaveLength(1);
    const value = await repository.json('cat', 'side:copy');
    await repository.ok('merge', 'side', '--take', 'clock=theirs', '--take', 'copy=theirs');
    expect(await repository.json('cat', 'main:clock')).toEqual(value);
  });

  it('commits with the message, which names the source by default [DML-CLI-2007]', async () => {
    await put('main', 'mine', 'a');
    await put('side', 'other', 'b');
    await repository.ok('branch', 'twin', 'main');
    await repository.ok('merge', 'twin', 'side', '-m', 'bring both together');
    await repository.ok('merge', 'main', 'side');
    expect(await repository.json('show', 'twin')).toMatchObject({ message: 'bring both together' });
    expect(await repository.json('show', 'main')).toMatchObject({ message: 'merge side' });
  });

  it('takes outcomes of a call that agree, the first of them [DML-CLI-2008]', async () => {
    const outcome = async (name: string): Promise<string> => {
      const { outcome: shown } = await repository.json<{ outcome: { execId: string } }>(
        'show',
        `${name}:sums#root`,
      );
      return shown.execId;
    };
    for (const branch of ['side', 'main']) await again(branch, 'sums');
    const [first, later] = [await outcome('side'), await outcome('main')];
    expect(first).not.toBe(later);
    await repository.ok('branch', 'twin', 'side');
    expect(await repository.json('merge', 'main', 'side')).toMatchObject({ mergeCommit: true, settled: [] });
    expect(await outcome('main')).toBe(first);
    const failures: unknown[] = [];
    const fails = '(dag) => dag.settled([dag.call(steps.boom, 1)])';
    for (const branch of ['twin', 'side']) {
      await repository.ok('switch', branch);
      await repository.define('fails', fails);
      await repository.json('run', 'fails.ts', '--no-cache', '--retry-failed');
      const { nodes } = await repository.json<{ nodes: { kind: string; outcome?: { execId: string } }[] }>(
        'show',
        'HEAD:fails',
      );
      failures.push(nodes.find(({ kind }) => kind === 'call')?.outcome?.execId);
    }
    expect(new Set(failures).size).toBe(2);
    expect(failures).not.toContain(undefined);
    expect(await repository.json('merge', 'twin', 'side')).toMatchObject({ settled: [] });
    await repository.ok('verify');
  });

  it('keeps no outcome that only a dag has which it did not take [DML-CLI-2009]', async () => {
    const pins = async (name: string): Promise<number> =>
      (await repository.json<{ pinCount: number }>('show', name)).pinCount;
    await repository.define('both', '(dag) => dag.call(steps.add, 5, 5)');
    await repository.ok('switch', 'side');
    await repository.define('both', '(dag) => [dag.call(steps.add, 1, 2), dag.call(steps.add, 7, 8)]');
    const before = await pins('main');
    await repository.ok('merge', 'main', 'side', '--ours');
    expect(await pins('main')).toBe(before);
    expect(await repository.json('cat', 'main:both')).toBe(10);
    expect(await repository.json('cat', 'main:sums')).toBe(6);
    await repository.ok('verify');
  });

  it('shows both parents in the log [DML-CLI-2010]', async () => {
    const ours = await put('main', 'mine', 'a');
    const theirs = await put('side', 'other', 'b');
    await repository.ok('merge', 'side');
    expect(await repository.ok('log', '-n', '1')).toContain(
      `\nmerge  ${ours.slice(0, 12)} ${theirs.slice(0, 12)}\nauthor tester\n`,
    );
    expect(await repository.ok('log', 'side')).not.toContain('merge  ');
    expect(await repository.json('log', '-n', '1')).toMatchObject([{ parentCommitIds: [ours, theirs] }]);
  });

  it('makes the source the first commit of the current branch without one [DML-CLI-2011]', async () => {
    const empty = await TestRepository.create();
    await empty.run('sums');
    const commitId = (await empty.ok('ref', 'main')).trim();
    await empty.plant(remoteRef('origin', 'main'), commitId);
    await empty.withStore((store) => {
      store.updateRef({
        ref: headRef('main'),
        expected: commitId as never,
        next: null,
        actor: 'a',
        reason: 'b',
      });
    }, 'write');
    await empty.refusal(3, ['merge', 'nowhere']);
    expect(await empty.json('merge', 'origin/main')).toMatchObject({
      branch: 'main',
      fromCommitId: null,
      commitId,
      moved: true,
    });
    expect((await empty.ok('ref', 'main')).trim()).toBe(commitId);
  });
});
