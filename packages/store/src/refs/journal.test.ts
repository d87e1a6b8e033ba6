import type { CommitId } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import type { Store } from '../store.ts';
import { sequenceKey } from '../tables/keyspace.ts';
import type { JournalEntry } from './journal.ts';
import { headRef } from './ref-name.ts';

function putCommits(store: Store, count: number): CommitId[] {
  return store.transact('commits', (transaction) =>
    Array.from({ length: count }, (_, index) => putCommit(transaction, { message: `${index}` })),
  );
}

async function journalOf(store: Store, after = 0): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of store.listJournal(after)) entries.push(entry);
  return entries;
}

describe('ref journal', () => {
  it('appends one row per applied update, in its transaction [DML-STO-0401]', async () => {
    const store = await openFixture();
    const [first, second] = putCommits(store, 2) as [CommitId, CommitId];
    setRef(store, 'main', first);
    const facts = { ref: headRef('main'), actor: 'a', reason: 'r' };
    expect(store.updateRef({ ...facts, expected: second, next: null }).applied).toBe(false);
    const undone = (): void =>
      store.transact('undone', (transaction) => {
        setRef(transaction, 'main', second);
        throw new Error('undone');
      });
    expect(undone).toThrow('undone');
    setRef(store, 'main', second);
    expect((await journalOf(store)).map((entry) => [entry.old, entry.new])).toEqual([
      [null, first],
      [first, second],
    ]);
  });

  it('says when, by whom, from where, to where and why [DML-STO-0402]', async () => {
    const environment = fakeEnvironment();
    environment.nowMsValue = 4_711;
    const store = await openFixture(environment);
    const [first] = putCommits(store, 1) as [CommitId];
    store.updateRef({ ref: headRef('main'), expected: null, next: first, actor: 'ada', reason: 'commit: x' });
    expect(await journalOf(store)).toEqual([
      {
        sequence: 1,
        timeMs: 4_711,
        actor: 'ada',
        ref: 'refs/heads/main',
        old: null,
        new: first,
        reason: 'commit: x',
      },
    ]);
  });

  it('numbers rows from 1 without gaps, whatever fails between [DML-STO-0403]', async () => {
    const store = await openFixture();
    const ids = putCommits(store, 10);
    for (const id of ids) {
      expect(() =>
        store.transact('fails', (transaction) => {
          setRef(transaction, 'x', id);
          throw new Error('no');
        }),
      ).toThrow('no');
      setRef(store, 'main', id);
    }
    expect((await journalOf(store)).map((entry) => entry.sequence)).toEqual(ids.map((_, index) => index + 1));
    expect((await journalOf(store, 7)).map((entry) => entry.sequence)).toEqual([8, 9, 10]);
  });

  it('starts at a sequence and at nothing else [DML-STO-0411]', async () => {
    const store = await openFixture();
    for (const id of putCommits(store, 3)) setRef(store, 'main', id);
    expect(await journalOf(store, 2)).toHaveLength(1);
    expect(await journalOf(store, 9)).toEqual([]);
    for (const sequence of [-5, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(journalOf(store, sequence), `${sequence}`).rejects.toMatchObject({
        code: 'sequence_unknown',
      });
  });

  it('and the refs of now give those after any sequence [DML-STO-0404]', async () => {
    const names = ['a', 'b', 'c', 'd'].map(headRef);
    const step = fc.record({ name: fc.nat(3), commit: fc.option(fc.nat(5), { freq: 3 }) });
    const rebuild = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const store = await openFixture();
      const ids = putCommits(store, 6);
      const states = [new Map<string, string>()];
      for (const { name, commit } of steps) {
        const before = store.stateVersion();
        setRef(store, names[name] as string, commit === null ? null : (ids[commit] as CommitId));
        if (store.stateVersion() === before) continue;
        states.push(new Map(store.readRefs().map((ref) => [ref.name, ref.commitId])));
      }
      for (const [sequence, state] of states.entries())
        expect(new Map(store.refsAt(sequence))).toEqual(state);
      await store.close();
    });
    await fc.assert(rebuild, { numRuns: 15, seed: 20_261_121 });
  });

  it('gives no refs of what it has not reached, or what is no sequence [DML-STO-0407]', async () => {
    const store = await openFixture();
    for (const id of putCommits(store, 3)) setRef(store, 'main', id);
    expect(store.refsAt(0).size).toBe(0);
    expect(store.refsAt(3).size).toBe(1);
    for (const sequence of [4, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => store.refsAt(sequence), `${sequence}`).toThrow(
        expect.objectContaining({ code: 'sequence_unknown', fields: { sequence, lastSequence: 3 } }),
      );
  });

  it('reports a gap [DML-STO-0406]', async () => {
    const store = await openFixture();
    for (const id of putCommits(store, 6)) setRef(store, 'main', id);
    store.transact('drop', (transaction) => void transaction.deleteRow('journal', sequenceKey(3)));
    const damaged = { code: 'store_damaged', detail: 'gap' };
    for (const after of [0, 1, 2]) await expect(journalOf(store, after)).rejects.toMatchObject(damaged);
    expect(await journalOf(store, 3)).toHaveLength(3);
    for (const after of [0, 1, 2])
      expect(() => store.refsAt(after)).toThrow(expect.objectContaining(damaged));
    expect(store.refsAt(3).size).toBe(1);
  });

  it('is the version of the state: 0 at first, then the newest sequence [DML-STO-0408]', async () => {
    const store = await openFixture();
    expect(store.stateVersion()).toBe(0);
    let version = 0;
    for (const id of putCommits(store, 5)) {
      setRef(store, 'main', id);
      version += 1;
      expect(store.stateVersion()).toBe(version);
    }
  });
});
