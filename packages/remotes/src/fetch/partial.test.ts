import { randomBytes } from 'node:crypto';
import type { ChunkId, CommitId } from '@daggerml/object-model';
import { runGc, type Store, verifyStore } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { joinRemote, type Member, newRemote } from '../../test/exchange.ts';
import { commitTo, MAIN, noise, remoteOver } from '../../test/fixtures.ts';
import type { MemoryRemote } from '../testing/memory-remote.ts';
import { LeftOutObjects } from './left-out-objects.ts';

const URI = 'dml+remote://file/tmp/shared';

/** Creates a remote with some commits, each of a text and a blob of its own. */
async function pushed(commits = 4, sizeBytes = 200_000): Promise<{ remote: MemoryRemote; ours: Member; ids: CommitId[] }> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  const ids: CommitId[] = [];
  for (let at = 0; at < commits; at += 1) {
    ids.push(commitTo(ours.store, { a: `text ${at}`, b: noise(sizeBytes + at * 4), small: noise(20_000 + at * 4) }));
    await ours.push();
  }
  return { remote, ours, ids };
}

async function findings(store: Store): Promise<unknown[]> {
  const found: unknown[] = [];
  await verifyStore(store, { onFinding: (finding) => found.push(finding) });
  return found;
}

function leftOutOf(store: Store): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const stub of store.iterateStubs()) counts[stub.class] = (counts[stub.class] ?? 0) + 1;
  return counts;
}

function bringer(remote: MemoryRemote, { store }: Member, blobLimitBytes?: number): LeftOutObjects {
  return new LeftOutObjects(remoteOver(remote.open(), 77), { store, blobLimitBytes });
}

describe('partial fetch', () => {
  it('works at all', async () => {
    const { remote, ids } = await pushed();
    const theirs = await joinRemote(remote);
    await theirs.fetch({ partial: { uri: URI, depth: 2, blobLimitBytes: 100_000 } });
    expect(theirs.tracked()).toBe(ids[3]);
    console.log(leftOutOf(theirs.store), theirs.store.countStubs());
    expect(theirs.store.has('commit', ids[2]!)).toBe(true);
    expect(theirs.store.has('commit', ids[1]!)).toBe(false);
    expect(await findings(theirs.store)).toEqual([]);
    await runGc(theirs.store);
    expect(await findings(theirs.store)).toEqual([]);
    await bringer(remote, theirs, 100_000).unshallow();
    console.log(leftOutOf(theirs.store));
    expect(theirs.store.has('commit', ids[0]!)).toBe(true);
    expect(await findings(theirs.store)).toEqual([]);
    await bringer(remote, theirs).bringAll();
    expect(leftOutOf(theirs.store)).toEqual({});
    expect(await findings(theirs.store)).toEqual([]);
    void randomBytes; void MAIN; void (0 as unknown as ChunkId);
  });
});
