import type { CommitId, ExecutionKey } from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { flip, lose, namedPaths, plantState } from '../../test/damage.ts';
import { joinRemote, type Member, memberOf, newRemote } from '../../test/exchange.ts';
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
import { joinCache, outcomesOf } from '../../test/outcomes.ts';
import { Killed } from '../../test/watched-files.ts';
import { RemoteCache } from '../cache/remote-cache.ts';
import { filePath, parseFilePath } from '../format/file-path.ts';
import { readIndex } from '../levels/merge-groups.ts';
import { listStates, readSnapshot } from '../state/read-snapshot.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { type CollectOptions, type CollectResult, collectRemote } from './collect.ts';

const OTHER = headRef('other');
const KEY = 'ef'.repeat(32) as ExecutionKey;

/** Creates a remote on which most of what was pushed first is garbage. */
async function littered(): Promise<{ remote: MemoryRemote; ours: Member; lost: CommitId; kept: CommitId }> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  const lost = commitTo(ours.store, { a: 'garbage', b: noise(300_000) });
  await ours.push();
  const kept = commitTo(ours.store, { a: 'kept', c: noise(50_000) }, { parents: [] });
  await ours.push([{ ref: MAIN, commitId: kept, lease: lost }]);
  return { remote, ours, lost, kept };
}

function collect(
  remote: MemoryRemote,
  { store, files }: Pick<Member, 'store' | 'files'>,
  options: Partial<CollectOptions> = {},
): Promise<CollectResult> {
  return collectRemote(remoteOver(files, remote.paths.length), { store, ...options });
}

async function sizeOf(remote: MemoryRemote): Promise<number> {
  let sum = 0;
  for await (const { sizeBytes } of remote.open().list('')) sum += sizeBytes;
  return sum;
}

describe('collectRemote', () => {
  it('replaces CURRENT by a state of the next epoch before it deletes [DML-REM-1008]', async () => {
    const { remote, ours } = await littered();
    const epochs: number[] = [];
    const watching = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation === 'remove' && phase === 'before')
        epochs.push((await readSnapshot(remote.open())).state.epoch);
    });
    const { garbage } = await collect(remote, watching);
    expect(garbage.length).toBeGreaterThan(1);
    expect(epochs.length).toBeGreaterThan(0);
    expect(new Set(epochs)).toEqual(new Set([1]));
    const swaps = watching.files.requests.findIndex((request) => request.startsWith('swap'));
    const removes = watching.files.requests.findIndex((request) => request.startsWith('remove'));
    expect(removes).toBeGreaterThan(swaps);
  });

  it('deletes files of earlier epochs that its state does not name, and no others [DML-REM-1009]', async () => {
    const { remote, ours } = await littered();
    const strays = {
      left: `segments/0-${'a'.repeat(64)}-${'b'.repeat(32)}.car`,
      next: `segments/1-${'a'.repeat(64)}-${'b'.repeat(32)}.car`,
      index: `indexes/1-${'a'.repeat(64)}-${'b'.repeat(32)}.index`,
      state: `states/1-9-${'a'.repeat(64)}.json`,
    };
    for (const path of Object.values(strays)) remote.plant(path, Buffer.from('stray'));
    const before = remote.paths;
    await collect(remote, ours);
    const { name, state } = await readSnapshot(ours.files);
    const left = new Set(remote.paths);
    expect(left.has(strays.left)).toBe(false);
    for (const path of [strays.next, strays.index, strays.state]) expect(left.has(path)).toBe(true);
    const named = state.groups.flatMap(({ index, segments }) => [
      `indexes/${index}.index`,
      ...segments.map(({ file }) => `segments/${file}.car`),
    ]);
    for (const path of [...named, `states/${name}.json`]) expect(left.has(path)).toBe(true);
    const gone = before.filter((path) => !left.has(path));
    expect(gone.length).toBeGreaterThan(2);
    for (const path of gone) expect(parseFilePath(path)?.epoch).toBe(0);
    for (const path of remote.paths)
      if (/^(?:segments|indexes)/.test(path) && !named.includes(path))
        expect(parseFilePath(path)?.epoch).toBeGreaterThanOrEqual(1);
  });

  it('keeps every object that a ref reaches [DML-REM-1010]', async () => {
    const { remote, ours, kept } = await littered();
    const other = commitTo(ours.store, { d: 'other' }, { ref: headRef('other') });
    await ours.push([{ ref: headRef('other'), commitId: other }]);
    const before = await sizeOf(remote);
    await collect(remote, ours);
    expect(await sizeOf(remote)).toBeLessThan(before / 2);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    expect(theirs.tracked()).toBe(kept);
    expect(theirs.tracked('other')).toBe(other);
    expect(theirs.store.has('datum', idOfText('garbage'))).toBe(false);
    // Nothing is left to collect.
    expect((await collect(remote, ours)).groups.map(({ fate }) => fate)).toEqual(
      (await readSnapshot(ours.files)).state.groups.map(() => 'keep'),
    );
  });

  it('keeps every object that an entry of the cache reaches, also where it rewrites its group [DML-REM-1010]', async () => {
    const { remote, ours } = await littered();
    const helper = joinCache(remote);
    const outcomes = outcomesOf(helper.held, 10);
    await helper.publish(outcomes);
    await collect(remote, ours);
    const execIds = outcomes.map(({ execId }) => execId);
    expect(await joinCache(remote).found(outcomes)).toEqual(execIds);
    // The value of one of them is excised.
    commitTo(ours.store, { a: 'input 0 done' });
    await excise(ours.store, 'input 0 done');
    await ours.push();
    const { groups } = await collect(remote, ours);
    expect(groups.flatMap(({ group, fate }) => (group.kind === 'cache' ? [fate] : []))).toEqual(['rewrite']);
    expect(await joinCache(remote).found(outcomes)).toEqual([undefined, ...execIds.slice(1)]);
  });

  it('keeps the newest states of the journal [DML-REM-1011]', async () => {
    const { remote, ours } = await littered();
    for (let at = 0; at < 6; at += 1) {
      commitTo(ours.store, { a: `text ${at}` });
      await ours.push();
    }
    expect(remote.paths.filter((path) => path.startsWith('states/'))).toHaveLength(8);
    await collect(remote, ours);
    expect(remote.paths.filter((path) => path.startsWith('states/'))).toHaveLength(9);
    await collect(remote, ours, { keptStates: 3 });
    const sequences: number[] = [];
    for await (const { state } of listStates(ours.files, await readSnapshot(ours.files)))
      sequences.push(state.sequence);
    expect(sequences).toEqual([9, 8, 7]);
    expect(remote.paths.filter((path) => path.startsWith('states/'))).toHaveLength(3);
  });

  it('is refused where something that the refs reach is not here [DML-REM-1012]', async () => {
    const { remote, ours } = await littered();
    const theirs = await joinRemote(remote);
    const writes = (): string[] =>
      [...theirs.files.requests, ...ours.files.requests].filter((request) =>
        /^(?:swap|remove)/.test(request),
      );
    const before = writes().length;
    await expect(collect(remote, theirs)).rejects.toMatchObject({
      code: 'remote_refused',
      detail: 'incomplete',
    });
    loseObject(ours.store, 'datum', idOfText('kept'));
    await expect(collect(remote, ours)).rejects.toMatchObject({
      detail: 'incomplete',
      fields: { objectId: idOfText('kept') },
    });
    // It is withheld here, and on the remote all the same.
    await theirs.fetch();
    withhold(theirs.store, 'kept');
    await expect(collect(remote, theirs)).rejects.toMatchObject({
      detail: 'incomplete',
      fields: { objectId: idOfText('kept') },
    });
    expect(writes().length).toBe(before);
  });

  it('rewrites a group of which half is needed, and drops one of which nothing is [DML-REM-1013]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const push = async (name: string, sizes: readonly number[]): Promise<void> => {
      const pushes = sizes.map((size, at) => {
        const ref = headRef(`${name}${at}`);
        commitTo(ours.store, { a: `${name}${at}`, b: noise(size) }, { ref });
        return { ref, commitId: ours.store.getRef(ref)?.commitId as CommitId };
      });
      await ours.push(pushes);
    };
    await push('half', [200_000, 260_004]);
    await push('most', [300_008, 120_012]);
    await push('none', [100_016]);
    await ours.push(['half1', 'most1', 'none0'].map((name) => ({ ref: headRef(name), commitId: null })));
    const { groups } = await collect(remote, ours, { isDryRun: true });
    expect(groups.map(({ fate }) => fate)).toEqual(['rewrite', 'keep', 'drop']);
    await collect(remote, ours);
    const { state } = await readSnapshot(ours.files);
    expect(state.groups).toHaveLength(2);
    expect(state.groups[0]?.index).toBe(groups[1]?.group.index);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    expect(theirs.store.readRefs('remotes').map(({ name }) => name)).toEqual([
      'refs/remotes/origin/half0',
      'refs/remotes/origin/most0',
    ]);
  });

  it('drops the shared cache where it is told to, and nothing that refs reach [DML-REM-1822]', async () => {
    const { remote, ours, kept } = await littered();
    const helper = joinCache(remote);
    const outcomes = outcomesOf(helper.held, 20);
    const publish = async (cache: RemoteCache): Promise<void> => {
      const published = cache.publish(outcomes, helper.held);
      cache.flush();
      await published;
    };
    const find = async (cache: RemoteCache): Promise<number> => {
      let count = 0;
      for await (const part of cache.lookUp(outcomes.map(({ executionKey }) => executionKey)))
        count += part.size;
      return count;
    };
    const [writer, reader] = [new RemoteCache(helper.remote, {}), new RemoteCache(helper.remote, {})];
    await publish(writer);
    expect(await find(reader)).toBe(20);
    await collect(remote, ours);
    expect(await find(new RemoteCache(helper.remote, {}))).toBe(20);
    const before = [...remote.paths].sort();
    const planned = await collect(remote, ours, { dropsCache: true, isDryRun: true });
    expect([...remote.paths].sort()).toEqual(before);
    const { garbage, snapshot } = await collect(remote, ours, { dropsCache: true });
    expect(garbage.map(({ path }) => path).sort()).toEqual(planned.garbage.map(({ path }) => path).sort());
    expect(garbage.some(({ path }) => path.startsWith('caches/'))).toBe(true);
    expect(snapshot.state.caches).toEqual([]);
    expect(snapshot.state.groups.filter(({ kind }) => kind === 'cache')).toEqual([]);
    // To those who have looked before it is a miss, and what they publish is found again.
    expect(await find(reader)).toBe(0);
    expect(await writer.mayHave(KEY, true)).toBe(false);
    await publish(writer);
    expect(await find(new RemoteCache(helper.remote, {}))).toBe(20);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    expect(theirs.store.has('commit', kept)).toBe(true);
  });

  it('lists what it would delete and why, without a change [DML-REM-1004]', async () => {
    const { remote, ours } = await littered();
    remote.plant(`segments/0-${'a'.repeat(64)}-${'b'.repeat(32)}.car`, Buffer.from('stray'));
    const before = remote.paths;
    const { garbage } = await collect(remote, ours, { isDryRun: true, keptStates: 1 });
    expect(remote.paths).toEqual(before);
    expect(garbage.map(({ path, reason }) => `${path.replace(/\/.*/, '')} ${reason}`).sort()).toEqual([
      'indexes unreached',
      'segments left-over',
      'segments unreached',
      'states old-state',
    ]);
    const collected = await collect(remote, ours, { keptStates: 2 });
    expect(collected.garbage.map(({ path }) => path).sort()).toEqual(garbage.map(({ path }) => path).sort());
  });

  it('takes over tombstones and leaves nothing of an excised object [DML-REM-1005] [DML-REM-1006]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const secret = `secret ${'x'.repeat(200)}`;
    commitTo(ours.store, { a: 'one', b: secret, c: noise(100_000) });
    await ours.push();
    const holds = async (): Promise<boolean> => {
      for (const path of remote.paths.filter((each) => !/json$/.test(each)))
        if (Buffer.from((await ours.files.read(path)) as Uint8Array).includes(secret)) return true;
      return false;
    };
    expect(await holds()).toBe(true);
    const objectId = await excise(ours.store, secret);
    commitTo(ours.store, { a: 'two', b: 'clean' });
    await ours.push();
    await collect(remote, ours);
    expect(await holds()).toBe(false);
    const theirs = await joinRemote(remote);
    await expect(theirs.fetch()).rejects.toMatchObject({ detail: 'excision_offered', fields: { objectId } });
    await theirs.fetch({ acceptExcisions: true });
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
  });

  it('is harmless to a push that it meets, however long that one slept [DML-REM-0817]', async () => {
    const { remote, ours } = await littered();
    const others = await joinRemote(remote);
    await others.fetch();
    commitTo(ours.store, { mine: 'work', d: noise(120_000) });
    let isMet = false;
    const sleeping = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase === 'after' || isMet) return;
      isMet = true;
      await collect(remote, others);
      await collect(remote, others);
    });
    await sleeping.push();
    expect(isMet).toBe(true);
    const { state } = await readSnapshot(ours.files);
    const files = state.groups.flatMap(({ index, segments }) => [index, ...segments.map(({ file }) => file)]);
    expect(files.filter((file) => file.startsWith('2-')).length).toBeGreaterThanOrEqual(2);
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
  });

  it('looks at CURRENT again where another one deletes a file of its state [DML-REM-1020]', async () => {
    for (const isDryRun of [true, false]) {
      const { remote, ours, kept } = await littered();
      let isMet = false;
      const slow = memberOf(ours, remote, async ({ operation, path }, phase) => {
        if (isMet || phase === 'after' || operation !== 'read' || !path.startsWith('indexes/')) return;
        isMet = true;
        await collect(remote, ours);
      });
      const { snapshot } = await collect(remote, slow, { isDryRun });
      expect(isMet).toBe(true);
      expect(snapshot.state.epoch).toBe(isDryRun ? 1 : 2);
      const theirs = await joinRemote(remote);
      await theirs.fetch();
      expect(theirs.tracked()).toBe(kept);
    }
  });

  it('is harmless to a fetch and a push that are about to read its absences [DML-REM-0914] [DML-REM-0817]', async () => {
    for (const work of ['fetch', 'push'] as const) {
      const remote = newRemote();
      const ours = await joinRemote(remote);
      const forget = async (text: string): Promise<void> => {
        commitTo(ours.store, { a: text });
        await excise(ours.store, text);
        await ours.push();
      };
      await forget('one');
      const theirs = await joinRemote(remote);
      commitTo(theirs.store, { mine: 'work' });
      let isMet = false;
      const slow = memberOf(theirs, remote, async ({ operation, path }, phase) => {
        if (isMet || phase === 'after' || operation !== 'read' || !path.startsWith('absences/')) return;
        isMet = true;
        await forget('two');
        await collect(remote, ours);
        expect(remote.paths).not.toContain(path);
      });
      const ref = headRef('theirs');
      const commitId = theirs.store.getRef(MAIN)?.commitId as CommitId;
      if (work === 'fetch') await slow.fetch({ acceptExcisions: true });
      else await slow.push([{ ref, commitId }]);
      expect(isMet).toBe(true);
      const { refs } = (await readSnapshot(remote.open())).state;
      if (work === 'fetch') expect(theirs.tracked()).toBe(refs['heads/main']);
      else expect(refs['heads/theirs']).toBe(commitId);
    }
  });

  it('leaves every ref readable wherever it is killed [DML-REM-1014]', async () => {
    let isWhole = false;
    for (let cut = 0; !isWhole; cut += 1) {
      for (const wanted of ['before', 'after'] as const) {
        const { remote, ours, kept } = await littered();
        const dying = memberOf(ours, remote, ({ number }, phase) => {
          if (number === cut && phase === wanted) throw new Killed();
        });
        isWhole = await collect(remote, dying).then(
          () => true,
          (error: unknown) => {
            expect(error).toBeInstanceOf(Killed);
            return false;
          },
        );
        const theirs = await joinRemote(remote);
        await theirs.fetch();
        expect(theirs.tracked()).toBe(kept);
      }
      expect(cut).toBeLessThan(100);
    }
  });

  it('deletes what a killed one left [DML-REM-1015]', async () => {
    const { remote, ours } = await littered();
    const dying = memberOf(ours, remote, ({ operation }) => {
      if (operation === 'remove') throw new Killed();
    });
    await expect(collect(remote, dying)).rejects.toThrow(Killed);
    const before = await sizeOf(remote);
    await collect(remote, ours);
    expect(await sizeOf(remote)).toBeLessThan(before / 2);
  });

  it('drops copies of what other groups hold [DML-REM-1920] [DML-REM-1921]', async () => {
    for (const isSecondLarger of [false, true]) {
      const remote = newRemote();
      const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
      const parts = { a: 'text', b: noise(200_000) };
      const first = commitTo(ours.store, parts);
      // The same content at the same moment: each plans its push before the other one is there.
      const second = commitTo(
        theirs.store,
        { ...parts, ...(isSecondLarger && { c: noise(90_000) }) },
        { ref: OTHER },
      );
      let isFirst = true;
      const racing = memberOf(theirs, remote, async ({ operation }, phase) => {
        if (operation !== 'swap' || phase !== 'before' || !isFirst) return;
        isFirst = false;
        await ours.push();
      });
      await racing.push([{ ref: OTHER, commitId: second }]);
      await theirs.fetch();
      const before = await recordsOf(remote);
      expect(before.all.length).toBeGreaterThan(before.unique.size);
      const { groups } = await collect(remote, theirs);
      expect(groups.map(({ fate }) => fate).sort()).toEqual(['keep', 'rewrite']);
      const after = await recordsOf(remote);
      expect(after.unique).toEqual(before.unique);
      expect(after.segmentBytes).toBeLessThan(2 * after.neededBytes);
      expect(after.segmentBytes).toBeLessThan(before.segmentBytes - 190_000);
      const clone = await joinRemote(remote);
      const { counts } = await clone.fetch();
      expect(counts.bytes).toBe(after.segmentBytes);
      expect([clone.tracked(), clone.tracked('other')]).toEqual([first, second]);
      // There is nothing left to drop.
      expect(new Set((await collect(remote, theirs)).groups.map(({ fate }) => fate))).toEqual(
        new Set(['keep']),
      );
    }
  });

  it('drops what was pushed again after its branch was deleted [DML-REM-1920]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const tip = commitTo(ours.store, { a: 'text', b: noise(200_000) });
    await ours.push();
    await ours.push([{ ref: MAIN, commitId: null, lease: tip }]);
    await ours.push();
    const before = await recordsOf(remote);
    expect(before.all).toHaveLength(2 * before.unique.size);
    const { groups } = await collect(remote, ours);
    expect(groups.map(({ fate }) => fate)).toEqual(['keep', 'drop']);
    expect((await recordsOf(remote)).all).toHaveLength(before.unique.size);
    const clone = await joinRemote(remote);
    await clone.fetch();
    expect(clone.tracked()).toBe(tip);
  });

  it('keeps a group of which the smaller part are copies, and reads nothing for it [DML-REM-1921]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    commitTo(ours.store, { a: noise(100_000), b: noise(80_000) });
    await ours.push();
    const other = commitTo(theirs.store, { b: noise(80_000), c: noise(90_000) }, { ref: OTHER });
    await theirs.push([{ ref: OTHER, commitId: other }]);
    await theirs.fetch();
    const { all, unique } = await recordsOf(remote);
    expect(all.length).toBeGreaterThan(unique.size);
    const before = theirs.files.requests.length;
    const { groups } = await collect(remote, theirs);
    expect(groups.map(({ fate }) => fate)).toEqual(['keep', 'keep']);
    expect(theirs.files.requests.slice(before).join()).not.toContain('read segments/');
    const { segmentBytes, neededBytes } = await recordsOf(remote);
    expect(segmentBytes).toBeLessThan(2 * neededBytes);
  });

  it('is refused where the copy that would stay cannot be read, and reads no other segment [DML-REM-1922]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    const parts = { a: 'text', b: noise(100_000) };
    commitTo(ours.store, { ...parts, c: noise(150_000) });
    await ours.push(undefined, { segmentBytes: 80_000 });
    const apart = commitTo(ours.store, { z: noise(400_000) }, { ref: headRef('apart') });
    await ours.push([{ ref: headRef('apart'), commitId: apart }]);
    await collect(remote, ours);
    const second = commitTo(theirs.store, parts, { ref: OTHER });
    await theirs.push([{ ref: OTHER, commitId: second }]);
    await theirs.fetch();
    const { state } = await readSnapshot(remote.open());
    const large = state.groups.find(({ segments }) => segments.length > 2);
    const untouched = state.groups.find(({ segments }) => segments.some(({ bytes }) => bytes > 390_000));
    const before = theirs.files.requests.length;
    await collect(remote, theirs, { isDryRun: true });
    const read = theirs.files.requests
      .slice(before)
      .filter((request) => request.startsWith('read segments/'));
    expect(read.length).toBeGreaterThan(0);
    for (const { file } of untouched?.segments ?? []) expect(read.join()).not.toContain(file);
    const relied = large?.segments.find(({ file }) => read.join().includes(file));
    await flip(remote, filePath('segments', relied?.file as string), -1);
    const paths = remote.paths;
    await expect(collect(remote, theirs)).rejects.toMatchObject({ code: 'remote_damaged', detail: 'hash' });
    expect(remote.paths).toEqual(paths);
  });

  it('deletes nothing where a file that its state names is missing [DML-REM-1914]', async () => {
    const { remote, ours } = await littered();
    const { segments, indexes } = await namedPaths(remote);
    lose(remote, segments.at(-1));
    const before = remote.paths;
    for (const isDryRun of [true, false])
      await expect(collect(remote, ours, { isDryRun })).rejects.toMatchObject({
        code: 'remote_damaged',
        detail: 'missing',
        fields: { path: segments.at(-1) },
      });
    expect(before.filter((path) => !remote.paths.includes(path))).toEqual([]);
    expect(indexes.length).toBeGreaterThan(0);
    // What is not needed may be missing.
    const { remote: other, ours: member } = await littered();
    lose(other, (await namedPaths(other)).segments[0]);
    expect((await collect(other, member)).garbage.length).toBeGreaterThan(0);
  });

  it('is refused for a state with the highest epoch before it writes [DML-REM-1926]', async () => {
    const { remote, ours } = await littered();
    await plantState(remote, (state) => ({ ...state, epoch: Number.MAX_SAFE_INTEGER }));
    const before = remote.paths;
    for (const isDryRun of [true, false])
      await expect(collect(remote, ours, { isDryRun })).rejects.toMatchObject({
        code: 'remote_damaged',
        detail: 'numbers',
      });
    expect(remote.paths).toEqual(before);
  });
});

/** Returns the records of the groups of a remote: all of them, each once, and bytes. */
async function recordsOf(remote: MemoryRemote): Promise<{
  readonly all: readonly string[];
  readonly unique: ReadonlySet<string>;
  readonly segmentBytes: number;
  readonly neededBytes: number;
}> {
  const { state } = await readSnapshot(remote.open());
  const all: string[] = [];
  const lengths = new Map<string, number>();
  for (const group of state.groups) {
    const index = await readIndex(remote.open(), group);
    for (let number = 0; index !== undefined && number < index.count; number += 1) {
      const { class: objectClass, id, length } = index.row(number);
      all.push(`${objectClass} ${id}`);
      lengths.set(`${objectClass} ${id}`, length);
    }
  }
  return {
    all,
    unique: new Set(all),
    segmentBytes: state.groups.flatMap(({ segments }) => segments).reduce((sum, { bytes }) => sum + bytes, 0),
    neededBytes: [...lengths.values()].reduce((sum, length) => sum + length, 0),
  };
}
