import type { CommitId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { joinRemote, type Member, newRemote } from '../../test/exchange.ts';
import { commitTo, MAIN, remoteOver } from '../../test/fixtures.ts';
import { collectRemote } from '../collect/collect.ts';
import { CURRENT_PATH, filePath, parseFilePath } from '../format/file-path.ts';
import { encodeState } from '../format/state.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { readSnapshot } from './read-snapshot.ts';
import { type Restored, type RestoreOptions, restoreCurrent } from './restore-current.ts';

/** Creates a remote with some pushes, the second of which merges nothing. */
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

async function restore(remote: MemoryRemote, options?: RestoreOptions): Promise<Restored> {
  return await restoreCurrent(remoteOver(remote.open(), 50), options);
}

const LOST = { code: 'remote_damaged', detail: 'lost', fields: { path: CURRENT_PATH } };

describe('a remote that has lost CURRENT', () => {
  it('is taken for none by nobody [DML-REM-1873]', async () => {
    const { remote, ours } = await pushed(3);
    remote.plant(CURRENT_PATH, undefined);
    const before = remote.paths;
    const stranger = await joinRemote(remote);
    commitTo(stranger.store, { b: 'other' });
    for (const member of [ours, stranger]) {
      await expect(member.fetch()).rejects.toMatchObject({ ...LOST, fields: { sequence: 2 } });
      await expect(member.push()).rejects.toMatchObject(LOST);
      const own = remoteOver(member.files, 8);
      await expect(collectRemote(own, { store: member.store })).rejects.toMatchObject(LOST);
    }
    expect(remote.paths).toEqual(before);
    // A collection leaves files of a later epoch, whatever became of the states.
    const other = await pushed(1);
    await collectRemote(remoteOver(other.remote.open(), 9), { store: other.ours.store });
    commitTo(other.ours.store, { a: 'more' });
    await other.ours.push();
    for (const path of other.remote.paths)
      if (path === CURRENT_PATH || path.startsWith('states/')) other.remote.plant(path, undefined);
    await expect(readSnapshot(other.remote.open())).rejects.toMatchObject(LOST);
  });

  it('is told from one whose first push was cut off, or is under way [DML-REM-1873]', async () => {
    const { remote, ours } = await pushed(1);
    remote.plant(CURRENT_PATH, undefined);
    expect((await readSnapshot(remote.open())).version).toBeNull();
    // Others push between the look for CURRENT and the listing.
    const fresh = newRemote();
    const theirs = await joinRemote(fresh);
    let isFirst = true;
    const slow = await joinRemote(fresh, async ({ operation }, phase) => {
      if (operation !== 'readVersion' || phase === 'before' || !isFirst) return;
      isFirst = false;
      for (const text of ['one', 'two']) {
        commitTo(theirs.store, { a: text });
        await theirs.push();
      }
    });
    expect((await readSnapshot(slow.files)).state.sequence).toBe(1);
    expect(ours.store.getRef(MAIN)).toBeDefined();
  });

  it('gets its newest state back, as a state that follows it [DML-REM-1874] [DML-REM-1875]', async () => {
    const { remote, ours, commits } = await pushed(3);
    await collectRemote(remoteOver(remote.open(), 9), { store: ours.store });
    const lost = await readSnapshot(remote.open());
    const epoch = lost.state.epoch + 1;
    // A collection that had not come so far.
    remote.plant(
      filePath('segments', `${epoch}-${'a'.repeat(64)}-${'b'.repeat(32)}`),
      Buffer.from('left over'),
    );
    remote.plant(CURRENT_PATH, undefined);
    const before = remote.paths;
    expect(await restore(remote, { isDryRun: true })).toMatchObject({
      from: { name: lost.name },
      made: undefined,
    });
    expect(remote.paths).toEqual(before);
    await restore(remote);
    const { name, state } = await readSnapshot(remote.open());
    const { refs, groups, caches, absences } = lost.state;
    expect(state).toMatchObject({ refs, groups, caches, absences, epoch, previous: lost.name });
    expect([state.sequence, state.reason]).toEqual([lost.state.sequence + 1, 'restore state 3']);
    expect(parseFilePath(filePath('states', name as string))?.epoch).toBe(epoch);
    const stranger = await joinRemote(remote);
    await stranger.fetch();
    expect(stranger.tracked()).toBe(commits[2]);
    commitTo(ours.store, { a: 'on' });
    expect((await ours.push()).moves).toMatchObject([{ kind: 'forward' }]);
  });

  it('gets the newest state back that is whole, or the one that is asked for [DML-REM-1875]', async () => {
    const { remote, commits } = await pushed(4);
    const { state } = await readSnapshot(remote.open());
    remote.plant(CURRENT_PATH, undefined);
    const asked = await restore(remote, { at: '1', isDryRun: true });
    expect(asked.from.state.refs).toEqual({ 'heads/main': commits[1] });
    const byName = await restore(remote, { at: asked.from.name, isDryRun: true });
    expect(byName.from.name).toBe(asked.from.name);
    await expect(restore(remote, { at: '7' })).rejects.toMatchObject({
      code: 'remote_missing',
      detail: 'state',
    });
    const last = state.groups.at(-1);
    remote.plant(filePath('segments', last?.segments[0]?.file as string), undefined);
    const { from } = await restore(remote, { isDryRun: true });
    expect(from.state.refs).not.toEqual(state.refs);
    for (const path of remote.paths) if (path.startsWith('indexes/')) remote.plant(path, undefined);
    await expect(restore(remote)).rejects.toMatchObject({ code: 'remote_missing', detail: 'state' });
    await expect(restore(newRemote())).rejects.toMatchObject({ code: 'remote_missing', detail: undefined });
  });

  it('is left alone where nobody knows which state was the last one [DML-REM-1876]', async () => {
    const { remote, commits } = await pushed(3);
    const last = await readSnapshot(remote.open());
    // Another writer has put a state as well, and lost.
    const { name, bytes } = encodeState({ ...last.state, reason: 'push of a loser', refs: {} });
    remote.plant(filePath('states', name), bytes);
    remote.plant(CURRENT_PATH, undefined);
    const before = remote.paths;
    await expect(restore(remote)).rejects.toMatchObject({
      code: 'remote_refused',
      detail: 'choice',
      fields: {
        reason: expect.stringMatching(new RegExp(`${name} \\(push of a loser, by ada, .*;|; ${name}`)),
      },
    });
    expect(remote.paths).toEqual(before);
    await restore(remote, { at: last.name as string });
    expect((await readSnapshot(remote.open())).state.refs).toEqual({ 'heads/main': commits[2] });
    // A state that follows it says which one it was.
    remote.plant(CURRENT_PATH, undefined);
    expect((await restore(remote, { at: '2', isDryRun: true })).from.name).toBe(last.name);
  });

  it('is refused while CURRENT is in order, and taken where it is not [DML-REM-1877]', async () => {
    const { remote, commits } = await pushed(3);
    await expect(restore(remote, { at: '1' })).rejects.toMatchObject({
      code: 'remote_refused',
      detail: 'restore',
    });
    const files = remote.open();
    const { version, name } = await readSnapshot(files);
    await files.swap(CURRENT_PATH, version, Buffer.from('{"format":1'));
    await restore(remote);
    expect((await readSnapshot(files)).state.previous).toBe(name);
    // The state that CURRENT names is gone.
    remote.plant(filePath('states', (await readSnapshot(files)).name as string), undefined);
    await restore(remote);
    const { state } = await readSnapshot(files);
    expect([state.previous, state.refs]).toEqual([name, { 'heads/main': commits[2] }]);
  });
});
