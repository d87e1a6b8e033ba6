import type { CommitId } from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { joinRemote, type Member, memberOf, newRemote, toMain } from '../../test/exchange.ts';
import { commitTo, MAIN, remoteOver } from '../../test/fixtures.ts';
import { CURRENT_PATH } from '../format/file-path.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { assertKnown } from './assert-known.ts';
import { readSnapshot } from './read-snapshot.ts';
import { restoreCurrent } from './restore-current.ts';
import { memoryOfProcess } from './state-memory.ts';

/** Creates a remote with some pushes, and somebody who knows all of them. */
async function pushed(count: number): Promise<{ remote: MemoryRemote; ours: Member; commits: CommitId[] }> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  const commits: CommitId[] = [];
  for (let at = 0; at < count; at += 1) {
    commits.push(commitTo(ours.store, { a: `text ${at}` }));
    await ours.push();
  }
  return { remote, ours, commits };
}

/** Puts an earlier state of a remote in effect, with nothing in between. */
async function rollBack(remote: MemoryRemote, sequence: number): Promise<void> {
  const files = remote.open();
  const { made } = await withoutCurrent(remote, sequence);
  // As a copy has it, without the state that the restoration made.
  const name = made?.state.previous as string;
  const bytes = await files.read(`states/${name}.json`);
  const { write } = JSON.parse(Buffer.from(bytes as Uint8Array).toString());
  remote.plant(CURRENT_PATH, undefined);
  const current = `{"format":1,"sequence":${sequence},"state":"${name}","write":"${write}"}\n`;
  await files.swap(CURRENT_PATH, null, Buffer.from(current));
  for (const path of remote.paths)
    if (path.startsWith('states/') && Number(path.split('-')[1]) > sequence) remote.plant(path, undefined);
}

async function withoutCurrent(remote: MemoryRemote, sequence: number): ReturnType<typeof restoreCurrent> {
  remote.plant(CURRENT_PATH, undefined);
  return await restoreCurrent(remoteOver(remote.open(), 70), { at: String(sequence) });
}

describe('a place without the remote that is remembered', () => {
  it('is refused with what was seen last, and nothing is written [DML-REM-1878]', async () => {
    const { ours } = await pushed(3);
    const { timeMs } = (await readSnapshot(ours.files)).state;
    const elsewhere = newRemote();
    const gone = memberOf(ours, elsewhere);
    const refused = {
      code: 'remote_missing',
      detail: 'vanished',
      fields: { sequence: 2, seen: new Date(timeMs).toISOString(), name: 'origin' },
    };
    await expect(gone.push()).rejects.toMatchObject(refused);
    await expect(gone.push(undefined, { isDryRun: true })).rejects.toMatchObject(refused);
    await expect(gone.fetch()).rejects.toMatchObject(refused);
    expect(elsewhere.paths).toEqual([]);
    // Whoever knows nothing may begin.
    const stranger = memberOf({ store: ours.store, memory: memoryOfProcess() }, elsewhere);
    await stranger.push();
    expect(elsewhere.paths).toContain(CURRENT_PATH);
  });

  it('is told from one that has lost CURRENT alone [DML-REM-1878]', async () => {
    const { remote, ours } = await pushed(1);
    remote.plant(CURRENT_PATH, undefined);
    await expect(ours.push()).rejects.toMatchObject({ code: 'remote_damaged', detail: 'lost' });
  });

  it('is refused where others would begin to share [DML-REM-1883]', async () => {
    const { remote, ours } = await pushed(2);
    const empty = newRemote().open();
    await expect(assertKnown(empty, ours.memory, 'origin')).rejects.toMatchObject({ detail: 'vanished' });
    await assertKnown(ours.files, ours.memory, 'origin');
    await assertKnown(empty, memoryOfProcess(), 'origin');
    const failing = async (): Promise<never> => {
      throw Object.assign(new Error('no answer'), { code: 'remote_unreachable' });
    };
    await assertKnown({ ...empty, readVersion: failing }, ours.memory, 'origin');
    remote.plant(CURRENT_PATH, undefined);
    await expect(assertKnown(ours.files, ours.memory, 'origin')).rejects.toMatchObject({ detail: 'lost' });
  });

  it('is not written to by a push that is refused for what was left out [DML-REM-1879]', async () => {
    const { remote } = await pushed(5);
    const theirs = await joinRemote(remote);
    await theirs.fetch({ partial: { uri: 'dml+remote://memory', depth: 1 } });
    const tracked = theirs.tracked() as CommitId;
    commitTo(theirs.store, { b: 'more' }, { parents: [tracked] });
    const other = newRemote();
    const pushing = memberOf({ store: theirs.store, memory: memoryOfProcess() }, other);
    await expect(pushing.push()).rejects.toMatchObject({ code: 'object_withheld' });
    expect(pushing.files.requests.filter((request) => request.startsWith('put'))).toEqual([]);
  });
});

describe('an older copy of a remote', () => {
  it('is found by its sequence or by the state before [DML-REM-1880]', async () => {
    const { remote, ours, commits } = await pushed(4);
    const later = (await readSnapshot(ours.files)).state;
    await rollBack(remote, 1);
    const { moved, wentBackFrom } = await ours.fetch();
    expect(wentBackFrom).toEqual(later);
    expect(moved).toMatchObject([{ before: commits[3], after: commits[1], kind: 'forced' }]);
    // It is known from now on.
    expect((await ours.fetch()).wentBackFrom).toBeUndefined();
    // Another state of the same sequence, and one that follows it.
    for (const extra of [0, 1]) {
      const { remote: shared, ours: mine } = await pushed(3);
      const theirs = await joinRemote(shared);
      await theirs.fetch();
      await rollBack(shared, 1);
      const stranger = memberOf({ store: theirs.store, memory: memoryOfProcess() }, shared);
      for (let at = 0; at <= extra; at += 1)
        await stranger.push([{ ref: headRef(`x${at}`), commitId: theirs.tracked() as CommitId }]);
      expect((await readSnapshot(shared.open())).state.sequence).toBe(2 + extra);
      expect((await mine.fetch()).wentBackFrom?.sequence).toBe(2);
    }
  });

  it('is no pushes of others, restored states among them [DML-REM-1880]', async () => {
    const { remote, ours } = await pushed(2);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    for (const text of ['x', 'y', 'z']) {
      commitTo(ours.store, { a: text });
      await ours.push();
      if (text !== 'y') expect((await theirs.fetch()).wentBackFrom).toBeUndefined();
    }
    remote.plant(CURRENT_PATH, undefined);
    await restoreCurrent(remoteOver(remote.open(), 71));
    expect((await theirs.fetch()).wentBackFrom).toBeUndefined();
    await ours.push();
  });

  it('is pushed to only once a fetch has taken it [DML-REM-1881]', async () => {
    const { remote, ours, commits } = await pushed(4);
    await rollBack(remote, 1);
    const before = remote.paths;
    for (const isDryRun of [true, false])
      await expect(ours.push(undefined, { isDryRun })).rejects.toMatchObject({
        code: 'push_stale',
        detail: 'back',
        fields: { actual: 1, expected: 3 },
      });
    expect(remote.paths).toEqual(before);
    await ours.fetch();
    const { moves } = await ours.push();
    expect(moves).toMatchObject([{ before: commits[1], after: commits[3], kind: 'forward' }]);
  });

  it('is found where others have pushed on, by a ref that lost commits [DML-REM-1884]', async () => {
    const { remote, ours, commits } = await pushed(4);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    await rollBack(remote, 1);
    const stranger = await joinRemote(remote);
    await stranger.fetch();
    for (let at = 0; at < 4; at += 1) {
      const parents = [stranger.tracked() as CommitId];
      commitTo(stranger.store, { b: `other ${at}` }, at === 0 ? { parents } : {});
      await stranger.push();
    }
    const { wentBackFrom, moved } = await theirs.fetch();
    expect([wentBackFrom?.sequence, moved[0]?.kind, moved[0]?.before]).toEqual([3, 'forced', commits[3]]);
    expect(theirs.tracked()).toBe(stranger.tracked());
    // A push that was forced is none.
    const next = commitTo(stranger.store, { c: 'forced' }, { parents: [] });
    await stranger.push([{ ref: MAIN, commitId: next, lease: stranger.tracked() as CommitId }]);
    const forced = await theirs.fetch();
    expect([forced.wentBackFrom, forced.moved[0]?.kind]).toEqual([undefined, 'forced']);
    expect(ours.tracked()).toBe(commits[3]);
  });
});

describe('the moves of a fetch', () => {
  it('say how each ref moved [DML-REM-1882]', async () => {
    const { remote, ours } = await pushed(2);
    const other = headRef('other');
    const first = commitTo(ours.store, { o: 'one' }, { ref: other });
    await ours.push([
      { ref: other, commitId: first },
      { ref: headRef('old'), commitId: first },
    ]);
    const theirs = await joinRemote(remote);
    const kindsOf = async (prune = false): Promise<Record<string, string>> => {
      const { moved } = await theirs.fetch({ prune });
      return Object.fromEntries(
        moved.map(({ ref, kind }) => [ref.slice('refs/remotes/origin/'.length), kind]),
      );
    };
    expect(await kindsOf()).toEqual({ main: 'new', other: 'new', old: 'new' });
    commitTo(ours.store, { a: 'next' });
    const forced = commitTo(ours.store, { o: 'two' }, { ref: headRef('two'), parents: [] });
    await ours.push([
      toMain(ours.store),
      { ref: other, commitId: forced, lease: first },
      { ref: headRef('old'), commitId: null },
    ]);
    expect(await kindsOf(true)).toEqual({ main: 'forward', other: 'forced', old: 'deleted' });
    // A clone without the history in between.
    const shallow = await joinRemote(remote);
    const partial = { uri: 'dml+remote://memory', depth: 1 };
    await shallow.fetch({ partial });
    for (const text of ['p', 'q', 'r']) {
      commitTo(ours.store, { a: text });
      await ours.push();
    }
    expect((await shallow.fetch({ partial })).moved).toMatchObject([{ kind: 'unknown' }]);
  });
});
