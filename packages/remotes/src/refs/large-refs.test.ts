import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTree, type CommitId, type DagId, hashBytes, type PageId } from '@daggerml/object-model';
import { headRef, remoteRef, tagRef } from '@daggerml/store';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { type Member, memberOf, newRemote } from '../../test/exchange.ts';
import { commitTo, MAIN, newPlace, remoteOver } from '../../test/fixtures.ts';
import { collectRemote } from '../collect/collect.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { filePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import type { RefTree } from '../format/ref-trees.ts';
import type { RemoteState } from '../format/state.ts';
import type { RefPush } from '../push/plan-refs.ts';
import { GroupWriter } from '../push/put-groups.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { memoryInFile, memoryOfProcess, type StateMemory } from '../state/state-memory.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { RefReader } from './ref-reader.ts';

/** A member of a remote whose bytes are counted. */
interface CountedMember extends Member {
  readonly traffic: { bytes: number };
}

async function joinCounted(remote: MemoryRemote, memory?: StateMemory): Promise<CountedMember> {
  const traffic = { bytes: 0 };
  const open = (): RemoteFiles => {
    const files = remote.open();
    return {
      ...files,
      read: async (...asked) => {
        const bytes = await files.read(...asked);
        traffic.bytes += bytes?.length ?? 0;
        return bytes;
      },
      put: async (path, bytes) => {
        traffic.bytes += bytes.length;
        await files.put(path, bytes);
      },
    };
  };
  const place = await newPlace();
  const counting = { open } as MemoryRemote;
  return { ...memberOf(memory === undefined ? place : { ...place, memory }, counting), traffic };
}

async function stateOf(remote: MemoryRemote): Promise<RemoteState> {
  return (await readSnapshot(remote.open())).state;
}

/** Returns all refs of a remote, as somebody who knows nothing of it reads them. */
async function refsOf(remote: MemoryRemote): Promise<Record<string, CommitId>> {
  return { ...(await (await new RefReader(remote.open()).of(await stateOf(remote))).all()) };
}

function tagsOf(names: readonly string[], commitId: CommitId | null): RefPush[] {
  return names.map((name) => ({ ref: tagRef(name), commitId }));
}

function numbered(from: number, to: number, prefix = 'build/'): string[] {
  return Array.from({ length: to - from }, (_, at) => `${prefix}${from + at}`);
}

/** Pushes many tags of one commit. */
async function withTags(remote: MemoryRemote, names: readonly string[]): Promise<CountedMember> {
  const ours = await joinCounted(remote);
  const commitId = commitTo(ours.store, { a: 'one' });
  await ours.push([{ ref: MAIN, commitId }, ...tagsOf(names, commitId)]);
  return ours;
}

function commitOf({ store }: Member): CommitId {
  return store.getRef(MAIN)?.commitId as CommitId;
}

describe('a remote with many refs', () => {
  it('keeps those of a kind in a tree by their number and size alone [DML-REM-0423]', async () => {
    const places = async (names: readonly string[]): Promise<[number, number | undefined]> => {
      const remote = newRemote();
      await withTags(remote, names);
      const { refs, trees } = await stateOf(remote);
      expect(trees?.heads).toBeUndefined();
      expect(Object.keys(await refsOf(remote))).toHaveLength(names.length + 1);
      return [Object.keys(refs).length, trees?.tags?.count];
    };
    // By number: 1,000 of some 10 bytes.
    expect(await places(numbered(0, 1_000, 't'))).toEqual([1, 1_000]);
    expect(await places(numbered(0, 800, 't'))).toEqual([801, undefined]);
    // By size: each has its name with "tags/" and 70 bytes.
    const long = numbered(0, 198, 't').map((name) => name.padEnd(255, 'x'));
    const left = 65_536 - 198 * (255 + 75);
    expect(await places([...long, 'x'.repeat(left - 75)])).toEqual([200, undefined]);
    expect(await places([...long, 'x'.repeat(left - 74)])).toEqual([1, 199]);
  });

  it('has the same tree of the same refs, whatever led there [DML-REM-0424]', async () => {
    const [one, other] = [newRemote(), newRemote()];
    const names = numbered(0, 3_000);
    const ours = await withTags(one, names);
    const theirs = memberOf({ store: ours.store, memory: memoryOfProcess() }, other);
    const commitId = commitOf(ours);
    await theirs.push([{ ref: MAIN, commitId }, ...tagsOf(names.slice(0, 500), commitId)]);
    expect((await stateOf(other)).trees).toBeUndefined();
    const rest = [...names.slice(500)].reverse();
    for (let at = 0; at < rest.length; at += 700)
      await theirs.push(tagsOf(rest.slice(at, at + 700), commitId));
    await theirs.push(tagsOf(['more', 'more'], commitId));
    await theirs.push(tagsOf(['more', 'more'], null));
    const { trees } = await stateOf(one);
    expect((await stateOf(other)).trees).toEqual(trees);
    expect(trees?.tags?.count).toBe(3_000);
    // Back to few, which stand in the state again.
    await theirs.push(tagsOf(names.slice(500), null));
    const { refs, trees: none } = await stateOf(other);
    expect([Object.keys(refs).length, none]).toEqual([501, undefined]);
    expect(refs['tags/build/499']).toBe(commitId);
  });

  it('takes one ref more with few requests and bytes, however many there are [DML-REM-0425]', {
    timeout: 120_000,
  }, async () => {
    const costs: { requests: number; bytes: number }[] = [];
    for (const count of [10_000, 100_000]) {
      const remote = newRemote();
      await withTags(remote, numbered(0, count));
      // Somebody else, who knows nothing of the remote.
      const theirs = await joinCounted(remote);
      const commitId = commitTo(theirs.store, { b: 'two' });
      await theirs.push(tagsOf(['build/one-more'], commitId));
      costs.push({ requests: theirs.files.requests.length, bytes: theirs.traffic.bytes });
      const refs = await refsOf(remote);
      expect(Object.keys(refs)).toHaveLength(count + 2);
      expect(refs['tags/build/one-more']).toBe(commitId);
      // Whoever knows the remote reads nothing again.
      theirs.files.requests.length = 0;
      await theirs.push(tagsOf(['build/one-more'], null));
      expect(theirs.files.requests.length).toBeLessThanOrEqual(5);
    }
    for (const { requests, bytes } of costs) {
      expect(requests).toBeLessThanOrEqual(20);
      expect(bytes).toBeLessThan(128 * 1_024);
    }
  });

  it('sends no object that a near ref reaches [DML-REM-0816]', async () => {
    const remote = newRemote();
    const ours = await withTags(remote, numbered(0, 2_000));
    const branches = numbered(0, 1_200, 'b').map((name) => ({
      ref: headRef(name),
      commitId: commitOf(ours),
    }));
    await ours.push(branches);
    expect((await stateOf(remote)).refs).toEqual({});
    const theirs = await joinCounted(remote);
    await theirs.fetch();
    const parent = theirs.tracked('b7') as CommitId;
    const commitId = commitTo(theirs.store, { a: 'one', c: 'three' }, { parents: [parent] });
    const { objects } = await theirs.push([{ ref: headRef('new'), commitId }]);
    // The commit, its tree, and a dag with its root and value.
    expect(objects).toBe(5);
    // A ref that is gone from the remote says nothing of what it has.
    await ours.push(
      [...branches, { ref: headRef('main') }, { ref: headRef('new') }].map(({ ref }) => ({
        ref,
        commitId: null,
      })),
    );
    await ours.push(tagsOf(numbered(0, 2_000), null));
    await ours.fetch();
    await collectRemote(remoteOver(remote.open(), 77), { store: ours.store });
    const again = commitTo(theirs.store, { a: 'one', d: 'four' }, { parents: [commitId] });
    await theirs.push([{ ref: headRef('again'), commitId: again }]);
    const clone = await joinCounted(remote);
    await clone.fetch();
    expect(clone.tracked('again')).toBe(again);
  });

  it('gives one branch without reading all [DML-REM-0426]', async () => {
    const remote = newRemote();
    const ours = await withTags(remote, []);
    const branches = numbered(0, 20_000, 'b').map((name) => ({
      ref: headRef(name),
      commitId: commitOf(ours),
    }));
    await ours.push(branches);
    const theirs = await joinCounted(remote);
    const { moved, counts } = await theirs.fetch({ branches: ['b12345'] });
    expect(moved).toMatchObject([{ ref: remoteRef('origin', 'b12345'), after: commitOf(ours) }]);
    expect(theirs.files.requests.length).toBeLessThanOrEqual(12);
    expect(counts.requests).toBe(theirs.files.requests.length);
    expect(theirs.traffic.bytes).toBeLessThan(128 * 1_024);
    await expect(theirs.fetch({ branches: ['b20000'] })).rejects.toMatchObject({ detail: 'branch' });
  });

  it('is fetched by what has changed, and by one request where nothing has [DML-REM-0428]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dml-refs-'));
    afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
    const remote = newRemote();
    const ours = await withTags(remote, numbered(0, 3_000));
    const memory = memoryInFile(join(folder, 'origin.json'), 'dml+remote://memory');
    const theirs = await joinCounted(remote, memory);
    expect((await theirs.fetch()).moved).toHaveLength(3_001);
    const first = theirs.traffic.bytes;
    theirs.files.requests.length = 0;
    expect((await theirs.fetch()).moved).toEqual([]);
    expect(theirs.files.requests).toEqual(['readVersion CURRENT.json']);
    const commitId = commitTo(ours.store, { a: 'two' });
    await ours.push(tagsOf(['build/new'], commitId));
    theirs.traffic.bytes = 0;
    expect((await theirs.fetch()).moved).toMatchObject([{ ref: tagRef('build/new'), after: commitId }]);
    expect(theirs.traffic.bytes).toBeLessThan(first / 3);
    // What is remembered is a hint.
    rmSync(join(folder, 'origin.json.refs'));
    await ours.push(tagsOf(['build/newer'], commitId));
    expect((await theirs.fetch()).moved).toHaveLength(1);
  });

  it('is refused where its tree is none [DML-REM-0429]', async () => {
    const remote = newRemote();
    const ours = await withTags(remote, numbered(0, 1_200));
    const commitId = commitOf(ours);
    const { trees, groups } = await stateOf(remote);
    const tree = trees?.tags as RefTree;
    const pages = new Map<PageId, Uint8Array>();
    const store = { getPage: (id: PageId) => pages.get(id), putPage: (bytes: Uint8Array) => put(bytes) };
    const put = (bytes: Uint8Array): PageId => {
      const id = hashBytes<'page'>(bytes);
      pages.set(id, bytes);
      return id;
    };
    const names = numbered(0, 1_200, 'n').sort();
    const otherRole = buildTree(
      'dags',
      names.map((name) => [name, commitId as string as DagId] as const),
      store,
    );
    const writer = new GroupWriter(remoteOver(remote.open(), 9), { epoch: 0, kind: 'refs' });
    for (const [id, bytes] of pages) await writer.add({ class: 'page', id, bytes });
    const group = (await writer.finish()) as GroupEntry;
    const wrong: readonly Partial<RefTree>[] = [
      { count: tree.count + 1 },
      { root: 'ab'.repeat(32) as PageId },
      { root: otherRole as PageId },
    ];
    for (const each of wrong) {
      const state = {
        ...(await stateOf(remote)),
        trees: { tags: { ...tree, ...each } },
        groups: [...groups, group],
      };
      const refs = await new RefReader(remote.open()).of(state);
      await expect(refs.all(), JSON.stringify(each)).rejects.toMatchObject({ code: 'remote_damaged' });
    }
    const state = { ...(await stateOf(remote)), trees: { tags: { ...tree, root: otherRole as PageId } } };
    const refs = await new RefReader(remote.open()).of({ ...state, groups: [group] });
    await expect(refs.some(['tags/n7'])).rejects.toMatchObject({ code: 'remote_damaged' });
  });

  it('is collected without the pages of earlier refs [DML-REM-0427]', async () => {
    const remote = newRemote();
    const ours = await withTags(remote, numbered(0, 3_000));
    const later = commitTo(ours.store, { a: 'two' });
    for (const name of ['x', 'y', 'z']) await ours.push(tagsOf([name], later));
    const before = await refsOf(remote);
    await collectRemote(remoteOver(remote.open(), 5), { store: ours.store, keptStates: 1 });
    expect(await refsOf(remote)).toEqual(before);
    const { groups } = await stateOf(remote);
    const kept = groups.filter(({ kind }) => kind === 'refs');
    expect(kept.length).toBeGreaterThan(0);
    // Nothing is left once all refs are few again.
    await ours.push(tagsOf(numbered(0, 3_000), null));
    await collectRemote(remoteOver(remote.open(), 6), { store: ours.store, keptStates: 1 });
    const state = await stateOf(remote);
    expect(state.groups.filter(({ kind }) => kind === 'refs')).toEqual([]);
    for (const { segments } of kept)
      for (const { file } of segments) expect(remote.paths).not.toContain(filePath('segments', file));
    const clone = await joinCounted(remote);
    await clone.fetch();
    expect(clone.tracked()).toBeDefined();
  });
});
