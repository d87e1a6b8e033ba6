import { RunObjects } from '@daggerml/execution';
import type { CommitId, NodeId } from '@daggerml/object-model';
import { type Commit, deleteDag } from '@daggerml/repository';
import { applyExcision, headRef, planExcision, type Store } from '@daggerml/store';
import { beforeEach, describe, expect, it } from 'vitest';
import { coded, Project } from './project.ts';

let project: Project;
let shared: NodeId;
let own: NodeId;
let both: CommitId;
beforeEach(async () => {
  project = await Project.create();
  const kept = project.repository.newDag('kept');
  const sum = kept.call(project.steps.add, 1, 2);
  shared = sum.nodeId;
  await kept.commit(sum);
  const gone = project.repository.newDag('gone');
  const again = gone.call(project.steps.add, 1, 2);
  const more = gone.call(project.steps.add, again, 5);
  own = more.nodeId;
  ({ commitId: both } = await gone.commit(more));
});

function head(): Commit {
  return project.repository.getCommit('main');
}

async function lastEntry(store: Store): Promise<unknown> {
  let last: unknown;
  for await (const entry of store.listJournal()) last = entry;
  return last;
}

describe('deleteDag', () => {
  it('commits the branch without the dag and the pins that only it needs [DML-BND-0608]', async () => {
    const before = project.repository.getCommit(both);
    const done = project.repository.deleteDag('gone');
    expect(done).toEqual({
      commitId: head().commitId,
      dagId: before.dags.get('gone'),
      parentCommitId: both,
      changed: true,
    });
    expect([...head().dags]).toEqual([['kept', before.dags.get('kept')]]);
    expect([...head().execMap]).toEqual([[shared, before.execMap.get(shared)]]);
    expect(head()).toMatchObject({ parentCommitIds: [both], author: 'tester', message: 'delete gone' });
    const moved = { ref: 'refs/heads/main', old: both, new: done.commitId };
    const entry = { ...moved, actor: 'tester', reason: 'delete gone' };
    expect(await lastEntry(project.repository.store)).toMatchObject(entry);
  });

  it('refuses a name that the branch does not have and says which there are [DML-BND-0609]', () => {
    const before = project.repository.store.stateVersion();
    const fields = { name: 'never', word: 'never', inside: 'main', nearest: [], names: ['gone', 'kept'] };
    const unknown = expect.objectContaining({ code: 'unknown_name', detail: 'dag', fields });
    expect(() => project.repository.deleteDag('never')).toThrow(unknown);
    expect(() => project.repository.deleteDag('kept', { branch: 'none' })).toThrow(coded('unknown_name'));
    expect(project.repository.store.stateVersion()).toBe(before);
  });

  it('starts again when the branch moves at the same time', async () => {
    const { store } = project.repository;
    await project.repository.newDag('first').commit(1);
    let moves = 0;
    const moving = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (name !== 'transact') return typeof value === 'function' ? value.bind(target) : value;
        return (label: string, body: never) => {
          if (label === 'commit' && moves++ === 0) project.repository.deleteDag('first');
          target.transact(label, body);
        };
      },
    });
    await project.repository.newDag('second').commit(2);
    const change = { store: moving, branch: headRef('main'), actor: 'a', message: 'm', nowMs: Date.now };
    deleteDag(change, 'second');
    expect(moves).toBe(2);
    expect([...head().dags.keys()]).toEqual(['gone', 'kept']);
  });

  it('deletes a dag that cannot be read', async () => {
    const { store } = project.repository;
    const broken = project.repository.newDag('broken');
    const literal = broken.literal('secret');
    await broken.commit(literal);
    const plan = await planExcision(store, { objects: [{ class: 'node', objectId: literal.nodeId }] });
    applyExcision(store, plan, { reason: 'secret', message: '', actor: 'tester' });
    project.repository.deleteDag('broken');
    expect([...head().dags.keys()]).toEqual(['gone', 'kept']);
  });
});

describe('restoreDag', () => {
  it('commits a dag of another commit with its pins [DML-BND-0610]', () => {
    const before = project.repository.getCommit(both);
    project.repository.deleteDag('gone');
    const { changed, commitId } = project.repository.restoreDag('gone', both, { message: 'back' });
    expect([changed, commitId]).toEqual([true, head().commitId]);
    expect(head().message).toBe('back');
    expect(new Map(head().dags)).toEqual(new Map(before.dags));
    expect(head().execMap.get(own)).toBe(before.execMap.get(own));
    const objects = new RunObjects(project.repository.store);
    expect(objects.read('commit', head().commitId).pins).toEqual(before.record.pins);
    expect(project.repository.restoreDag('gone', both)).toMatchObject({ changed: false, commitId });
  });

  it('puts a dag in the place of one that has its name [DML-BND-0610]', async () => {
    const dag = project.repository.newDag('gone');
    const other = dag.call(project.steps.add, 40, 2);
    await dag.commit(other);
    expect(head().execMap.has(other.nodeId)).toBe(true);
    project.repository.restoreDag('gone', both);
    const before = project.repository.getCommit(both);
    expect(head().dags.get('gone')).toBe(before.dags.get('gone'));
    expect([...head().execMap]).toEqual([...before.execMap]);
    // A branch without a commit takes a dag as its first.
    project.repository.restoreDag('gone', both, { branch: 'fresh' });
    expect(project.repository.getCommit('fresh')).toMatchObject({ parentCommitIds: [] });
    expect(() => project.repository.restoreDag('never', both)).toThrow(coded('unknown_name'));
  });
});
