import type { CommitId } from '@daggerml/object-model';
import { exportCar, headRef, remoteRef, type Store, tagRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { joinRemote, type Member, memberOf, newRemote, toMain } from '../../test/exchange.ts';
import {
  commitTo,
  excise,
  idOfText,
  loseObject,
  MAIN,
  noise,
  remoteOver,
  withhold,
} from '../../test/fixtures.ts';
import { Killed } from '../../test/watched-files.ts';
import { collectRemote } from '../collect/collect.ts';
import { advance } from '../state/advance.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';

/** Creates a remote to which a repository with some commits was pushed. */
async function pushed(commits = 3): Promise<{ remote: MemoryRemote; ours: Member; commitId: CommitId }> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  for (let at = 0; at < commits; at += 1) {
    commitTo(ours.store, { a: `text ${at}`, b: noise(100_000 + at * 4) });
    await ours.push();
  }
  return { remote, ours, commitId: ours.store.getRef(MAIN)?.commitId as CommitId };
}

/** Makes a state without one group, as a tool with a defect might. */
async function dropGroup(remote: MemoryRemote, index: string): Promise<void> {
  await advance(remoteOver(remote.open(), 99), async ({ state }) => ({
    reason: 'defect',
    groups: state.groups.filter((group) => group.index !== index),
  }));
}

describe('fetch', () => {
  it('brings everything that the refs of a remote reach', async () => {
    const { remote, commitId } = await pushed();
    const theirs = await joinRemote(remote);
    const { moved } = await theirs.fetch();
    expect(moved).toEqual([{ ref: remoteRef('origin', 'main'), before: null, after: commitId, kind: 'new' }]);
    let pieces = 0;
    for await (const _ of exportCar(theirs.store, [{ ref: MAIN, commitId }])) pieces += 1;
    expect(pieces).toBeGreaterThan(0);
  });

  it('takes one request where nothing has changed [DML-REM-0911]', async () => {
    const { remote, ours } = await pushed();
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    theirs.files.requests.length = 0;
    expect((await theirs.fetch()).moved).toEqual([]);
    expect(theirs.files.requests).toEqual(['readVersion CURRENT.json']);
    // Whoever pushed knows the state as well; its tracking ref is not there yet.
    await ours.fetch();
    ours.files.requests.length = 0;
    await ours.fetch();
    expect(ours.files.requests).toEqual(['readVersion CURRENT.json']);
  });

  it('takes five requests and the segments for an empty repository [DML-REM-0917]', async () => {
    const { remote } = await pushed(12);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    const segments = theirs.files.requests.filter((request) => request.startsWith('read segments/'));
    expect(segments.length).toBeGreaterThan(1);
    expect(theirs.files.requests.length).toBeLessThanOrEqual(segments.length + 5);
  });

  it('asks only for what is not here, and for small gaps [DML-REM-0903]', async () => {
    const { remote, ours } = await pushed(1);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    commitTo(ours.store, { a: 'next', b: noise(3_000_000) });
    await ours.push();
    // Most of it is here already, by another way.
    commitTo(theirs.store, { b: noise(3_000_000) });
    const { counts } = await theirs.fetch();
    expect(counts.objects).toBeLessThan(8);
    expect(counts.bytes).toBeLessThan(100_000);
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
  });

  it('refuses a record that does not hash to its id [DML-REM-0901]', async () => {
    for (const isEmpty of [true, false]) {
      const { remote, ours } = await pushed(1);
      const theirs = await joinRemote(remote);
      if (!isEmpty) await theirs.fetch();
      commitTo(ours.store, { a: 'next' });
      await ours.push();
      const before = theirs.tracked();
      for (const path of remote.paths.filter((each) => each.startsWith('segments/'))) {
        const bytes = (await remote.open().read(path)) as Uint8Array;
        const last = bytes.length - 1;
        bytes[last] = (bytes[last] as number) ^ 1;
        remote.plant(path, bytes);
      }
      await expect(theirs.fetch()).rejects.toMatchObject({ code: 'remote_damaged' });
      expect(theirs.tracked()).toBe(before);
    }
  });

  it('moves tracking refs together, once everything is here [DML-REM-0902]', async () => {
    const { remote, ours, commitId } = await pushed();
    const other = commitTo(ours.store, { c: 'other' }, { ref: headRef('other') });
    await ours.push([toMain(ours.store, headRef('other'))]);
    const theirs = await joinRemote(remote);
    const moves: string[][] = [];
    const watching = watchTransactions(theirs.store, (label) => {
      moves.push([label, ...theirs.store.readRefs('remotes').map(({ name }) => name)]);
    });
    await memberOf({ store: watching, memory: theirs.memory }, remote).fetch();
    expect(theirs.store.readRefs('remotes').map((ref) => ref.commitId)).toEqual([commitId, other]);
    const withRefs = moves.filter(([, ...refs]) => refs.length > 0);
    expect(moves.length).toBeGreaterThan(2);
    for (const [, ...refs] of withRefs) expect(refs).toHaveLength(2);
    expect(moves.at(-1)?.[0]).toBe('import/refs');
  });

  it('keeps an excised object excised [DML-REM-0907]', async () => {
    const { remote, ours } = await pushed(1);
    const theirs = await joinRemote(remote);
    commitTo(theirs.store, { x: 'text 0' }, { ref: headRef('mine') });
    const objectId = await excise(theirs.store, 'text 0');
    await theirs.fetch();
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
    expect(theirs.store.has('datum', objectId)).toBe(false);
    expect(() => theirs.store.get('datum', objectId)).toThrow(/excised/);
  });

  it('takes tombstones only where they are accepted [DML-REM-0910]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: 'one', b: 'secret' });
    const objectId = await excise(ours.store, 'secret');
    await ours.push();
    const theirs = await joinRemote(remote);
    await expect(theirs.fetch()).rejects.toMatchObject({
      code: 'transfer_invalid',
      detail: 'excision_offered',
      fields: { objectId },
    });
    expect(theirs.tracked()).toBeUndefined();
    expect(await theirs.fetch({ acceptExcisions: true })).toMatchObject({ tombstones: 1 });
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
    expect(() => theirs.store.get('datum', objectId)).toThrow(/excised/);
  });

  it('takes stubs for what a remote withholds', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: 'one', b: 'hidden' });
    const objectId = withhold(ours.store, 'hidden');
    await ours.push();
    const theirs = await joinRemote(remote);
    expect(await theirs.fetch()).toMatchObject({ stubs: 1 });
    expect(theirs.store.getStub('datum', objectId)).toMatchObject({ domain: 'did:key:z6Mk' });
  });

  it('stops at a limit of bytes [DML-REM-0909]', async () => {
    const { remote, ours } = await pushed(1);
    const theirs = await joinRemote(remote);
    await expect(theirs.fetch({ maxBytes: 50_000 })).rejects.toMatchObject({ detail: 'limit' });
    expect(theirs.tracked()).toBeUndefined();
    await theirs.fetch({ maxBytes: 500_000 });
    commitTo(ours.store, { b: noise(500_000) });
    await ours.push();
    const before = theirs.tracked();
    await expect(theirs.fetch({ maxBytes: 50_000 })).rejects.toMatchObject({ detail: 'limit' });
    expect(theirs.tracked()).toBe(before);
  });

  it('keeps tracking refs of branches that are gone, unless it prunes [DML-REM-0912]', async () => {
    const { remote, ours, commitId } = await pushed(1);
    await ours.push([{ ref: headRef('old'), commitId }]);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    await ours.push([{ ref: headRef('old'), commitId: null }]);
    await theirs.fetch();
    expect(theirs.tracked('old')).toBe(commitId);
    const { moved } = await theirs.fetch({ prune: true });
    expect(moved).toEqual([
      { ref: remoteRef('origin', 'old'), before: commitId, after: null, kind: 'deleted' },
    ]);
    expect(theirs.tracked('old')).toBeUndefined();
    expect(theirs.tracked()).toBe(commitId);
  });

  it('takes over tags and leaves another one of the same name [DML-REM-0913]', async () => {
    const { remote, ours, commitId } = await pushed(1);
    await ours.push([
      { ref: tagRef('v1'), commitId },
      { ref: tagRef('v2'), commitId },
    ]);
    for (const options of [{}, { branches: ['main'] }, { branches: [] }]) {
      const theirs = await joinRemote(remote);
      const mine = commitTo(theirs.store, { z: 'mine' }, { ref: tagRef('v2') });
      for (let time = 0; time < 2; time += 1) {
        const { keptTags } = await theirs.fetch(options);
        expect(keptTags).toEqual([tagRef('v2')]);
        expect(theirs.store.getRef(tagRef('v1'))?.commitId).toBe(commitId);
        expect(theirs.store.getRef(tagRef('v2'))?.commitId).toBe(mine);
      }
    }
  });

  it('looks at CURRENT again where a collection removes a file [DML-REM-0914]', async () => {
    const { remote, ours } = await pushed(6);
    const theirs = await joinRemote(remote);
    let isCollected = false;
    const slow = memberOf(theirs, remote, async ({ operation, path }, phase) => {
      if (isCollected || phase === 'after' || operation !== 'read' || !path.startsWith('segments/')) return;
      isCollected = true;
      // Half of what is there becomes garbage.
      const next = commitTo(ours.store, { only: 'this' }, { parents: [] });
      await ours.push([
        {
          ref: MAIN,
          commitId: next,
          lease: (await readSnapshot(remote.open())).state.refs['heads/main'] ?? null,
        },
      ]);
      await collectRemote(remoteOver(remote.open(), 77), { store: ours.store });
    });
    await slow.fetch();
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
  });

  it('reports a file that is missing while CURRENT stays [DML-REM-0419]', async () => {
    for (const folder of ['segments/', 'indexes/', 'states/']) {
      const { remote, ours } = await pushed(1);
      const theirs = await joinRemote(remote);
      if (folder === 'indexes/') {
        await theirs.fetch();
        commitTo(ours.store, { a: 'next' });
        await ours.push();
      }
      for (const path of remote.paths.filter((each) => each.startsWith(folder)))
        remote.plant(path, undefined);
      await expect(theirs.fetch()).rejects.toMatchObject({
        code: 'remote_damaged',
        detail: 'missing',
        fields: { path: expect.stringContaining(folder) },
      });
    }
  });

  it('refuses a ref whose objects are not all there [DML-REM-0915]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: 'one', b: 'two' });
    const first = await ours.push();
    // A group that another tool has dropped.
    commitTo(ours.store, { a: 'one', b: 'three' });
    await ours.push();
    const theirs = await joinRemote(remote);
    await dropGroup(remote, first.snapshot?.state.groups[0]?.index as string);
    await expect(theirs.fetch()).rejects.toMatchObject({
      code: 'remote_damaged',
      detail: 'incomplete',
      fields: { objectId: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(theirs.tracked()).toBeUndefined();
  });

  it.each([
    ['a repository with a commit', true],
    ['a repository without a ref', false],
  ])('asks again only for what did not arrive, in %s [DML-REM-0916]', async (_, hasCommit) => {
    const { remote, ours } = await pushed(1);
    commitTo(ours.store, { b: noise(12_000_000) });
    await ours.push(undefined, { segmentBytes: 500_000 });
    const theirs = await joinRemote(remote);
    let reads = 0;
    const dying = memberOf(theirs, remote, ({ operation, path }) => {
      if (operation === 'read' && path.startsWith('segments/')) reads += 1;
      if (reads > 30) throw new Killed();
    });
    await expect(dying.fetch()).rejects.toThrow(Killed);
    expect(theirs.tracked()).toBeUndefined();
    if (hasCommit) commitTo(theirs.store, { own: 'work' });
    const { counts } = await theirs.fetch();
    expect(counts.bytes).toBeLessThan(9_000_000);
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
  });

  it('finds what is missing here in groups that were looked at before', async () => {
    const { remote, ours } = await pushed(2);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    commitTo(ours.store, { a: 'text 1', c: 'next' });
    await ours.push();
    loseObject(theirs.store, 'datum', idOfText('text 1'));
    await theirs.fetch();
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
    expect(theirs.store.has('datum', idOfText('text 1'))).toBe(true);
  });

  it('says that there is no remote, or no such branch', async () => {
    const theirs = await joinRemote(newRemote());
    await expect(theirs.fetch()).rejects.toMatchObject({ code: 'remote_missing' });
    const { remote } = await pushed(1);
    const others = await joinRemote(remote);
    await expect(others.fetch({ branches: ['nope'] })).rejects.toMatchObject({
      code: 'remote_missing',
      detail: 'branch',
    });
  });
});

/** Calls back before each transaction of a store. */
function watchTransactions(store: Store, onTransaction: (label: string) => void): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'transact')
        return <Result>(label: string, body: Parameters<Store['transact']>[1]): Result => {
          onTransaction(label);
          return target.transact(label, body) as Result;
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
