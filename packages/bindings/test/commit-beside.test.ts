import type { CommitId } from '@daggerml/object-model';
import { storePath } from '@daggerml/repository';
import { headRef, openStore, type RefName, type Store, verifyStore } from '@daggerml/store';
import { collectSteps } from '@daggerml/store/testing';
import { describe, expect, it } from 'vitest';
import type { Dag } from '../src/dag.ts';
import { definePipeline } from '../src/pipeline.ts';
import { Project } from './project.ts';

const MAIN = headRef('main');

/** The byte that the keys of execs begin with. */
const EXEC = 9;

function move(store: Store, ref: RefName, next: CommitId | null): void {
  const expected = store.getRef(ref)?.commitId ?? null;
  if (expected !== next) store.updateRef({ ref, expected, next, actor: 'another', reason: 'test' });
}

/** Calls `hook` before everything that is done with a store outside of its transactions. */
function watch(store: Store, hook: () => void): void {
  for (const name of ['get', 'has', 'getRef', 'cacheEntries', 'transact'] as const) {
    const method = store[name] as (...values: unknown[]) => unknown;
    Object.defineProperty(store, name, {
      value: (...values: unknown[]): unknown => {
        if (store.engine.writing === undefined) hook();
        return method.apply(store, values);
      },
      configurable: true,
    });
  }
}

describe('a commit beside a head that moves and a collection', () => {
  it('is whole and loses no dag of the head, wherever they come between [DML-EXE-0722]', async () => {
    const project = await Project.create({ workers: 1 });
    const { repository, steps } = project;
    const other = await openStore(storePath(project.folder), { mode: 'write' });
    await repository.newDag('kept').commit(dagValue('kept'));
    const kept = repository.head.commitId as CommitId;
    const again = repository.newDag('far');
    await again.commit([again.call(steps.add, 1, 2), dagValue('far')]);
    move(other, headRef('kept'), kept);
    const pipeline = definePipeline('new', (dag: Dag) => {
      return [
        dag.import('far').root,
        dag.call(steps.add, 1, 2),
        dag.call(steps.add, 2, dag.call(steps.add, 1, 2)),
        'new',
      ];
    });
    let at = 0;
    let accesses = 0;
    let hasMoved = false;
    watch(repository.store, () => {
      accesses += 1;
      if (accesses !== at) return;
      move(other, MAIN, kept);
      for (const { name } of other.readRefs('index')) move(other, name, null);
      for (const _ of collectSteps(other, { sliceObjects: 9, stepObjects: 20 })) void _;
      hasMoved = true;
    });
    let compared = 0;
    for (at = 0, hasMoved = true; hasMoved; at += 1) {
      // The head is at `far` when the run begins, which nothing else keeps.
      accesses = Number.NEGATIVE_INFINITY;
      await repository.newDag('far').commit([dagValue('far'), at]);
      accesses = 0;
      hasMoved = at === 0;
      let outcome = 'committed';
      try {
        const { commit, dag } = await repository.run(pipeline);
        expect([at, (await dag.root.value()) as unknown]).toEqual([at, [[dagValue('far'), at], 3, 5, 'new']]);
        expect([at, commit.dags.has('kept'), commit.dags.has('new')]).toEqual([at, true, true]);
      } catch (error) {
        // Moved away before the import looked: the dag is not there any more.
        outcome = (error as { code?: string }).code ?? String(error);
        expect(outcome).toBe('unknown_name');
      }
      if (outcome === 'committed') compared += 1;
      const findings: unknown[] = [];
      await verifyStore(other, { onFinding: (finding) => void findings.push(finding) });
      expect([at, outcome, findings]).toEqual([at, outcome, []]);
    }
    expect(compared).toBeGreaterThan(10);
    await other.close();
  });

  it('is refused where an exec that it would pin is gone in spite of all [DML-EXE-0722]', async () => {
    const project = await Project.create({ workers: 1 });
    const { repository, steps } = project;
    const dag = repository.newDag('holed');
    // More pins than a commit holds itself: what it links to is checked anyway.
    const sums = Array.from({ length: 200 }, (_, index) => dag.call(steps.add, index, 1));
    for (const sum of sums) await sum.value();
    const key = [...repository.store.engine.tables.objects.getKeys()].find(
      (candidate) => candidate[0] === EXEC,
    ) as Buffer;
    repository.store.transact('lose', (transaction) => void transaction.deleteRow('objects', key));
    const objectId = key.toString('hex', 1);
    await expect(dag.commit(sums)).rejects.toMatchObject({ code: 'object_missing', fields: { objectId } });
    expect(repository.head.commitId).toBeUndefined();
  });
});

/** A value that is an object of its own. */
function dagValue(name: string): string {
  return `${name} `.repeat(60);
}
