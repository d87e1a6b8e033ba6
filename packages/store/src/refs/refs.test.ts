import { type CommitId, hashBytes } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit, putTextDag } from '../../test/records.ts';
import { watchedEngine } from '../../test/rows.ts';
import { readRow } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import { plantRef } from '../testing/plant-ref.ts';
import { headRef, type RefName, refKey, remoteRef, tagRef } from './ref-name.ts';
import { type RefUpdateResult, readRefs } from './refs.ts';

const MAIN = headRef('main');

function putCommits(store: Store, count: number): CommitId[] {
  const ids: CommitId[] = [];
  store.transact('commits', (transaction) => {
    for (let index = 0; index < count; index += 1) ids.push(putCommit(transaction, { message: `${index}` }));
  });
  return ids;
}

function move(
  store: Store,
  expected: CommitId | null,
  next: CommitId | null,
  ref: RefName = MAIN,
): RefUpdateResult {
  return store.updateRef({ ref, expected, next, actor: 'ada', reason: 'test' });
}

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

describe('refs', () => {
  it('moves a ref only from where the update expects it [DML-STO-0301]', async () => {
    const [first, second, third] = putCommits(store, 3) as [CommitId, CommitId, CommitId];
    expect(move(store, first, second)).toMatchObject({ applied: false });
    expect(move(store, null, first)).toEqual({ applied: true, sequence: 1 });
    expect(move(store, null, second)).toMatchObject({ applied: false });
    expect(move(store, third, second)).toMatchObject({ applied: false });
    expect(move(store, first, second)).toEqual({ applied: true, sequence: 2 });
    expect(store.getRef(MAIN)).toEqual({ name: MAIN, commitId: second, sequence: 2 });
  });

  it('moves no tag to another commit [DML-STO-1981]', async () => {
    const [first, second] = putCommits(store, 2) as [CommitId, CommitId];
    const tag = tagRef('v1');
    expect(move(store, null, first, tag).applied).toBe(true);
    const before = { refs: store.readRefs(), version: store.stateVersion() };
    expect(() => move(store, first, second, tag)).toThrow(expect.objectContaining({ code: 'ref_fixed' }));
    expect(move(store, first, first, tag).applied).toBe(true);
    expect({ refs: store.readRefs(), version: store.stateVersion() }).toEqual(before);
    expect(move(store, first, null, tag).applied).toBe(true);
    expect(move(store, null, second, tag).applied).toBe(true);
  });

  it('reports the actual commit to a loser and changes nothing [DML-STO-0302]', async () => {
    const [first, second] = putCommits(store, 2) as [CommitId, CommitId];
    expect(move(store, second, first)).toEqual({ applied: false, actual: null });
    move(store, null, first);
    const before = { refs: store.readRefs(), version: store.stateVersion() };
    expect(move(store, second, null)).toEqual({ applied: false, actual: first });
    expect({ refs: store.readRefs(), version: store.stateVersion() }).toEqual(before);
  });

  it('refuses a commit that is absent [DML-STO-0303]', async () => {
    const absent = hashBytes<'commit'>(Buffer.from('absent'));
    expect(() => move(store, null, absent)).toThrow(expect.objectContaining({ code: 'ref_target_missing' }));
    expect(store.readRefs()).toEqual([]);
    expect(store.stateVersion()).toBe(0);
  });

  it('refuses a commit that links an absent tree, parent or pin [DML-STO-0304]', async () => {
    const absent = hashBytes(Buffer.from('absent')) as never;
    const links = [{ treeId: absent }, { parents: [absent] }, { pins: { [absent as string]: absent } }];
    for (const parts of links) {
      const commitId = store.transact('commit', (transaction) => putCommit(transaction, parts));
      expect(() => move(store, null, commitId as CommitId)).toThrow(
        expect.objectContaining({ code: 'ref_target_missing' }),
      );
    }
    store.transact('whole', (transaction) => {
      const dags = { dag: putTextDag(transaction, 'x') };
      setRef(transaction, MAIN, putCommit(transaction, { dags }));
    });
  });

  it('applies an update to the same commit without a journal row [DML-STO-0306]', async () => {
    const [first] = putCommits(store, 1) as [CommitId];
    move(store, null, first);
    expect(move(store, first, first)).toEqual({ applied: true, sequence: 1 });
    expect(move(store, null, null, headRef('other'))).toMatchObject({ applied: true });
    expect(store.stateVersion()).toBe(1);
  });

  it('shows several updates of one transaction together or not at all [DML-STO-0307]', async () => {
    const [first] = putCommits(store, 1) as [CommitId];
    const both = (fail: boolean): void =>
      store.transact('both', (transaction) => {
        for (const name of ['one', 'two']) setRef(transaction, name, first);
        if (fail) throw new Error('changed my mind');
      });
    expect(() => both(true)).toThrow('changed my mind');
    expect(store.readRefs()).toEqual([]);
    both(false);
    expect(store.readRefs().map((ref) => ref.name)).toEqual(['refs/heads/one', 'refs/heads/two']);
  });

  it('lists refs sorted by key, all or one kind [DML-STO-0308]', async () => {
    const [first] = putCommits(store, 1) as [CommitId];
    const uuid = '00112233-4455-6677-8899-aabbccddeeff';
    const names = [
      'refs/heads/b',
      'refs/heads/a',
      `refs/index/${uuid}`,
      'refs/remotes/o/a',
      'refs/heads/z/a',
    ];
    for (const name of names) setRef(store, name, first);
    const reads: string[] = [];
    const engine = watchedEngine(store.engine, 'refs', (member) => void reads.push(member));
    const listed = readRefs(engine).map((ref) => ref.name);
    // Of one moment: one range of the engine is read at one snapshot.
    expect(reads).toEqual(['getRange']);
    expect(listed).toEqual([
      'refs/heads/a',
      'refs/heads/b',
      'refs/heads/z/a',
      `refs/index/${uuid}`,
      'refs/remotes/o/a',
    ]);
    expect(store.readRefs('heads').map((ref) => ref.name)).toEqual(listed.slice(0, 3));
    expect(store.readRefs('exec')).toEqual([]);
  });

  it('deletes a ref by an update to null [DML-STO-0309]', async () => {
    const [first] = putCommits(store, 1) as [CommitId];
    move(store, null, first);
    expect(move(store, first, null)).toEqual({ applied: true, sequence: 2 });
    expect(store.getRef(MAIN)).toBeUndefined();
    expect(readRow(store.engine, 'refs', refKey(MAIN))).toBeUndefined();
  });

  it('takes main for HEAD until another ref is set [DML-STO-0310]', async () => {
    expect(store.head()).toBe('refs/heads/main');
    store.setHead(headRef('work'));
    expect(store.head()).toBe('refs/heads/work');
    expect(store.getMeta('head')).toBe('refs/heads/work');
    expect(() => store.setHead('work' as never)).toThrow(
      expect.objectContaining({ code: 'ref_name_invalid' }),
    );
  });

  it('makes no ref whose name breaks a rule, and changes nothing [DML-STO-0320]', async () => {
    const [first] = putCommits(store, 1) as [CommitId];
    for (const name of ['refs/heads/a/../b', 'refs/heads/x~1', 'refs/remotes/o/a.lock'] as RefName[]) {
      const refused = expect.objectContaining({ code: 'ref_name_invalid', fields: expect.anything() });
      expect(() => move(store, null, first, name), name).toThrow(refused);
    }
    expect(store.readRefs()).toEqual([]);
    expect(store.stateVersion()).toBe(0);
  });

  it('reads, lists, moves and deletes a ref that an earlier version made under such a name [DML-STO-0322]', async () => {
    const [first, second] = putCommits(store, 2) as [CommitId, CommitId];
    for (const text of ['a/../b', '/a', 'a//b', 'x~1', '@{', 'a.lock', '-x', 'HEAD', 'refs/heads/x', 'a:b']) {
      const name = headRef(text);
      plantRef(store, name, first);
      expect(store.getRef(name)?.commitId, text).toBe(first);
      expect(store.readRefs('heads').map((ref) => ref.name)).toEqual([name]);
      store.setHead(name);
      expect(store.head()).toBe(name);
      expect(move(store, first, second, name)).toMatchObject({ applied: true });
      expect(move(store, second, null, name)).toMatchObject({ applied: true });
      expect(store.getRef(name)).toBeUndefined();
    }
    const remote = remoteRef('-o', 'b.lock');
    plantRef(store, remote, first);
    expect(move(store, first, second, remote)).toMatchObject({ applied: true });
    expect(store.getRef(remote)).toMatchObject({ commitId: second });
  });

  it('sets HEAD to no absent ref whose name breaks a rule [DML-STO-0323]', async () => {
    const [first] = putCommits(store, 1) as [CommitId];
    const refused = expect.objectContaining({ code: 'ref_name_invalid', detail: 'two_dots' });
    expect(() => store.setHead(headRef('a..b'))).toThrow(refused);
    expect(store.head()).toBe('refs/heads/main');
    store.setHead(headRef('fresh'));
    expect(store.head()).toBe('refs/heads/fresh');
    plantRef(store, headRef('a..b'), first);
    store.setHead(headRef('a..b'));
    expect(store.head()).toBe('refs/heads/a..b');
  });
});
