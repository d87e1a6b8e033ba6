import { describe, expect, it } from 'vitest';
import { cut, flip, lose, namedPaths } from '../../test/damage.ts';
import { joinRemote, type Member, memberOf, newRemote } from '../../test/exchange.ts';
import { commitTo, excise, MAIN, noise, remoteOver } from '../../test/fixtures.ts';
import { joinCache, outcomesOf } from '../../test/outcomes.ts';
import { collectRemote } from '../collect/collect.ts';
import { filePath } from '../format/file-path.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { type VerifyOptions, type VerifyResult, verifyRemote } from './verify-remote.ts';

/** Creates a remote with two groups, the second one of several segments. */
async function pushedTwice(): Promise<{ remote: MemoryRemote; ours: Member }> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  commitTo(ours.store, { a: 'first', b: noise(20_000) });
  await ours.push();
  commitTo(ours.store, { a: 'second', b: noise(90_000) });
  await ours.push(undefined, { segmentBytes: 40_000 });
  return { remote, ours };
}

function verify(remote: MemoryRemote, options: VerifyOptions = {}): Promise<VerifyResult> {
  return verifyRemote(remoteOver(remote.open()), options);
}

async function problemsOf(remote: MemoryRemote, options: VerifyOptions = {}): Promise<string[]> {
  const { damaged } = await verify(remote, options);
  return damaged.map(({ problem, path }) => `${problem} ${path}`);
}

describe('verifyRemote', () => {
  it('reports every file that the state names and that is missing or has another size [DML-REM-1900]', async () => {
    const { remote, ours } = await pushedTwice();
    commitTo(ours.store, { a: 'secret' });
    await excise(ours.store, 'secret');
    await ours.push();
    const cache = joinCache(remote);
    await cache.publish(outcomesOf(cache.held, 1));
    const whole = await verify(remote);
    expect(whole.damaged).toEqual([]);
    const { state } = await readSnapshot(remote.open());
    expect(state.absences).not.toBeNull();
    const named = [
      ...state.groups.flatMap(({ index, segments }) => [
        filePath('indexes', index),
        ...segments.map(({ file }) => filePath('segments', file)),
      ]),
      ...state.caches.map(({ file }) => filePath('caches', file)),
      filePath('absences', state.absences as string),
    ];
    expect(whole.files).toBe(named.length);
    for (const path of named) {
      const bytes = (await remote.open().read(path)) as Uint8Array;
      remote.plant(path, undefined);
      expect(await problemsOf(remote)).toEqual([`missing ${path}`]);
      // The state does not say how large the file of absences is.
      if (!path.startsWith('absences/')) {
        remote.plant(path, bytes.subarray(1));
        expect(await problemsOf(remote)).toEqual([`size ${path}`]);
        expect((await verify(remote)).damaged).toMatchObject([
          { bytes: bytes.length, foundBytes: bytes.length - 1 },
        ]);
      }
      remote.plant(path, bytes);
    }
    expect(await problemsOf(remote)).toEqual([]);
  });

  it('reads a few listings unless it reads content [DML-REM-1901]', async () => {
    const { remote, ours } = await pushedTwice();
    const watching = memberOf(ours, remote);
    await verifyRemote(remoteOver(watching.files));
    expect(watching.files.requests.filter((request) => !request.startsWith('list '))).toEqual([
      'readVersion CURRENT.json',
      expect.stringMatching(/^read states\//),
    ]);
    expect(watching.files.requests.filter((request) => request.startsWith('list ')).sort()).toEqual([
      'list indexes/',
      'list segments/',
    ]);
    expect(watching.files.requests.some((request) => /^(?:put|swap|remove)/.test(request))).toBe(false);
  });

  it('finds a flipped byte in any file where it reads content, in parts [DML-REM-1902]', async () => {
    const { remote } = await pushedTwice();
    const { segments, indexes } = await namedPaths(remote);
    const begun: unknown[] = [];
    const whole = await verify(remote, { readsContent: true, onBegin: (planned) => begun.push(planned) });
    expect(whole.damaged).toEqual([]);
    expect(begun).toEqual([{ files: whole.files, bytes: whole.bytes }]);
    expect(whole.readBytes).toBe(whole.bytes);
    for (const path of [...segments, ...indexes]) {
      await flip(remote, path, -3);
      expect(await problemsOf(remote)).toEqual([]);
      expect(await problemsOf(remote, { readsContent: true })).toEqual([`content ${path}`]);
      await flip(remote, path, -3);
    }
    const ranges: number[] = [];
    const files = remote.open();
    const reading = {
      ...files,
      read: async (path: string, range?: { offset: number; length: number }) => {
        if (path.startsWith('segments/')) ranges.push(range?.length ?? Infinity);
        return await files.read(path, range);
      },
    };
    await verifyRemote(remoteOver(reading), { readsContent: true });
    expect(ranges).toHaveLength(segments.length);
    expect(Math.max(...ranges)).toBeLessThanOrEqual(16 * 2 ** 20);
  });

  it('does not report what a collection has deleted since [DML-REM-1903]', async () => {
    const { remote, ours } = await pushedTwice();
    const kept = commitTo(ours.store, { c: 'kept' }, { parents: [] });
    await ours.push([{ ref: MAIN, commitId: kept, lease: ours.tracked() }]);
    let isCollected = false;
    const watching = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'list' || phase !== 'before' || isCollected) return;
      isCollected = true;
      const { garbage } = await collectRemote(remoteOver(remote.open(), 77), ours);
      expect(garbage.length).toBeGreaterThan(2);
    });
    const found = await verifyRemote(remoteOver(watching.files));
    expect(isCollected).toBe(true);
    expect(found.damaged).toEqual([]);
    expect(found.snapshot.state.epoch).toBe(1);
    // What the state in effect names is reported whoever moves CURRENT.
    const [segment] = (await namedPaths(remote)).segments;
    lose(remote, segment);
    let pushes = 0;
    const moving = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'list' || phase !== 'before') return;
      pushes += 1;
      const other = commitTo(ours.store, { d: `other ${pushes}` });
      await ours.push([{ ref: MAIN, commitId: other }]);
    });
    const lost = await verifyRemote(remoteOver(moving.files));
    expect(lost.damaged.map(({ path }) => path)).toEqual([segment]);
  });

  it('refuses a remote that is not there', async () => {
    await expect(verify(newRemote())).rejects.toMatchObject({ code: 'remote_missing' });
  });

  it('calls a file that was cut damaged, not missing', async () => {
    const { remote } = await pushedTwice();
    const { segments } = await namedPaths(remote);
    await cut(remote, segments[0]);
    expect((await verify(remote, { readsContent: true })).damaged).toMatchObject([{ problem: 'size' }]);
  });
});
