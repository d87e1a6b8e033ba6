import type { CommitId, NodeId } from '@daggerml/object-model';
import { pinsOfDag, RecordReader } from '@daggerml/repository';
import { commitGraph, headRef, logCommits } from '@daggerml/store';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Repository } from '../src/repository.ts';
import { coded, Project } from './project.ts';

let project: Project;
let repository: Repository;
let base: CommitId;
beforeEach(async () => {
  project = await Project.create();
  ({ repository } = project);
  ({ commitId: base } = await run('common', 1));
});

/** Commits a dag of one call to a branch. */
async function run(name: string, value: number, branch = 'main'): Promise<{ commitId: CommitId }> {
  const dag = repository.newDag(name, { branch });
  return await dag.commit(dag.call(project.steps.add, value, 0), { message: `${name} is ${value}` });
}

/** Makes the branch `side` at a commit. */
function branchAt(commitId: CommitId, name = 'side'): void {
  const made = { ref: headRef(name), expected: null, next: commitId, actor: 'tester', reason: 'branch' };
  expect(repository.store.updateRef(made).applied).toBe(true);
}

const headOf = (name: string): CommitId | undefined =>
  repository.heads().find((head) => head.name === name)?.commitId;

/** The values of the dags of a branch, by name, read through their pins. */
async function values(branch: string): Promise<Record<string, unknown>> {
  const names = [...repository.getCommit(branch).dags.keys()];
  const read = names.map(async (name) => [name, await repository.read(`${branch}:${name}`)] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** The messages of a branch since the first commit, newest first. */
function messages(branch: string): string[] {
  const options = { order: 'first-parent', except: [base] } as const;
  const log = logCommits(commitGraph(repository.store), [headOf(branch) as CommitId], options);
  return Array.from(log, ({ commitId }) => repository.getCommit(commitId).message);
}

describe('fastForward', () => {
  it('moves a head to a descendant, and leaves one that contains the commit [DML-BND-0310]', async () => {
    branchAt(base);
    const { commitId: next } = await run('more', 2);
    const moved = { head: 'side', from: base, commitId: next, sourceId: next, moved: true };
    expect(repository.fastForward('side', 'main')).toEqual(moved);
    expect(headOf('side')).toBe(next);
    const before = repository.store.stateVersion();
    for (const commit of [next, 'main', base])
      expect(repository.fastForward('side', commit)).toMatchObject({ commitId: next, moved: false });
    expect(repository.store.stateVersion()).toBe(before);
    expect(repository.head.name).toBe('main');
  });

  it('refuses any other commit and moves nothing [DML-BND-0311]', async () => {
    branchAt(base);
    await run('more', 2);
    const { commitId: aside } = await run('other', 3, 'side');
    const refused = { code: 'not_fast_forward', fields: { target: 'side', source: 'main' } };
    expect(() => repository.fastForward('side', 'main')).toThrow(expect.objectContaining(refused));
    expect(headOf('side')).toBe(aside);
    expect(() => repository.fastForward('none', 'main')).toThrow(coded('unknown_name'));
    expect(() => repository.fastForward('side', 'none')).toThrow(coded('unknown_name'));
  });
});

describe('rebase', () => {
  it('puts what a commit and those before it changed on top of a head [DML-BND-0312]', async () => {
    branchAt(base);
    await run('one', 2, 'side');
    const { commitId: aside } = await run('two', 3, 'side');
    const { commitId: ours } = await run('own', 4);
    const done = repository.rebase('side');
    expect(done).toEqual({
      head: 'main',
      from: ours,
      commitId: headOf('main'),
      sourceId: aside,
      moved: true,
    });
    expect(await values('main')).toEqual({ common: 1, own: 4, one: 2, two: 3 });
    expect(messages('main')).toEqual(['two is 3', 'one is 2', 'own is 4']);
    expect(headOf('side')).toBe(aside);
    // On a head that is given, and by a plain move where that is possible.
    expect(repository.rebase('main', { branch: 'side' })).toMatchObject({ head: 'side', moved: true });
    expect(await values('side')).toEqual(await values('main'));
    branchAt(base, 'third');
    expect(repository.rebase('main', { branch: 'third' }).commitId).toBe(headOf('main'));
    expect(await project.findings()).toEqual([]);
  });

  it('refuses with the names what both sides changed differently, and moves nothing [DML-BND-0313]', async () => {
    branchAt(base);
    await run('fine', 9, 'side');
    await run('common', 2, 'side');
    await run('common', 3);
    const before = repository.store.stateVersion();
    const refused = { code: 'merge_conflict', fields: { target: 'main', source: 'side', names: ['common'] } };
    const act = (): unknown => repository.rebase('side');
    expect(act).toThrow(
      expect.objectContaining({ ...refused, fields: expect.objectContaining(refused.fields) }),
    );
    expect(act).toThrow('"main" and "side" have both changed "common"');
    expect(repository.store.stateVersion()).toBe(before);
    expect(await values('main')).toEqual({ common: 3 });
    // What the documentation says of the next step holds.
    repository.restoreDag('common', 'side');
    expect(repository.rebase('side').moved).toBe(true);
    expect(await values('main')).toEqual({ common: 2, fine: 9 });
  });

  it('keeps the pin of every node that a dag of the result reaches [DML-BND-1860]', async () => {
    branchAt(base);
    // Ours takes out the pin of a call that only theirs needs now, and the other way round.
    await run('again', 1, 'side');
    await run('common', 2);
    repository.rebase('side');
    expect(await values('main')).toEqual({ common: 2, again: 1 });
    branchAt(headOf('main') as CommitId, 'back');
    repository.deleteDag('again', { branch: 'back' });
    await run('new', 1);
    repository.rebase('back');
    expect(await values('main')).toEqual({ common: 2, new: 1 });
    // No other pin is kept.
    const pins = [...repository.getCommit('main').execMap.keys()];
    expect(new Set(pins)).toEqual(neededNodes());
  });

  it('adds no commit for changes that the head has [DML-BND-1861]', async () => {
    branchAt(base);
    await run('same', 2, 'side');
    await run('same', 2);
    await run('own', 3);
    const before = headOf('main');
    expect(repository.rebase('side')).toMatchObject({ commitId: before, moved: false });
    await run('late', 4, 'side');
    expect(repository.rebase('side').moved).toBe(true);
    expect(messages('main')).toEqual(['late is 4', 'own is 3', 'same is 2']);
    const after = headOf('main');
    expect(repository.rebase('side')).toMatchObject({ commitId: after, moved: false });
  });
});

/** The nodes with an outcome of all dags of the current branch. */
function neededNodes(): Set<NodeId> {
  const { record, dags } = repository.getCommit('main');
  const reader = new RecordReader(repository.store);
  const sources = [...dags.values()].map((dagId) => ({ dagId, pins: record.pins }));
  return new Set(sources.flatMap((source) => [...pinsOfDag(source, reader).pins.keys()]));
}
