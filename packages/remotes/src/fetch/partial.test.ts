import { randomFillSync } from 'node:crypto';
import { type CommitId, hashBytes, PageCache, type PageId, treeEntries } from '@daggerml/object-model';
import {
  commitGraph,
  headRef,
  isAncestor,
  runGc,
  type Store,
  type StubFacts,
  verifyStore,
} from '@daggerml/store';
import { describe, expect, it, vi } from 'vitest';
import { joinRemote, type Member, memberOf, newRemote, toMain } from '../../test/exchange.ts';
import {
  commitTo,
  excise,
  idOfText,
  MAIN,
  newPlace,
  noise,
  remoteOver,
  withhold,
} from '../../test/fixtures.ts';
import { Killed, type OnRequest, unanswered, watchedFiles } from '../../test/watched-files.ts';
import { collectRemote } from '../collect/collect.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { type FetchFilter, leftOutDomain } from './fetch-filter.ts';
import { LeftOutObjects } from './left-out-objects.ts';
import { leftOutSource } from './left-out-source.ts';

vi.setConfig({ testTimeout: 300_000 });

const URI = 'dml+remote://file/tmp/shared';
const LARGE = 200_000;
const LIMIT = 100_000;

interface Pushed {
  readonly remote: MemoryRemote;
  readonly ours: Member;
  /** Commits of main, the first one first. */
  readonly ids: readonly CommitId[];
}

/** Creates a remote with some commits, each of a text, a large blob and a small one of its own. */
async function pushed(commits = 4): Promise<Pushed> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  const ids: CommitId[] = [];
  for (let at = 0; at < commits; at += 1) {
    ids.push(commitNumber(ours.store, at));
    await ours.push();
  }
  return { remote, ours, ids };
}

function commitNumber(store: Store, number: number): CommitId {
  return commitTo(store, {
    a: `text ${number}`,
    b: noise(LARGE + number * 4),
    c: noise(20_000 + number * 4),
  });
}

async function clone(remote: MemoryRemote, filter: FetchFilter, onRequest?: OnRequest): Promise<Member> {
  const theirs = await joinRemote(remote, onRequest);
  await theirs.fetch({ partial: { uri: URI, ...filter } });
  return theirs;
}

function bringer(remote: MemoryRemote, { store }: Member, onRequest?: OnRequest): LeftOutObjects {
  return new LeftOutObjects(remoteOver(watchedFiles(remote.open(), onRequest), 77), { store });
}

/** Number of the stubs of each class. */
function stubsOf(store: Store): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const stub of store.iterateStubs()) counts[stub.class] = (counts[stub.class] ?? 0) + 1;
  return counts;
}

async function expectSound(store: Store): Promise<void> {
  const found: unknown[] = [];
  await verifyStore(store, { onFinding: (finding) => found.push(finding) });
  expect(found).toEqual([]);
}

function hasCommits({ store }: Member, ids: readonly CommitId[]): boolean[] {
  return ids.map((id) => store.has('commit', id));
}

function blobOf(sizeBytes: number, store: Store): { chunks: StubFacts[] } {
  const chunks = [...store.iterateStubs('chunk')];
  expect(chunks.length, String(sizeBytes)).toBeGreaterThan(0);
  return { chunks };
}

describe('a fetch with a depth', () => {
  it('brings the newest commits of each ref and stubs for what is behind them [DML-REM-0950]', async () => {
    const { remote, ours, ids } = await pushed();
    const side = headRef('side');
    const other = commitTo(ours.store, { x: 'other' }, { ref: side, parents: [ids[1] as CommitId] });
    const merged = commitTo(ours.store, { y: 'merged' }, { parents: [ids[3] as CommitId, other] });
    await ours.push([toMain(ours.store), toMain(ours.store, side)]);
    for (const depth of [1, 2, 3, 9]) {
      const theirs = await clone(remote, { depth });
      expect(theirs.tracked()).toBe(merged);
      expect(theirs.tracked('side')).toBe(other);
      // The merge reaches the first line and the side branch, which forks behind it.
      const newest = { 1: [0, 0, 0, 0], 2: [0, 1, 0, 1], 3: [1, 1, 1, 1], 9: [1, 1, 1, 1] }[
        depth
      ] as number[];
      expect(hasCommits(theirs, ids), String(depth)).toEqual(newest.map(Boolean));
      expect(stubsOf(theirs.store).commit ?? 0).toBe({ 1: 2, 2: 2, 3: 0, 9: 0 }[depth]);
      await expectSound(theirs.store);
      await runGc(theirs.store);
      await expectSound(theirs.store);
      expect(isAncestor(commitGraph(theirs.store), other, merged)).toBe(true);
    }
  });

  it('leaves no ref moved wherever it is killed, and is made again', async () => {
    const { remote, ids } = await pushed(3);
    const { files } = await clone(remote, { depth: 2, blobLimitBytes: LIMIT });
    for (let cut = 0; cut < files.requests.length; cut += 1) {
      const place = await newPlace();
      const killed = memberOf(place, remote, ({ number }) => {
        if (number === cut) throw new Killed();
      });
      const partial = { uri: URI, depth: 2, blobLimitBytes: LIMIT };
      await expect(killed.fetch({ partial })).rejects.toThrow(Killed);
      expect(place.store.readRefs()).toEqual([]);
      const again = memberOf(place, remote);
      await again.fetch({ partial });
      expect(hasCommits(again, ids)).toEqual([false, true, true]);
      await expectSound(place.store);
    }
  });

  it('brings more of the history later, also of refs that have not moved', async () => {
    const { remote, ids } = await pushed(5);
    const theirs = await clone(remote, { depth: 1 });
    const tips = [theirs.tracked() as CommitId];
    await bringer(remote, theirs).deepen(tips, 3);
    expect(hasCommits(theirs, ids)).toEqual([false, false, true, true, true]);
    await expectSound(theirs.store);
    await bringer(remote, theirs).deepen(tips, 100);
    expect(hasCommits(theirs, ids)).toEqual([true, true, true, true, true]);
    expect(stubsOf(theirs.store)).toEqual({});
    await expectSound(theirs.store);
  });

  it('takes up what is new later, and nothing of what was left out [DML-REM-0961]', async () => {
    const { remote, ours, ids } = await pushed(3);
    const theirs = await clone(remote, { depth: 1, blobLimitBytes: LIMIT });
    // Small groups are merged with others: the new groups hold the old commits as well.
    const more = [3, 4, 5, 6, 7, 8].map((number) => commitNumber(ours.store, number));
    for (const _ of more) await ours.push();
    commitTo(ours.store, { a: 'last' });
    await ours.push();
    const before = stubsOf(theirs.store);
    await theirs.fetch();
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
    expect(hasCommits(theirs, [...ids, ...more])).toEqual([false, false, true, ...more.map(() => true)]);
    expect(stubsOf(theirs.store)).toEqual(before);
    // Who has forgotten what was seen last looks at all groups.
    commitTo(ours.store, { a: 'and one more' });
    await ours.push();
    const forgetful = memberOf({ ...theirs, memory: (await newPlace()).memory }, remote);
    await forgetful.fetch();
    expect(theirs.tracked()).toBe(ours.store.getRef(MAIN)?.commitId);
    expect(hasCommits(theirs, ids)).toEqual([false, false, true]);
    expect(stubsOf(theirs.store)).toEqual(before);
    await expectSound(theirs.store);
  });
});

describe('a fetch with a limit of blobs', () => {
  it('leaves out the content of larger blobs alone, which is read on demand [DML-REM-0908]', async () => {
    const { remote } = await pushed(2);
    const shared = noise(LARGE);
    const ours = await joinRemote(remote);
    await ours.fetch();
    // A blob of the first bytes of a large one: they have chunks in common.
    commitTo(ours.store, { a: 'shared', part: shared.subarray(0, LIMIT - 1) }, { ref: headRef('part') });
    await ours.push([toMain(ours.store, headRef('part'))]);
    const theirs = await clone(remote, { blobLimitBytes: LIMIT });
    expect(Object.keys(stubsOf(theirs.store))).toEqual(['chunk']);
    await expectSound(theirs.store);
    const chunks = (sizeBytes: number, store: Store): boolean[] =>
      chunksOf(noise(sizeBytes), ours.store, store);
    expect(chunks(20_000, theirs.store)).not.toContain(false);
    expect(chunksOf(shared.subarray(0, LIMIT - 1), ours.store, theirs.store)).not.toContain(false);
    expect(chunks(LARGE + 4, theirs.store)).toContain(false);
    const { store } = theirs;
    store.leftOutSource = leftOutSource({
      remotes: () => new Map([['origin', { uri: URI }]]),
      open: async () => remoteOver(remote.open()),
      store,
    });
    const missing = blobOf(LARGE, store).chunks.map(({ objectId }) => objectId);
    await store.bring('chunk', missing.slice(0, 2));
    expect(missing.map((id) => store.has('chunk', id)).filter(Boolean)).toHaveLength(2);
    await store.bring('chunk', missing);
    expect(stubsOf(store)).toEqual({});
    await expectSound(store);
  });

  it('leaves out nothing of a blob that is as large as the limit', async () => {
    const { remote } = await pushed(1);
    expect(stubsOf((await clone(remote, { blobLimitBytes: LARGE })).store)).toEqual({});
    expect(stubsOf((await clone(remote, { blobLimitBytes: LARGE - 1 })).store)).not.toEqual({});
  });

  it('names the remote in its stubs, by a hash where its URI is long [DML-REM-0951]', async () => {
    const { remote } = await pushed(1);
    const long = `${URI}/${'x'.repeat(300)}`;
    expect(leftOutDomain(long)).toMatch(/^dml\+remote:\/\/sha256\/[0-9a-f]{64}$/);
    const edge = `${URI}/`.padEnd(255, 'x');
    expect(leftOutDomain(edge)).toBe(edge);
    for (const uri of [URI, edge, long]) {
      const theirs = await joinRemote(remote);
      await theirs.fetch({ partial: { uri, blobLimitBytes: LIMIT } });
      const domains = new Set([...theirs.store.iterateStubs()].map(({ domain }) => domain));
      expect([...domains]).toEqual([leftOutDomain(uri)]);
    }
  });
});

/** Checks of each chunk of a content whether a store has it. */
function chunksOf(content: Uint8Array, from: Store, store: Store): boolean[] {
  const has: boolean[] = [];
  for (const id of from.findBlobs(hashBytes(content))) {
    const datum = from.getRecord('datum', id);
    if (datum?.kind !== 'blob') continue;
    const source = { pageCache: new PageCache(), getPage: (pageId: PageId) => from.get('page', pageId) };
    for (const [chunkId] of treeEntries('chunks', datum.root, source)) has.push(store.has('chunk', chunkId));
  }
  expect(has.length).toBeGreaterThan(0);
  return has;
}

describe('bringing what was left out', () => {
  it('brings everything, in the end [DML-REM-0954]', async () => {
    const { remote, ids } = await pushed();
    const theirs = await clone(remote, { depth: 1, blobLimitBytes: LIMIT });
    expect(Object.keys(stubsOf(theirs.store)).sort()).toEqual(['chunk', 'commit']);
    await bringer(remote, theirs).bringAll();
    expect(stubsOf(theirs.store)).toEqual({});
    expect(hasCommits(theirs, ids)).not.toContain(false);
    await expectSound(theirs.store);
  });

  it('is whole at every moment of it [DML-REM-0952]', async () => {
    const { remote, ids } = await pushed();
    const counting = await clone(remote, { depth: 1, blobLimitBytes: LIMIT });
    let requests = 0;
    await bringer(remote, counting, (_, phase) => {
      if (phase === 'after') requests += 1;
    }).bringAll();
    for (let cut = 0; cut < requests; cut += 1) {
      const theirs = await clone(remote, { depth: 1, blobLimitBytes: LIMIT });
      const killing: OnRequest = ({ number }, phase) => {
        if (number === cut && phase === 'after') throw new Killed();
      };
      await bringer(remote, theirs, killing)
        .bringAll()
        .catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      await expectSound(theirs.store);
      await runGc(theirs.store);
      await expectSound(theirs.store);
      await bringer(remote, theirs).bringAll();
      expect(hasCommits(theirs, ids)).not.toContain(false);
      await expectSound(theirs.store);
    }
  });

  it('is whole in the middle of it as well [DML-REM-0952]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    for (let at = 0; at < 3; at += 1)
      commitTo(ours.store, { [`b${at}`]: randomFillSync(Buffer.alloc(8 * 2 ** 20)) });
    await ours.push(undefined, { segmentBytes: 2 ** 20 });
    const theirs = await clone(remote, { depth: 1 });
    let objects = 0;
    let steps = 0;
    const looking: OnRequest = async (_, phase) => {
      if (phase === 'after') return;
      // Objects are stored while others are still asked for.
      const { objects: count } = await verifyStore(theirs.store);
      if (count > objects) steps += 1;
      objects = count;
      await expectSound(theirs.store);
    };
    await bringer(remote, theirs, looking).unshallow();
    expect(steps).toBeGreaterThan(1);
    expect(stubsOf(theirs.store)).toEqual({});
  });

  it('brings long and many histories in steps [DML-REM-0953]', async () => {
    const steps = async (remote: MemoryRemote, stubs: number): Promise<number> => {
      const theirs = await clone(remote, { depth: 1 });
      expect(stubsOf(theirs.store)).toEqual({ commit: stubs });
      let count = 0;
      await bringer(remote, theirs, ({ operation, path }, phase) => {
        if (operation === 'readVersion' && path === 'CURRENT.json' && phase === 'after') count += 1;
      }).unshallow();
      expect(stubsOf(theirs.store)).toEqual({});
      await expectSound(theirs.store);
      return count;
    };
    const long = newRemote();
    const ours = await joinRemote(long);
    for (let at = 0; at < 1_003; at += 1) commitTo(ours.store, { a: `text ${at}` });
    await ours.push();
    expect(await steps(long, 1)).toBe(2);
    const wide = newRemote();
    const others = await joinRemote(wide);
    const refs = Array.from({ length: 260 }, (_, at) => headRef(`side-${at}`));
    for (const [at, ref] of refs.entries()) {
      commitTo(others.store, { b: `first ${at}` }, { ref, parents: [] });
      commitTo(others.store, { b: `side ${at}` }, { ref });
    }
    await others.push(refs.map((ref) => toMain(others.store, ref)));
    expect(await steps(wide, 260)).toBe(2);
  });

  it('reads a line of history with few requests [DML-REM-0962]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const first = commitTo(ours.store, { a: 'first' });
    for (let at = 1; at < 300; at += 1) commitTo(ours.store, { a: `text ${at}` });
    await ours.push();
    const theirs = await clone(remote, { depth: 1 });
    const files = watchedFiles(remote.open());
    const objects = new LeftOutObjects(remoteOver(files, 78), { store: theirs.store });
    const segmentReads = (): number =>
      files.requests.filter((each) => each.startsWith('read segments/')).length;
    const tips = [theirs.tracked() as CommitId];
    await objects.deepen(tips, 100);
    expect(segmentReads()).toBeLessThan(10);
    // One commit, and no more than was asked for.
    files.requests.length = 0;
    const before = objects.counts.objects;
    await objects.deepen(tips, 101);
    expect(objects.counts.objects - before).toBeLessThanOrEqual(5);
    await objects.unshallow();
    expect(segmentReads()).toBeLessThan(20);
    expect(theirs.store.has('commit', first)).toBe(true);
    await expectSound(theirs.store);
    // So does a fetch into a shallow repository.
    const shallow = await clone(remote, { depth: 1 });
    for (let at = 0; at < 200; at += 1) commitTo(ours.store, { a: `more ${at}` });
    await ours.push();
    shallow.files.requests.length = 0;
    await shallow.fetch();
    expect(shallow.files.requests.filter((each) => each.startsWith('read segments/')).length).toBeLessThan(
      12,
    );
    expect(shallow.store.has('commit', first)).toBe(false);
    await expectSound(shallow.store);
  });

  it('keeps nothing of an object that does not hash to its id', async () => {
    const { remote } = await pushed(1);
    const theirs = await clone(remote, { blobLimitBytes: LIMIT });
    for (const path of remote.paths.filter((each) => each.startsWith('segments/'))) {
      const bytes = (await remote.open().read(path)) as Uint8Array;
      remote.plant(
        path,
        bytes.map((byte) => byte ^ 1),
      );
    }
    const before = stubsOf(theirs.store);
    const { chunks } = blobOf(LARGE, theirs.store);
    const roots = chunks.map(({ class: objectClass, objectId: id }) => ({ class: objectClass, id }));
    await expect(bringer(remote, theirs).bring(roots)).rejects.toMatchObject({
      code: 'remote_damaged',
      detail: 'record',
    });
    expect(stubsOf(theirs.store)).toEqual(before);
    expect(chunks.some(({ objectId }) => theirs.store.has('chunk', objectId))).toBe(false);
    await expectSound(theirs.store);
  });

  it('says which object a remote does not have any more, and why [DML-REM-0960]', async () => {
    const { remote, ours, ids } = await pushed(3);
    const theirs = await clone(remote, { depth: 1 });
    // The branch begins anew, and what nothing reaches is collected.
    const fresh = commitTo(ours.store, { a: 'fresh' }, { parents: [] });
    await ours.push([{ ref: MAIN, commitId: fresh, lease: ids[2] as CommitId }]);
    await collectRemote(remoteOver(remote.open(), 5), { store: ours.store });
    await expect(bringer(remote, theirs).unshallow()).rejects.toMatchObject({
      code: 'remote_missing',
      detail: 'object',
      fields: { class: 'commit', objectId: ids[1] },
    });
    await expectSound(theirs.store);
  });

  it('takes another remote where the first has no answer, and asks no others [DML-REM-0955]', async () => {
    const { remote } = await pushed(1);
    const theirs = await clone(remote, { blobLimitBytes: LIMIT });
    const { store } = theirs;
    const opened: string[] = [];
    store.leftOutSource = leftOutSource({
      remotes: () =>
        new Map([
          ['copy', { uri: 'dml+remote://file/copy' }],
          ['origin', { uri: URI }],
        ]),
      open: async (uri) => {
        opened.push(uri);
        const onRequest: OnRequest = () => {
          if (uri === URI) throw unanswered();
        };
        return remoteOver(watchedFiles(remote.open(), onRequest));
      },
      store,
    });
    const { chunks } = blobOf(LARGE, store);
    await store.bring(
      'chunk',
      chunks.map(({ objectId }) => objectId),
    );
    // The one that the stub names goes first.
    expect(opened).toEqual([URI, 'dml+remote://file/copy']);
    expect(stubsOf(store)).toEqual({});
  });

  it('names remote and reason where none can serve it [DML-REM-0956]', async () => {
    const { remote } = await pushed(1);
    const { store } = await clone(remote, { blobLimitBytes: LIMIT });
    const [first] = blobOf(LARGE, store).chunks as [StubFacts];
    const source = (remotes: ReadonlyMap<string, { uri: string }>): void => {
      store.leftOutSource = leftOutSource({
        remotes: () => remotes,
        open: async () =>
          remoteOver(
            watchedFiles(remote.open(), () => {
              throw unanswered();
            }),
          ),
        store,
      });
    };
    source(new Map([['origin', { uri: URI }]]));
    const refused = {
      code: 'object_withheld',
      detail: 'left_out',
      fields: { class: 'chunk', objectId: first.objectId, domain: URI },
    };
    const unreachable = expect.stringContaining(`${URI} has it, but the remote memory cannot be reached`);
    await expect(store.bring('chunk', [first.objectId])).rejects.toMatchObject({
      ...refused,
      message: unreachable,
    });
    source(new Map());
    await expect(store.bring('chunk', [first.objectId])).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('but that is no remote of this repository'),
    });
  });

  it('lets two readers bring the same at the same time', async () => {
    const { remote } = await pushed(2);
    const theirs = await clone(remote, { blobLimitBytes: LIMIT });
    const roots = blobOf(LARGE, theirs.store).chunks.map(({ objectId: id }) => ({
      class: 'chunk' as const,
      id,
    }));
    await Promise.all([bringer(remote, theirs).bring(roots), bringer(remote, theirs).bring(roots)]);
    expect(stubsOf(theirs.store)).toEqual({});
    await expectSound(theirs.store);
  });

  it('leaves a stub for what is excised on the remote, and says so when it is asked for [DML-REM-0960]', async () => {
    const { remote, ours } = await pushed(3);
    const theirs = await clone(remote, { depth: 1 });
    await excise(ours.store, 'text 0');
    commitTo(ours.store, { z: 'z' }, { ref: headRef('z') });
    await ours.push([toMain(ours.store, headRef('z'))]);
    await collectRemote(remoteOver(remote.open(), 5), { store: ours.store });
    await bringer(remote, theirs).unshallow();
    expect(stubsOf(theirs.store)).toEqual({ datum: 1 });
    await expectSound(theirs.store);
    const missing = {
      code: 'remote_missing',
      detail: 'object',
      fields: { class: 'datum', objectId: idOfText('text 0'), reason: 'it was excised there' },
    };
    const root = { class: 'datum', id: idOfText('text 0') } as const;
    await expect(bringer(remote, theirs).bring([root])).rejects.toMatchObject(missing);
    await expect(bringer(remote, theirs).bringAll()).rejects.toMatchObject(missing);
  });
});

describe('a push from a partial repository', () => {
  it('sends what is new where the remote has the rest [DML-REM-0957]', async () => {
    const { remote, ours, ids } = await pushed(4);
    const theirs = await clone(remote, { depth: 1, blobLimitBytes: LIMIT });
    const before = theirs.tracked() as CommitId;
    // The remote moves on, so that the commit here is no tip of it any more.
    commitNumber(ours.store, 9);
    await ours.push();
    const own = headRef('own');
    const commitId = commitTo(theirs.store, { n: 'new' }, { ref: own, parents: [before] });
    const { objects, snapshot } = await theirs.push([toMain(theirs.store, own)]);
    expect(snapshot?.state.refs['heads/own']).toBe(commitId);
    expect(snapshot?.state.absences).toBe(null);
    expect(objects).toBeGreaterThan(0);
    const whole = await joinRemote(remote);
    await whole.fetch();
    expect(whole.store.countStubs().objects).toBe(0);
    expect(hasCommits(whole, ids)).not.toContain(false);
    await expectSound(whole.store);

    const other = newRemote();
    for (const name of ['empty', 'with the commit out of reach']) {
      const elsewhere = memberOf({ ...theirs, memory: (await newPlace()).memory }, other);
      await expect(elsewhere.push([toMain(theirs.store, own)]), name).rejects.toMatchObject({
        code: 'object_withheld',
        detail: 'left_out',
      });
      // Another repository leaves the old commits there as garbage.
      const first = await joinRemote(other);
      commitTo(first.store, { n: 'own' });
      if (name === 'empty') {
        await memberOf({ ...ours, memory: (await newPlace()).memory }, other).push();
        const tip = ours.store.getRef(MAIN)?.commitId as CommitId;
        await first.push([
          { ref: MAIN, commitId: first.store.getRef(MAIN)?.commitId as CommitId, lease: tip },
        ]);
      }
    }
  });
});

describe('a push from a repository without large blobs', () => {
  it('is refused where the remote lacks one, and sends none [DML-REM-0957]', async () => {
    const { remote } = await pushed(1);
    const theirs = await clone(remote, { blobLimitBytes: LIMIT });
    const commitId = theirs.tracked() as CommitId;
    const pushes = [{ ref: headRef('copy'), commitId }];
    expect((await theirs.push(pushes)).snapshot?.state.absences).toBe(null);
    const other = newRemote();
    const elsewhere = memberOf({ ...theirs, memory: (await newPlace()).memory }, other);
    await expect(elsewhere.push(pushes)).rejects.toMatchObject({
      code: 'object_withheld',
      detail: 'left_out',
      fields: { class: 'chunk' },
    });
    expect(other.paths).not.toContain('CURRENT.json');
    await bringer(remote, theirs).bringAll();
    expect((await elsewhere.push(pushes)).snapshot?.state.refs).toEqual({ 'heads/copy': commitId });
  });
});

describe('a fetch where others withhold something', () => {
  it('fills the gap once a group offers the object, also where no ref moves [DML-REM-1310]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: 'secret', b: 'public' });
    const objectId = withhold(ours.store, 'secret');
    await ours.push();
    const theirs = await joinRemote(remote);
    await theirs.fetch();
    expect(theirs.store.getStub('datum', objectId)?.domain).toBe('did:key:z6Mk');
    const owner = await joinRemote(remote);
    commitTo(owner.store, { x: 'secret' }, { ref: headRef('x') });
    await owner.push([toMain(owner.store, headRef('x'))]);
    const { moved } = await theirs.fetch({ branches: ['main'] });
    expect(moved).toEqual([]);
    expect(theirs.store.getStub('datum', objectId)).toBeUndefined();
    expect(theirs.store.has('datum', objectId)).toBe(true);
    await expectSound(theirs.store);
  });
});
