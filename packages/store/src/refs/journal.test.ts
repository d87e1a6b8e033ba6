import type { CommitId } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import { readKeys } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import { sequenceKey } from '../tables/keyspace.ts';
import type { JournalEntry } from './journal.ts';
import { headRef } from './ref-name.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

function openWithInterval(snapshotInterval: number, environment = fakeEnvironment()): Promise<Store> {
  return openFixture(environment, undefined, snapshotInterval);
}

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
    const store = await openWithInterval(1024);
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
    const store = await openWithInterval(1024, environment);
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
    const store = await openWithInterval(4);
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

  it('rebuilds the refs of any sequence, for any history and interval [DML-STO-0404]', async () => {
    const names = ['a', 'b', 'c', 'd'].map(headRef);
    const step = fc.record({ name: fc.nat(3), commit: fc.option(fc.nat(5), { freq: 3 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        async (steps, interval) => {
          const store = await openWithInterval(interval);
          const ids = putCommits(store, 6);
          const states = [new Map<string, string>()];
          for (const { name, commit } of steps) {
            const before = store.stateVersion();
            setRef(store, names[name] as string, commit === null ? null : (ids[commit] as CommitId));
            if (store.stateVersion() === before) continue;
            states.push(new Map(store.readRefs().map((ref) => [ref.name, ref.commitId])));
          }
          for (const [sequence, state] of states.entries()) {
            expect(new Map(store.refsAt(sequence))).toEqual(state);
          }
          await store.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  it('reads one snapshot and less than an interval of rows for a rebuild [DML-STO-0405]', async () => {
    const store = await openWithInterval(5);
    const ids = putCommits(store, 23);
    for (const id of ids) setRef(store, 'main', id);
    expect(readKeys(store.engine, 'snapshots').map((key) => Number(key.readBigUInt64BE()))).toEqual([
      5, 10, 15, 20,
    ]);
    // Rows before the snapshot that serves a sequence are not looked at: they may as well be gone.
    store.transact('drop', (transaction) => {
      for (let sequence = 1; sequence <= 10; sequence += 1)
        transaction.deleteRow('journal', sequenceKey(sequence));
    });
    expect(store.refsAt(14).get(headRef('main'))).toBe(ids[13]);
    expect(store.refsAt(10).get(headRef('main'))).toBe(ids[9]);
  });

  it('takes no snapshot before as many updates as there are refs [DML-STO-0409]', async () => {
    const store = await openWithInterval(5);
    const [first, second] = putCommits(store, 2) as [CommitId, CommitId];
    const taken = (): number[] =>
      readKeys(store.engine, 'snapshots').map((key) => Number(key.readBigUInt64BE()));
    for (let index = 0; index < 23; index += 1) setRef(store, `ref-${index}`, first);
    expect(taken()).toEqual([5]);
    for (let index = 0; index < 60; index += 1) setRef(store, 'ref-1', index % 2 === 0 ? second : first);
    expect(taken()).toEqual([5, 30, 55, 80]);
    for (const sequence of [4, 5, 23, 29, 30, 54, 83]) {
      const refs = store.refsAt(sequence);
      expect(refs.size).toBe(Math.min(sequence, 23));
      expect(refs.get(headRef('ref-1'))).toBe(sequence > 23 && sequence % 2 === 0 ? second : first);
    }
  });

  it('looks past a snapshot of which a part is missing [DML-STO-0410]', async () => {
    const store = await openWithInterval(5000);
    const [first, second] = putCommits(store, 2) as [CommitId, CommitId];
    store.transact('many', (transaction) => {
      for (let index = 0; index < 4000; index += 1) setRef(transaction, `ref-${index}`, first);
      for (let index = 0; index < 1100; index += 1)
        setRef(transaction, 'ref-7', index % 2 === 0 ? second : first);
    });
    const parts = readKeys(store.engine, 'snapshots');
    expect(parts.map((key) => key.readUInt32BE(8))).toEqual([0, 1, 2]);
    const whole = store.refsAt(5050);
    expect(whole.size).toBe(4000);
    for (const part of parts.reverse()) {
      store.transact('drop', (transaction) => void transaction.deleteRow('snapshots', part));
      expect(store.refsAt(5050)).toEqual(whole);
    }
  });

  it('starts at a sequence and at nothing else [DML-STO-0411]', async () => {
    const store = await openWithInterval(100);
    for (const id of putCommits(store, 3)) setRef(store, 'main', id);
    expect(await journalOf(store, 2)).toHaveLength(1);
    expect(await journalOf(store, 9)).toEqual([]);
    for (const sequence of [-5, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(journalOf(store, sequence), `${sequence}`).rejects.toMatchObject({
        code: 'sequence_unknown',
      });
  });

  it('reports a gap in the rows it needs [DML-STO-0406]', async () => {
    const store = await openWithInterval(100);
    for (const id of putCommits(store, 6)) setRef(store, 'main', id);
    store.transact('drop', (transaction) => void transaction.deleteRow('journal', sequenceKey(3)));
    expect(store.refsAt(2).size).toBe(1);
    const damaged = expect.objectContaining({ code: 'store_damaged', detail: 'gap' });
    expect(() => store.refsAt(3)).toThrow(damaged);
    expect(() => store.refsAt(5)).toThrow(damaged);
  });

  it('refuses a sequence the journal has not reached [DML-STO-0407]', async () => {
    const store = await openWithInterval(4);
    for (const id of putCommits(store, 2)) setRef(store, 'main', id);
    for (const sequence of [3, -1, 1.5, Number.NaN]) {
      expect(() => store.refsAt(sequence), String(sequence)).toThrow(
        expect.objectContaining({ code: 'sequence_unknown' }),
      );
    }
  });

  it('is the version of the state: 0 at first, then the newest sequence [DML-STO-0408]', async () => {
    const store = await openWithInterval(4);
    expect(store.stateVersion()).toBe(0);
    expect(store.refsAt(0).size).toBe(0);
    let version = 0;
    for (const id of putCommits(store, 5)) {
      setRef(store, 'main', id);
      version += 1;
      expect(store.stateVersion()).toBe(version);
    }
  });
});
