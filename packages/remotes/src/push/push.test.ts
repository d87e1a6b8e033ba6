import {
  type CommitId,
  decodeRecord,
  type ObjectClass,
  type ObjectId,
  recordLinks,
  sha256Hex,
} from '@daggerml/object-model';
import { headRef, outgoingObjects, readCar, tagRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { joinRemote, memberOf, newRemote, toMain } from '../../test/exchange.ts';
import { commitTo, excise, loseObject, MAIN, noise, type Place, withhold } from '../../test/fixtures.ts';
import { Killed, unanswered } from '../../test/watched-files.ts';
import { readAbsences } from '../format/absences.ts';
import { filePath } from '../format/file-path.ts';
import { IndexObject } from '../format/index-object.ts';
import { segmentBytesOf } from '../levels/plan-merge.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { memoryOfProcess } from '../state/state-memory.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';

describe('push', () => {
  it('puts objects, then the state, then replaces CURRENT [DML-REM-0810]', async () => {
    const ours = await joinRemote(newRemote());
    const commitId = commitTo(ours.store, { a: 'one' });
    expect((await ours.push()).moves).toEqual([{ ref: MAIN, before: null, after: commitId, kind: 'new' }]);
    const writes = ours.files.requests.filter((request) => /^(?:put|swap)/.test(request));
    expect(writes.map((write) => write.replace(/[0-9].*/, ''))).toEqual([
      'put segments/',
      'put indexes/',
      'put states/',
      'swap CURRENT.json',
    ]);
  });

  it('takes one request where nothing has changed [DML-REM-0813]', async () => {
    const ours = await joinRemote(newRemote());
    commitTo(ours.store, { a: 'one' });
    await ours.push();
    ours.files.requests.length = 0;
    expect((await ours.push()).moves).toEqual([]);
    expect(ours.files.requests).toEqual(['readVersion CURRENT.json']);
  });

  it('takes five requests and its segments [DML-REM-0814]', async () => {
    const ours = await joinRemote(newRemote());
    commitTo(ours.store, { a: 'one' });
    await ours.push();
    const theirs = memberOf(ours, newRemote());
    await theirs.memory.remember(undefined);
    commitTo(ours.store, { a: noise(300_000) });
    // Nothing is remembered, and nothing is merged.
    expect((await theirs.push(undefined, { segmentBytes: 65_536 })).bytes).toBeGreaterThan(300_000);
    const segments = theirs.files.requests.filter((request) => request.startsWith('put segments')).length;
    expect(segments).toBeGreaterThan(3);
    expect(theirs.files.requests.length).toBeLessThanOrEqual(segments + 5);
  });

  it('is refused where the remote has commits that are not here [DML-REM-0802]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    const first = commitTo(ours.store, { a: 'one' });
    await ours.push();
    commitTo(theirs.store, { a: 'two' });
    for (const fetchFirst of [false, true]) {
      if (fetchFirst) await theirs.fetch();
      await expect(theirs.push()).rejects.toMatchObject({
        code: 'push_not_fast_forward',
        fields: { branch: 'main', ref: MAIN },
      });
    }
    const writes = theirs.files.requests.filter((request) => request.startsWith('swap'));
    expect(writes).toEqual([]);
    // A lease on what is there lets it through.
    const next = theirs.store.getRef(MAIN)?.commitId as CommitId;
    const forced = await theirs.push([{ ref: MAIN, commitId: next, lease: first }]);
    expect(forced.moves).toEqual([{ ref: MAIN, before: first, after: next, kind: 'forced' }]);
    // A tag does not move forward either.
    const tag = tagRef('v1');
    await theirs.push([{ ref: tag, commitId: next }]);
    const later = commitTo(theirs.store, { a: 'three' });
    await expect(theirs.push([{ ref: tag, commitId: later }])).rejects.toMatchObject({
      code: 'push_not_fast_forward',
    });
  });

  it('is a fast-forward where a lease is not needed [DML-REM-1885]', async () => {
    const ours = await joinRemote(newRemote());
    const first = commitTo(ours.store, { a: 'one' });
    await ours.push();
    const next = commitTo(ours.store, { a: 'two' });
    const { moves } = await ours.push([{ ref: MAIN, commitId: next, lease: first }]);
    expect(moves).toEqual([{ ref: MAIN, before: first, after: next, kind: 'forward' }]);
    const strange = commitTo(ours.store, { a: 'three' }, { parents: [] });
    const forced = await ours.push([{ ref: MAIN, commitId: strange, lease: next }]);
    expect(forced.moves[0]?.kind).toBe('forced');
  });

  it('is refused where a ref is not where a lease expects it [DML-REM-0811]', async () => {
    const ours = await joinRemote(newRemote());
    const first = commitTo(ours.store, { a: 'one' });
    await ours.push();
    const next = commitTo(ours.store, { a: 'two' }, { parents: [] });
    for (const lease of [null, next])
      await expect(ours.push([{ ref: MAIN, commitId: next, lease }])).rejects.toMatchObject({
        code: 'push_stale',
        fields: { actual: first },
      });
    await expect(ours.push([{ ref: headRef('other'), commitId: next, lease: first }])).rejects.toMatchObject({
      code: 'push_stale',
    });
    expect((await readSnapshot(ours.files)).state.refs).toEqual({ 'heads/main': first });
    await ours.push([{ ref: MAIN, commitId: next, lease: first }]);
    expect((await readSnapshot(ours.files)).state.refs).toEqual({ 'heads/main': next });
  });

  it('moves several refs together or not at all [DML-REM-0812]', async () => {
    const ours = await joinRemote(newRemote());
    const first = commitTo(ours.store, { a: 'one' });
    await ours.push();
    const strange = commitTo(ours.store, { a: 'two' }, { ref: headRef('strange'), parents: [] });
    const next = commitTo(ours.store, { a: 'three' });
    const both = [
      { ref: headRef('new'), commitId: next },
      { ref: MAIN, commitId: strange },
    ];
    await expect(ours.push(both)).rejects.toMatchObject({ code: 'push_not_fast_forward' });
    expect((await readSnapshot(ours.files)).state.refs).toEqual({ 'heads/main': first });
    await ours.push([{ ref: headRef('new'), commitId: strange }, toMain(ours.store)]);
    expect((await readSnapshot(ours.files)).state).toMatchObject({
      refs: { 'heads/main': next, 'heads/new': strange },
      sequence: 1,
    });
  });

  it('deletes a ref where it is told to, and no other [DML-REM-0819]', async () => {
    const ours = await joinRemote(newRemote());
    const commitId = commitTo(ours.store, { a: 'one' });
    await ours.push([toMain(ours.store), { ref: headRef('old'), commitId }]);
    await ours.push([toMain(ours.store)]);
    expect(Object.keys((await readSnapshot(ours.files)).state.refs)).toEqual(['heads/main', 'heads/old']);
    const { moves } = await ours.push([{ ref: headRef('old'), commitId: null }]);
    expect(moves).toMatchObject([{ kind: 'deleted', before: commitId }]);
    expect(Object.keys((await readSnapshot(ours.files)).state.refs)).toEqual(['heads/main']);
  });

  it('sends nothing that a ref of the remote reaches [DML-REM-0816]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: 'one', b: noise(200_000) });
    await ours.push();
    const before = new Set(remote.paths);
    commitTo(ours.store, { a: 'two', b: noise(200_000) });
    expect((await ours.push()).bytes).toBeLessThan(2_000);
    // Commit, tree, dag, node and datum.
    const [path = ''] = remote.paths.filter((each) => each.startsWith('indexes/') && !before.has(each));
    const index = IndexObject.parse((await ours.files.read(path)) as Uint8Array, { remote: 'm', path });
    const classes = Array.from({ length: index.count }, (_, at) => index.row(at).class).sort();
    expect(classes).toEqual(['commit', 'dag', 'datum', 'node', 'tree']);
  });

  it('puts records after what they link to [DML-REM-0509]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: noise(400_000), b: 'text' });
    commitTo(ours.store, { a: 'next' });
    await ours.push(undefined, { segmentBytes: 100_000 });
    const { groups } = (await readSnapshot(ours.files)).state;
    const order: string[] = [];
    for (const { file } of groups[0]?.segments ?? []) {
      const { sections } = await readCar([(await ours.files.read(filePath('segments', file))) as Uint8Array]);
      for await (const { link, bytes } of sections) {
        expect(sha256Hex(bytes)).toBe(link.id);
        order.push(link.id);
        if (link.codec === 0x55) continue;
        for (const linked of linksIn(bytes)) expect(order.indexOf(linked)).toBeGreaterThanOrEqual(0);
      }
    }
    expect(order.at(-1)).toBe(ours.store.getRef(MAIN)?.commitId);
  });

  it('is refused where an object is missing here [DML-REM-0808]', async () => {
    const ours = await joinRemote(newRemote());
    const strange = 'ab'.repeat(32) as CommitId;
    await expect(ours.push([{ ref: MAIN, commitId: strange }])).rejects.toMatchObject({
      code: 'object_missing',
      fields: { objectId: strange },
    });
    expect(ours.files.requests.filter((request) => !request.startsWith('read'))).not.toContain('swap');
    expect((await readSnapshot(ours.files)).version).toBeNull();
  });

  it('is refused where anything that the commit reaches is missing here, with that [DML-REM-0808]', async () => {
    const ours = await joinRemote(newRemote());
    commitTo(ours.store, { a: 'old' });
    commitTo(ours.store, { a: 'one', b: noise(100_000) });
    const tip = ours.store.getRef(MAIN)?.commitId as CommitId;
    const all: { class: ObjectClass; id: ObjectId }[] = [];
    for await (const { class: objectClass, link } of outgoingObjects(ours.store, [tip], []))
      if (objectClass !== undefined) all.push({ class: objectClass, id: link.id as ObjectId });
    for (const objectClass of ['commit', 'tree', 'dag', 'node', 'datum', 'chunk'] as const)
      expect(
        all.some((link) => link.class === objectClass),
        objectClass,
      ).toBe(true);
    for (const { class: objectClass, id } of all) {
      const bytes = ours.store.get(objectClass, id) as Uint8Array;
      loseObject(ours.store, objectClass, id);
      await expect(ours.push(), objectClass).rejects.toMatchObject({
        code: 'object_missing',
        fields: { class: objectClass, objectId: id },
      });
      ours.store.transact('mend', (transaction) => void transaction.put(objectClass, bytes));
    }
    expect((await readSnapshot(ours.files)).version).toBeNull();
    await ours.push();
    expect((await readSnapshot(ours.files)).state.refs['heads/main']).toBe(tip);
  });

  it('sends tombstones in the file of absences [DML-REM-0809]', async () => {
    const ours = await joinRemote(newRemote());
    commitTo(ours.store, { a: 'one', b: 'secret' });
    const objectId = await excise(ours.store, 'secret');
    await ours.push();
    const absences = await readAbsences(ours.files, (await readSnapshot(ours.files)).state.absences);
    expect([...absences.values()].map(({ record }) => record)).toMatchObject([
      { type: 'tombstone', objectClass: 'datum', objectId },
    ]);
  });

  it('sends stubs in the file of absences [DML-REM-0815]', async () => {
    const ours = await joinRemote(newRemote());
    commitTo(ours.store, { a: 'one', b: 'hidden' });
    const objectId = withhold(ours.store, 'hidden');
    await ours.push();
    const absences = await readAbsences(ours.files, (await readSnapshot(ours.files)).state.absences);
    expect([...absences.values()].map(({ record }) => record)).toMatchObject([
      { type: 'stub', objectClass: 'datum', objectId },
    ]);
  });

  it('sends nothing for which the remote has a tombstone [DML-REM-0821]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    commitTo(ours.store, { a: 'one', b: 'secret' });
    const objectId = await excise(ours.store, 'secret');
    await ours.push();
    commitTo(theirs.store, { c: 'secret' }, { ref: headRef('theirs') });
    await theirs.push([toMain(theirs.store, headRef('theirs'))]);
    for (const path of remote.paths.filter((each) => each.startsWith('indexes/'))) {
      const index = IndexObject.parse((await ours.files.read(path)) as Uint8Array, { remote: 'm', path });
      expect(index.find('datum', objectId)).toBeUndefined();
      expect(index.count).toBeGreaterThan(3);
    }
  });

  it('keeps the absences that the remote has [DML-REM-0822]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    commitTo(ours.store, { a: 'one', b: 'secret' });
    await excise(ours.store, 'secret');
    await ours.push();
    commitTo(theirs.store, { c: 'other secret', d: 'hidden' }, { ref: headRef('theirs') });
    await excise(theirs.store, 'other secret');
    withhold(theirs.store, 'hidden');
    await theirs.push([toMain(theirs.store, headRef('theirs'))]);
    const absences = await readAbsences(ours.files, (await readSnapshot(ours.files)).state.absences);
    expect([...absences.values()].map(({ record }) => record.type).sort()).toEqual([
      'stub',
      'tombstone',
      'tombstone',
    ]);
  });

  it('makes known what it has put, with unchanged refs [DML-REM-0818]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: noise(2_000_000) });
    const states: { kinds: string[]; refs: number }[] = [];
    const watching = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase === 'before') return;
      const { state } = await readSnapshot(remote.open());
      states.push({ kinds: state.groups.map(({ kind }) => kind), refs: Object.keys(state.refs).length });
    });
    await watching.push(undefined, { segmentBytes: 100_000, looseBytes: 500_000 });
    expect(states.length).toBeGreaterThan(3);
    for (const { kinds, refs } of states.slice(0, -1)) {
      expect(refs).toBe(0);
      expect(new Set(kinds)).toEqual(new Set(['loose']));
    }
    expect(states.at(-1)).toMatchObject({ refs: 1 });
    expect(new Set(states.at(-1)?.kinds)).toEqual(new Set(['objects']));
  });

  it('puts again only what was not known when it was cut [DML-REM-0807]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: noise(3_000_000) });
    const options = { segmentBytes: 100_000, looseBytes: 300_000 };
    const total = (await memberOf(await forgetful(ours), newRemote()).push(undefined, options)).bytes;
    let puts = 0;
    const dying = memberOf(await forgetful(ours), remote, ({ operation, path }) => {
      if (operation === 'put' && path.startsWith('segments/')) puts += 1;
      if (puts > 20) throw new Killed();
    });
    await expect(dying.push(undefined, options)).rejects.toThrow(Killed);
    const { groups } = (await readSnapshot(remote.open())).state;
    const known = groups.reduce((sum, group) => sum + segmentBytesOf(group), 0);
    const put = await putBytes(remote);
    expect(known).toBeGreaterThan(300_000);
    // What is put and not known is at most what is put at a time, and what is in flight.
    expect(put - known).toBeLessThan(options.looseBytes + 4 * 140_000);
    const { bytes } = await memberOf(await forgetful(ours), remote).push(undefined, options);
    expect(bytes + known).toBeLessThan(total * 1.01);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
  });

  it('ends as busy where it loses for too long [DML-REM-0820]', async () => {
    const remote = newRemote();
    const [ours, others] = [await joinRemote(remote), await joinRemote(remote)];
    commitTo(others.store, { a: 'others' }, { ref: headRef('others') });
    commitTo(ours.store, { a: 'ours' });
    const losing = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase === 'after') return;
      commitTo(others.store, { a: `${Math.random()}` }, { ref: headRef('others') });
      await others.push([toMain(others.store, headRef('others'))]);
    });
    await expect(losing.push()).rejects.toMatchObject({ code: 'remote_busy' });
    expect(Object.keys((await readSnapshot(remote.open())).state.refs)).toEqual(['heads/others']);
  });

  it('is no fast-forward over a commit whose history a cut fetch has not brought [DML-REM-0802]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const first = commitTo(ours.store, { a: 'one' });
    commitTo(ours.store, { a: 'two' });
    await ours.push();
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    loseObject(theirs.store, 'commit', first);
    const commitId = commitTo(theirs.store, { b: 'mine' });
    await expect(theirs.push()).rejects.toMatchObject({ code: 'push_not_fast_forward' });
    await theirs.push([{ ref: headRef('mine'), commitId }]);
    await ours.fetch();
    expect(ours.tracked('mine')).toBe(commitId);
  });

  it('reports a write of which nobody can say whether it took effect [DML-REM-0703]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: 'one' });
    let isCut = false;
    const cut = memberOf(ours, remote, ({ operation }, phase) => {
      if (operation === 'swap' && phase === 'after') isCut = true;
      if (isCut) throw unanswered();
    });
    await expect(cut.push()).rejects.toMatchObject({ code: 'push_unknown' });
    expect(await ours.memory.recall()).toBeUndefined();
  });

  it('moves its tracking ref, unless nobody knows what became of it [DML-REM-0705]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const first = commitTo(ours.store, { a: 'one' });
    await ours.push([toMain(ours.store), { ref: tagRef('v1'), commitId: first }]);
    expect(ours.store.readRefs('remotes').map(({ commitId }) => commitId)).toEqual([first]);
    commitTo(ours.store, { a: 'two' });
    let isCut = false;
    const cut = memberOf(ours, remote, ({ operation }) => {
      if (operation === 'swap') isCut = true;
      if (isCut) throw unanswered();
    });
    await expect(cut.push()).rejects.toMatchObject({ code: 'push_unknown' });
    expect(ours.tracked()).toBe(first);
    const next = ours.store.getRef(MAIN)?.commitId;
    await ours.push();
    expect(ours.tracked()).toBe(next);
    await ours.push([{ ref: MAIN, commitId: null }]);
    expect(ours.tracked()).toBeUndefined();
  });

  it('costs what a dry run says, which writes nothing [DML-REM-0805]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: noise(300_000) });
    const { cost, moves } = await ours.push(undefined, { isDryRun: true, segmentBytes: 100_000 });
    expect(moves).toHaveLength(1);
    expect(remote.paths).toEqual([]);
    expect(ours.tracked()).toBeUndefined();
    expect(await ours.memory.recall()).toBeUndefined();
    ours.files.requests.length = 0;
    await ours.push(undefined, { segmentBytes: 100_000 });
    const writes = ours.files.requests.filter((request) => /^(?:put|swap)/.test(request));
    expect(cost?.writes).toBe(writes.length);
    let bytes = 0;
    for await (const { sizeBytes } of remote.open().list('')) bytes += sizeBytes;
    // Names differ by numbers alone.
    expect(Math.abs((cost?.sentBytes ?? 0) - bytes)).toBeLessThan(20);
  });
});

/** Returns a repository that remembers nothing of a remote. */
async function forgetful({ store }: Place): Promise<Place> {
  return { store, memory: memoryOfProcess() };
}

/** Returns the bytes of all segments of a remote. */
async function putBytes(remote: MemoryRemote): Promise<number> {
  let sum = 0;
  for await (const { sizeBytes } of remote.open().list('segments/')) sum += sizeBytes;
  return sum;
}

/** Returns the ids that a record links to. */
function linksIn(bytes: Uint8Array): string[] {
  const record = decodeRecord(bytes);
  return recordLinks(record as never).map(({ id }) => id);
}
