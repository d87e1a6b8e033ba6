import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fetch } from '../src/fetch/fetch.ts';
import { LeftOutObjects } from '../src/fetch/left-out-objects.ts';
import { openFolderFiles } from '../src/files/folder/folder-files.ts';
import { push } from '../src/push/push.ts';
import { toMain } from './exchange.ts';
import { commitTo, newPlace, type Place, remoteOver } from './fixtures.ts';
import { REAL, temporaryFolder } from './folder-fixtures.ts';
import { HeldMemory } from './held-memory.ts';
import { watchedFiles } from './watched-files.ts';

vi.setConfig({ testTimeout: 300_000 });

const MIB = 2 ** 20;
const SEGMENT_BYTES = 2 * MIB;
/** A transfer holds a few segments, and a batch of the store: much less than what is transferred here. */
const LIMIT_BYTES = 40 * MIB;

function random(sizeBytes: number): Buffer {
  return randomFillSync(Buffer.alloc(sizeBytes));
}

/** Creates a repository with one large blob and many others: 64 MiB. */
async function largePlace(): Promise<Place> {
  const place = await newPlace();
  commitTo(place.store, { large: random(32 * MIB) });
  for (let at = 0; at < 8; at += 1) commitTo(place.store, { [`blob ${at}`]: random(4 * MIB) });
  return place;
}

describe('the memory of a transfer', () => {
  it('is bounded for a push, a clone, a fetch and what was left out, however large they are [DML-REM-0608]', async () => {
    const folder = join(temporaryFolder(), 'remote');
    const ours = await largePlace();
    const peaks: Record<string, number> = {};
    const measured = async (
      name: string,
      transfer: (remote: ReturnType<typeof remoteOver>) => Promise<unknown>,
    ): Promise<void> => {
      const held = await HeldMemory.begin();
      const files = watchedFiles(openFolderFiles(folder, REAL), held.measure);
      await transfer(remoteOver(files, Object.keys(peaks).length + 1));
      peaks[name] = held.peakBytes;
      await files.close();
    };
    const pushes = [toMain(ours.store)];
    await measured('push', (remote) =>
      push(remote, { ...ours, remoteName: 'origin', pushes, segmentBytes: SEGMENT_BYTES }),
    );
    const whole = await newPlace();
    await measured('clone', (remote) => fetch(remote, { ...whole, remoteName: 'origin' }));
    const other = await newPlace();
    commitTo(other.store, { a: 'own work' });
    await measured('fetch', (remote) => fetch(remote, { ...other, remoteName: 'origin' }));
    const partial = await newPlace();
    const limits = { uri: 'dml+remote://file/shared', depth: 3, blobLimitBytes: MIB };
    await measured('partial clone', (remote) =>
      fetch(remote, { ...partial, remoteName: 'origin', partial: limits }),
    );
    await measured('left out', (remote) => new LeftOutObjects(remote, { store: partial.store }).bringAll());
    for (const place of [whole, other, partial]) expect(place.store.countStubs().objects).toBe(0);
    for (const [name, peak] of Object.entries(peaks)) {
      expect(peak, name).toBeGreaterThan(0);
      expect(peak, name).toBeLessThan(LIMIT_BYTES);
    }
  });
});
