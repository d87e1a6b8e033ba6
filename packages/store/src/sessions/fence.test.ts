import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitId, DatumId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import {
  type FakeEnvironment,
  fakeEnvironment,
  openFixture,
  setRef,
  temporaryFolder,
} from '../../test/fixture-store.ts';
import { putCommit, putText, putTextDag } from '../../test/records.ts';
import { commitTo } from '../../test/streams.ts';
import { collectSteps } from '../gc/collect.ts';
import { headRef } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import { verifyStore } from '../verify/verify-store.ts';

const LOST = expect.objectContaining({ code: 'session_lost', detail: 'taken_for_dead' });
const WORK = headRef('work');

interface Scene {
  readonly writer: Store;
  readonly other: Store;
  readonly otherEnvironment: FakeEnvironment;
  /** A commit that the writer has put and no ref names. */
  readonly staged: CommitId;
}

function stage(writer: Store, text: string): CommitId {
  return writer.transact('stage', (transaction) =>
    putCommit(transaction, { message: text, dags: { work: putTextDag(transaction, text) } }),
  );
}

/** A writer with work of which no ref knows yet, and another process that has written before. */
async function scene(): Promise<Scene> {
  const path = `${temporaryFolder()}/store`;
  const writer = await openFixture(fakeEnvironment(1), path);
  writer.transact('garbage', (transaction) => {
    for (let index = 0; index < 20; index += 1) putText(transaction, `garbage ${index}`);
  });
  commitTo(writer, { message: 'base' });
  writer.checkpoint();
  const staged = stage(writer, 'live');
  const otherEnvironment = fakeEnvironment(2);
  const other = await openFixture(otherEnvironment, path);
  return { writer, other, otherEnvironment, staged };
}

/** Next steps of the writer: name its work, add to it, hold what it put, or say nothing and go on. */
const NEXT_STEPS: readonly ((writer: Store, staged: CommitId) => void)[] = [
  (writer, staged) =>
    writer.transact('commit', (transaction) => {
      transaction.updateRef({ ref: WORK, expected: null, next: staged, actor: 'ada', reason: 'test' });
    }),
  (writer, staged) =>
    writer.transact('commit', (transaction) => {
      // The engine finds nothing missing here: what was swept is what the commit's dags link to.
      const dags = { work: putTextDag(transaction, 'live') };
      const next = putCommit(transaction, { message: 'on top', dags });
      transaction.updateRef({ ref: WORK, expected: null, next, actor: 'ada', reason: `${staged}` });
    }),
  (writer, staged) => writer.transact('hold', (transaction) => void transaction.retain('commit', staged)),
  (writer) => writer.transact('nothing', () => {}),
  (writer) => writer.checkpoint(),
];

/** Puts a copy of a file in its place. */
function replaceFile(file: string): void {
  copyFileSync(file, `${file}-copy`);
  renameSync(`${file}-copy`, file);
}

/** Ways to take the files of an open store away from it. */
const REPLACEMENTS: readonly (readonly [string, (path: string) => void])[] = [
  ['data file replaced', (path) => replaceFile(join(path, 'data.mdb'))],
  ['data file gone', (path) => rmSync(join(path, 'data.mdb'))],
  ['lock file gone', (path) => rmSync(join(path, 'lock.mdb'))],
  ['lock file replaced', (path) => replaceFile(join(path, 'lock.mdb'))],
];

describe('a session whose store has other files by now', () => {
  it.each(REPLACEMENTS)('is refused whatever it does next: %s [DML-STO-0542]', async (_how, replace) => {
    const replaced = expect.objectContaining({ code: 'session_lost', detail: 'replaced' });
    for (const next of NEXT_STEPS) {
      const { writer, other, staged } = await scene();
      const version = writer.engine.txnId.written();
      replace(writer.path);
      for (let round = 0; round < 2; round += 1) expect(() => next(writer, staged)).toThrow(replaced);
      expect(writer.engine.txnId.written()).toBe(version);
      for (const store of [writer, other]) await store.close();
    }
  });
});

async function expectClean(store: Store): Promise<void> {
  expect((await verifyStore(store)).findings).toBe(0);
}

/** Runs a collection that takes the writer for dead and returns after `moments` of its steps, which are counted. */
function collectUntil(
  { other, otherEnvironment }: Scene,
  moments: number,
): { ended: boolean; rest: () => void } {
  otherEnvironment.deadPids.add(1);
  const steps = collectSteps(other, { stepObjects: 10, sliceObjects: 5 });
  for (let moment = 0; moment < moments; moment += 1)
    if (steps.next().done === true) return { ended: true, rest: () => {} };
  return {
    ended: false,
    rest: () => {
      while (steps.next().done !== true);
    },
  };
}

describe('a session that was taken for dead', () => {
  it('has its row deleted in the transaction that reads the roots without it [DML-STO-0535]', async () => {
    const { writer, other, otherEnvironment } = await scene();
    other.transact('register', () => {});
    const ids = (): string[] => other.liveSessions().map(({ sessionId }) => sessionId);
    expect(ids().sort()).toEqual([writer.sessionId, other.sessionId].sort());
    otherEnvironment.deadPids.add(1);
    // The claim is one transaction; whoever lives by then has a row and is a root.
    const steps = collectSteps(other);
    let commits = 0;
    otherEnvironment.failpoint = (name) => {
      if (name === 'gc/claim/after-commit') commits += 1;
    };
    steps.next();
    expect(commits).toBe(1);
    otherEnvironment.deadPids.delete(1);
    expect(ids()).toEqual([other.sessionId]);
    steps.return(undefined as never);
  });

  it('has its row deleted by a first write and by the end of a collection too [DML-STO-0535]', async () => {
    const first = await scene();
    first.otherEnvironment.deadPids.add(1);
    first.other.transact('register', () => {});
    first.otherEnvironment.deadPids.clear();
    expect(first.other.liveSessions().map(({ sessionId }) => sessionId)).toEqual([first.other.sessionId]);

    const second = await scene();
    const steps = collectSteps(second.other);
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      // The writer dies when the collection has read its roots.
      if (step.value.phase === 'prune') second.otherEnvironment.deadPids.add(1);
    }
    second.otherEnvironment.deadPids.clear();
    expect(second.other.liveSessions().map(({ sessionId }) => sessionId)).toEqual([second.other.sessionId]);
    expect(() => second.writer.transact('more', () => {})).toThrow(LOST);
  });

  it('is refused whatever it does next, and leaves no trace [DML-STO-0536]', async () => {
    for (const next of NEXT_STEPS) {
      const { writer, other, otherEnvironment, staged } = await scene();
      const version = other.stateVersion();
      otherEnvironment.deadPids.add(1);
      other.transact('register', () => {});
      const sizes = (): object => {
        const { tables } = other.engine;
        return Object.values(tables).map((table) => table.getStats().entryCount);
      };
      const before = sizes();
      expect(() => next(writer, staged)).toThrow(LOST);
      expect(sizes()).toEqual(before);
      expect(other.stateVersion()).toBe(version);
      expect(writer.getRef(WORK)).toBeUndefined();
    }
  });

  it('stays refused, also when the other process would take it for alive now [DML-STO-0539]', async () => {
    const { writer, other, otherEnvironment, staged } = await scene();
    otherEnvironment.deadPids.add(1);
    other.transact('register', () => {});
    otherEnvironment.deadPids.clear();
    for (let round = 0; round < 3; round += 1)
      for (const next of NEXT_STEPS) expect(() => next(writer, staged)).toThrow(LOST);
    // The way on: close and open again.
    const { path } = writer;
    await writer.close();
    const again = await openFixture(fakeEnvironment(1), path);
    const commitId = stage(again, 'live');
    setRef(again, 'work', commitId);
    expect(again.getRef(WORK)?.commitId).toBe(commitId);
    await expectClean(again);
  });

  it('does not touch the store at any moment of a collection, which verifies clean [DML-STO-0546]', async () => {
    let rounds = 0;
    for (const next of NEXT_STEPS) {
      for (let moments = 1; ; moments += 1) {
        const all = await scene();
        const { ended, rest } = collectUntil(all, moments);
        expect(() => next(all.writer, all.staged)).toThrow(LOST);
        rest();
        expect(() => next(all.writer, all.staged)).toThrow(LOST);
        await expectClean(all.other);
        rounds += 1;
        await all.writer.close();
        await all.other.close();
        if (ended) break;
      }
    }
    expect(rounds).toBeGreaterThan(5 * NEXT_STEPS.length);
  });

  it('reads what is gone as its own end, not as damage [DML-STO-0544]', async () => {
    const { writer, other, otherEnvironment, staged } = await scene();
    const absent = 'f'.repeat(64) as DatumId;
    expect(() => writer.read('datum', absent)).toThrow(expect.objectContaining({ code: 'object_missing' }));
    otherEnvironment.deadPids.add(1);
    const steps = collectSteps(other);
    while (steps.next().done !== true);
    expect(() => writer.read('commit', staged)).toThrow(LOST);
    expect(() => other.read('commit', staged)).toThrow(expect.objectContaining({ code: 'object_missing' }));
  });
});
