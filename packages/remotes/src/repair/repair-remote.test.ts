import type { CommitId } from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { cut, flip, lose, namedPaths } from '../../test/damage.ts';
import { Domain, long } from '../../test/domain.ts';
import { joinRemote, type Member, memberOf, newRemote } from '../../test/exchange.ts';
import { commitTo, excise, idOfText, loseObject, MAIN, noise, remoteOver } from '../../test/fixtures.ts';
import { joinCache, outcomesOf } from '../../test/outcomes.ts';
import { Killed } from '../../test/watched-files.ts';
import { collectRemote } from '../collect/collect.ts';
import { parseFilePath } from '../format/file-path.ts';
import { readIndex } from '../levels/merge-groups.ts';
import { push } from '../push/push.ts';
import { advance } from '../state/advance.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { memoryOfProcess } from '../state/state-memory.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { type RepairOptions, type RepairResult, repairRemote } from './repair-remote.ts';
import { verifyRemote } from './verify-remote.ts';

const OTHER = headRef('other');
let seeds = 500;

/** Creates a remote whose branch was pushed twice, into two groups of several segments. */
async function pushedTwice(): Promise<{ remote: MemoryRemote; ours: Member; tip: CommitId }> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  commitTo(ours.store, { a: 'first', b: noise(60_000) });
  await ours.push(undefined, { segmentBytes: 20_000 });
  const tip = commitTo(ours.store, { a: 'second', b: noise(90_000) });
  await ours.push(undefined, { segmentBytes: 20_000 });
  return { remote, ours, tip };
}

function repair(
  { store, files, memory }: Pick<Member, 'store' | 'files' | 'memory'>,
  options: Partial<RepairOptions> = {},
): Promise<RepairResult> {
  seeds += 1;
  return repairRemote(remoteOver(files, seeds), { store, memory, ...options });
}

/** Returns the commits of a clone, by branch. */
async function cloned(remote: MemoryRemote): Promise<Record<string, string | undefined>> {
  const theirs = await joinRemote(remote);
  await theirs.fetch();
  return Object.fromEntries(
    theirs.store
      .readRefs()
      .filter(({ name }) => name.startsWith('refs/remotes/'))
      .map(({ name, commitId }) => [name.slice('refs/remotes/origin/'.length), commitId]),
  );
}

async function damageOf(remote: MemoryRemote): Promise<string[]> {
  const { damaged } = await verifyRemote(remoteOver(remote.open()), { readsContent: true });
  return damaged.map(({ path }) => path);
}

describe('repairRemote', () => {
  it('makes a remote whole whose files were lost, cut or flipped [DML-REM-1904]', async () => {
    const damages: [(remote: MemoryRemote, path: string) => unknown, 'segments' | 'indexes', number][] = [
      [lose, 'segments', 0],
      [lose, 'segments', -1],
      [cut, 'segments', 2],
      [(remote, path) => flip(remote, path, -5), 'segments', 1],
      [lose, 'indexes', 0],
      [(remote, path) => flip(remote, path, -5), 'indexes', -1],
    ];
    for (const [damage, folder, at] of damages) {
      const { remote, ours, tip } = await pushedTwice();
      const path = (await namedPaths(remote))[folder].at(at) as string;
      await damage(remote, path);
      // A clone reads no index object.
      if (folder === 'segments')
        await expect(cloned(remote)).rejects.toMatchObject({ code: 'remote_damaged' });
      const before = await readSnapshot(remote.open());
      const repaired = await repair(ours, { readsContent: true });
      expect(repaired).toMatchObject({ isWhole: true, isChanged: true, damaged: [{ path }] });
      const { state } = await readSnapshot(remote.open());
      expect(state).toMatchObject({
        epoch: before.state.epoch + 1,
        refs: before.state.refs,
        reason: 'repair',
      });
      expect(await damageOf(remote)).toEqual([]);
      expect(await cloned(remote)).toEqual({ main: tip });
      // There is nothing left to do.
      expect(await repair(ours, { readsContent: true })).toMatchObject({
        isWhole: true,
        isChanged: false,
        damaged: [],
      });
    }
  });

  it('finds a flipped byte of a segment only where it reads content', async () => {
    const { remote, ours } = await pushedTwice();
    await flip(remote, (await namedPaths(remote)).segments[1], -5);
    expect(await repair(ours)).toMatchObject({ isChanged: false, damaged: [] });
    expect(await repair(ours, { readsContent: true })).toMatchObject({ isChanged: true });
  });

  it('keeps every object that can be read, also out of damaged files [DML-REM-1905]', async () => {
    const { remote, ours, tip } = await pushedTwice();
    const named = await namedPaths(remote);
    // The last byte is of a record, so that all others of the segment can be read.
    await flip(remote, named.segments[3], -1);
    lose(remote, named.indexes[1]);
    const { state } = await readSnapshot(remote.open());
    const [first] = state.groups;
    const index = await readIndex(remote.open(), first as (typeof state.groups)[number]);
    const damagedSegment = index?.segments[3];
    const rows = Array.from({ length: index?.count ?? 0 }, (_, number) => index?.row(number)).filter(
      (row) => index?.segments[row?.segment ?? -1] === damagedSegment,
    );
    rows.sort((left, right) => (left?.offset ?? 0) - (right?.offset ?? 0));
    const lost = rows.at(-1);
    // Somebody without any object.
    const empty = await joinRemote(remote);
    const repaired = await repair(empty, { readsContent: true });
    expect(repaired.counts.salvaged).toBeGreaterThan(0);
    expect(repaired.counts.objects).toBe(repaired.counts.salvaged);
    expect(repaired.isWhole).toBe(false);
    const lacking = [...repaired.lacking];
    expect(lacking).toEqual([{ class: lost?.class, id: lost?.id }]);
    expect(await repair(empty, { readsContent: true })).toMatchObject({ isWhole: false, isChanged: false });
    // Somebody with nothing but what is lacking completes it.
    const having = {
      get: (objectClass: string, id: string) =>
        lacking.some((link) => link.id === id)
          ? ours.store.get(objectClass as 'chunk', id as never)
          : undefined,
      has: () => false,
    } as unknown as Member['store'];
    expect(await repair({ ...empty, store: having }, { readsContent: true })).toMatchObject({
      isWhole: true,
      isChanged: true,
      counts: { objects: lacking.length, salvaged: 0 },
    });
    expect(await damageOf(remote)).toEqual([]);
    expect(await cloned(remote)).toEqual({ main: tip });
  });

  it('puts what it has, keeps the damaged groups listed and names what is lacking [DML-REM-1906]', async () => {
    const { remote, ours } = await pushedTwice();
    const { segments } = await namedPaths(remote);
    for (const segment of segments) lose(remote, segment);
    loseObject(ours.store, 'datum', idOfText('first'));
    const before = await readSnapshot(remote.open());
    const repaired = await repair(ours);
    expect(repaired).toMatchObject({ isWhole: false, isChanged: true });
    expect([...repaired.lacking]).toEqual([{ class: 'datum', id: idOfText('first') }]);
    const { state } = await readSnapshot(remote.open());
    expect(state.groups.slice(0, before.state.groups.length)).toEqual(before.state.groups);
    expect(state.refs).toEqual(before.state.refs);
    expect(await damageOf(remote)).toEqual(segments);
    // Nothing more is to be had from here.
    expect(await repair(ours)).toMatchObject({ isWhole: false, isChanged: false });
  });

  it('is completed by repositories that have every object together [DML-REM-1907]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    const mine = commitTo(ours.store, { a: 'mine', b: noise(30_000) });
    await ours.push();
    const other = commitTo(theirs.store, { a: 'theirs', b: noise(40_000) }, { ref: OTHER });
    await theirs.push([{ ref: OTHER, commitId: other }]);
    const { segments, indexes } = await namedPaths(remote);
    expect(indexes).toHaveLength(2);
    // Nothing says any more what the files held.
    for (const path of [...segments, ...indexes]) lose(remote, path);
    const half = await repair(ours);
    expect(half).toMatchObject({ isWhole: false, isChanged: true });
    expect([...half.lacking]).toEqual([{ class: 'commit', id: other }]);
    await expect(cloned(remote)).rejects.toMatchObject({ code: 'remote_damaged' });
    expect(await repair(theirs)).toMatchObject({ isWhole: true, isChanged: true });
    expect(await cloned(remote)).toEqual({ main: mine, other });
    expect(await damageOf(remote)).toEqual([]);
  });

  it('is whole without objects that no ref reaches, once nothing reaches what is lacking', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const garbage = commitTo(ours.store, { a: 'garbage', b: noise(30_000) }, { ref: OTHER });
    await ours.push([{ ref: OTHER, commitId: garbage }]);
    const tip = commitTo(ours.store, { a: 'kept' });
    await ours.push();
    for (const path of (await namedPaths(remote)).segments) lose(remote, path);
    const sparse = { ...ours, store: withoutGarbage(ours.store) };
    expect(await repair(sparse)).toMatchObject({ isWhole: false });
    await ours.push([{ ref: OTHER, commitId: null, lease: garbage }]);
    expect(await repair(sparse)).toMatchObject({ isWhole: true, isChanged: true });
    expect(await cloned(remote)).toEqual({ main: tip });
  });

  it('puts nothing for which the remote has a tombstone [DML-REM-1908]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const tip = commitTo(ours.store, { a: 'secret', b: 'plain' });
    await ours.push();
    const copy = await joinRemote(remote);
    await copy.fetch();
    await excise(ours.store, 'secret');
    await collectRemote(remoteOver(remote.open(), 901), ours);
    expect(copy.store.has('datum', idOfText('secret'))).toBe(true);
    for (const path of (await namedPaths(remote)).segments) lose(remote, path);
    expect(await repair(copy)).toMatchObject({ isWhole: true, isChanged: true });
    const { state } = await readSnapshot(remote.open());
    for (const group of state.groups) {
      const index = await readIndex(remote.open(), group);
      expect(index?.find('datum', idOfText('secret'))).toBeUndefined();
      expect(index?.find('datum', idOfText('plain'))).toBeDefined();
    }
    const theirs = await joinRemote(remote);
    await theirs.fetch({ acceptExcisions: true });
    expect(theirs.tracked()).toBe(tip);
  });

  it('is made for the state in effect, whatever others push meanwhile, and moves no ref [DML-REM-1909]', async () => {
    const { remote, ours, tip } = await pushedTwice();
    lose(remote, (await namedPaths(remote)).segments[0]);
    const others = await joinRemote(remote);
    let pushes = 0;
    const racing = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase !== 'before' || pushes === 3) return;
      pushes += 1;
      const commitId = commitTo(others.store, { p: `push ${pushes}` }, { ref: OTHER });
      await others.push([{ ref: OTHER, commitId }]);
    });
    const reads = (): number => racing.files.requests.filter((request) => request.startsWith('list ')).length;
    const repaired = await repair(racing);
    expect(repaired).toMatchObject({ isWhole: true, isChanged: true });
    expect(pushes).toBe(3);
    // What was put is put once.
    expect(reads()).toBe(2);
    expect(racing.files.requests.filter((request) => request.startsWith('put segments/'))).toHaveLength(1);
    const other = others.store.getRef(OTHER)?.commitId;
    expect(await cloned(remote)).toEqual({ main: tip, other });
    expect(await damageOf(remote)).toEqual([]);
  });

  it('begins again where a collection came first [DML-REM-1909]', async () => {
    const { remote, ours, tip } = await pushedTwice();
    const { segments } = await namedPaths(remote);
    lose(remote, segments[0]);
    let isCollected = false;
    const racing = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase !== 'before' || isCollected) return;
      isCollected = true;
      await expect(collectRemote(remoteOver(remote.open(), 902), ours)).rejects.toMatchObject({
        code: 'remote_damaged',
        detail: 'missing',
      });
    });
    expect(await repair(racing)).toMatchObject({ isWhole: true, isChanged: true });
    const { state } = await readSnapshot(remote.open());
    expect(state.epoch).toBe(2);
    for (const { index } of state.groups.slice(-1))
      expect(parseFilePath(`indexes/${index}.index`)?.epoch).toBe(2);
    expect(await cloned(remote)).toEqual({ main: tip });
  });

  it('leaves every ref as it was wherever it is killed, for the next one to repair', async () => {
    let isOver = false;
    for (let at = 0; !isOver; at += 1) {
      const remote = newRemote();
      const ours = await joinRemote(remote);
      const tip = commitTo(ours.store, { a: 'text' });
      await ours.push();
      lose(remote, (await namedPaths(remote)).segments[0]);
      const before = (await readSnapshot(remote.open())).state;
      const dying = memberOf(ours, remote, ({ number }, phase) => {
        if (number >= at && phase === (at % 2 === 0 ? 'before' : 'after')) throw new Killed();
      });
      isOver = await repair(dying).then(
        () => true,
        () => false,
      );
      const { refs, sequence } = (await readSnapshot(remote.open())).state;
      expect(refs).toEqual(before.refs);
      expect(sequence).toBeLessThanOrEqual(before.sequence + 1);
      expect(await repair(ours)).toMatchObject({ isWhole: true });
      expect(await cloned(remote)).toEqual({ main: tip });
    }
  });

  it('makes a push that relied on what was lost plan again', async () => {
    const { remote, ours } = await pushedTwice();
    lose(remote, (await namedPaths(remote)).segments[0]);
    const pushing = await joinRemote(remote);
    const late = commitTo(pushing.store, { z: 'late' }, { ref: OTHER });
    let isRepaired = false;
    const racing = memberOf(pushing, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase !== 'before' || isRepaired) return;
      isRepaired = true;
      expect(await repair(ours)).toMatchObject({ isChanged: true });
    });
    await push(remoteOver(racing.files, 903), {
      ...racing,
      remoteName: 'origin',
      pushes: [{ ref: OTHER, commitId: late }],
    });
    expect(isRepaired).toBe(true);
    expect(await cloned(remote)).toMatchObject({ other: late });
  });

  it('puts what the refs reach and no file lists [DML-REM-1910]', async () => {
    const { remote, ours, tip } = await pushedTwice();
    // A writer that forgot a group.
    await advance(remoteOver(remote.open(), 904), async ({ state }) => ({
      reason: 'test',
      groups: state.groups.slice(1),
    }));
    await expect(cloned(remote)).rejects.toMatchObject({ code: 'remote_damaged', detail: 'incomplete' });
    expect(await repair(ours)).toMatchObject({ isWhole: true, isChanged: true, damaged: [] });
    expect(await cloned(remote)).toEqual({ main: tip });
  });

  it('makes a file of absences anew where everything else that refs reach is there [DML-REM-1911]', async () => {
    for (const damage of ['lost', 'flipped'] as const) {
      const remote = newRemote();
      const ours = await joinRemote(remote);
      commitTo(ours.store, { a: 'secret', b: 'plain' });
      await excise(ours.store, 'secret');
      await ours.push();
      const { state } = await readSnapshot(remote.open());
      const path = `absences/${state.absences}.car`;
      if (damage === 'lost') lose(remote, path);
      else await flip(remote, path, -1);
      const outsider = await joinRemote(remote);
      const failed = await repair(outsider, { readsContent: true });
      expect(failed).toMatchObject({ isWhole: false, isChanged: false, damaged: [{ path }] });
      expect([...failed.lacking]).toEqual([{ class: 'datum', id: idOfText('secret') }]);
      // Who still has it does not bring it back.
      const copy = await joinRemote(remote);
      commitTo(copy.store, { x: 'secret' });
      expect(await repair(copy, { readsContent: true })).toMatchObject({ isChanged: false });
      expect(await repair(ours, { readsContent: true })).toMatchObject({
        isWhole: true,
        isChanged: true,
      });
      const theirs = await joinRemote(remote);
      await theirs.fetch({ acceptExcisions: true });
      expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
    }
  });

  it('keeps the outcomes of the cache that can be read, and lists the others no more [DML-REM-1912]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const tip = commitTo(ours.store, { a: 'text' });
    await ours.push();
    const helper = joinCache(remote);
    const first = outcomesOf(helper.held, 40, 'first');
    await helper.publish(first);
    const second = outcomesOf(helper.held, 40, 'second');
    await helper.publish(second);
    const { segments } = await namedPaths(remote, 'cache');
    await flip(remote, segments[0], -1);
    await flip(
      remote,
      segments[1],
      Math.floor(((await remote.open().read(segments[1] as string))?.length ?? 0) / 2),
    );
    const { state } = await readSnapshot(remote.open());
    expect(await repair(ours, { readsContent: true })).toMatchObject({ isWhole: true, isChanged: true });
    const after = (await readSnapshot(remote.open())).state;
    expect(await damageOf(remote)).toEqual([]);
    const found = await joinCache(remote).found([...first, ...second]);
    const hits = found.filter((execId) => execId !== undefined).length;
    expect(hits).toBeGreaterThanOrEqual(75);
    expect(hits).toBeLessThan(80);
    // A lost cache index is listed no more.
    lose(remote, `caches/${after.caches[0]?.file}.cache`);
    expect(await repair(ours)).toMatchObject({ isWhole: true, isChanged: true });
    expect((await readSnapshot(remote.open())).state.caches).toEqual(after.caches.slice(1));
    expect(state.caches.length).toBeGreaterThan(0);
    expect(await cloned(remote)).toEqual({ main: tip });
  });

  it('puts pages of the trees of refs that are remembered here [DML-REM-1913]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const tip = commitTo(ours.store, { a: 'text' });
    const pushes = Array.from({ length: 1_200 }, (_, at) => ({ ref: headRef(`b${at}`), commitId: tip }));
    await ours.push(pushes);
    const { segments, indexes } = await namedPaths(remote, 'refs');
    expect(segments.length).toBeGreaterThan(0);
    for (const path of [...segments, ...indexes]) lose(remote, path);
    const outsider = await joinRemote(remote);
    const failed = await repair(outsider);
    expect(failed).toMatchObject({ isWhole: false, isChanged: false });
    expect([...failed.lacking]).toMatchObject([{ class: 'page' }]);
    expect(await repair(ours)).toMatchObject({ isWhole: true, isChanged: true });
    expect(Object.keys(await cloned(remote))).toHaveLength(1_200);
    expect(await damageOf(remote)).toEqual([]);
  });

  it('never puts what a publication withholds, and what else was published again [DML-REM-1908]', async () => {
    for (const isIndexLost of [false, true]) {
      const ours = await Domain.create();
      const secret = long('secret');
      const commitId = commitTo(ours.store, { a: long('one'), secret });
      await ours.publish(commitId, { policy: { isDagWithheld: (name) => name === 'secret' } });
      const published = await ours.shared();
      expect(published).toContain(`datum ${idOfText(long('one'))}`);
      const { segments, indexes } = await namedPaths(ours.memory);
      for (const path of isIndexLost ? [...segments, ...indexes] : segments) lose(ours.memory, path);
      const member = memberOf({ store: ours.store, memory: memoryOfProcess() }, ours.memory);
      const repaired = await repair(member);
      // Nothing says what was shared of it.
      expect(repaired).toMatchObject({ isWhole: !isIndexLost, isChanged: !isIndexLost });
      if (isIndexLost) continue;
      expect(await ours.shared()).toEqual(published);
      expect(published).not.toContain(`datum ${idOfText(secret)}`);
      const theirs = await Domain.create();
      await theirs.take(ours);
      expect(theirs.commitOf('them')).toBe(commitId);
    }
  });
});

/** Returns a store without some texts. */
function withoutGarbage(store: Member['store']): Member['store'] {
  const hidden = new Set<string>([idOfText('garbage')]);
  return new Proxy(store, {
    get(target, name) {
      if (name === 'get')
        return (objectClass: 'datum', id: string) =>
          hidden.has(id) ? undefined : target.get(objectClass, id as never);
      if (name === 'has')
        return (objectClass: 'datum', id: string) => !hidden.has(id) && target.has(objectClass, id as never);
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
