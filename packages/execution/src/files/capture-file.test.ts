import fs, { writeFileSync } from 'node:fs';
import { runGc } from '@daggerml/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CapturePlace } from '../../test/capture-place.ts';
import type { FileSystem } from './file-system.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

let place: CapturePlace;
beforeEach(async () => {
  place = await CapturePlace.create();
});
afterEach(() => place.close());

const LARGE_BYTES = 1024 * 1024 + 1;
const content = (fill: number, sizeBytes = LARGE_BYTES): Uint8Array => new Uint8Array(sizeBytes).fill(fill);

/** A file that looks as it did at an earlier time when it is looked at first: who reads it has its content of now. */
function as(seen: fs.Stats, statfsType?: number): { fileSystem: FileSystem } {
  let looks = 0;
  const statSync = ((path: string) => (looks++ === 0 ? seen : fs.statSync(path))) as never;
  const statfsSync = (() => ({ type: statfsType })) as never;
  return { fileSystem: place.fileSystem({ statSync, ...(statfsType !== undefined && { statfsSync }) }) };
}

describe('a file that is captured again', () => {
  it('is not opened when it is large and as it was [DML-EXE-0861]', async () => {
    for (const sizeBytes of [LARGE_BYTES, 40 * 1024 * 1024]) {
      const file = place.write('a', content(1, sizeBytes));
      const seen = fs.statSync(file);
      const first = await place.captureFile('a');
      await place.reopen();
      writeFileSync(file, content(2, sizeBytes));
      expect(await place.captureFile('a', as(seen))).toBe(first);
      const second = await place.captureFile('a');
      expect(second).not.toBe(first);
      expect(await place.captureFile('a', { knowsFiles: false })).toBe(second);
      for (const field of ['dev', 'ino', 'size', 'mtimeMs', 'ctimeMs'] as const) {
        await place.captureFile('a');
        const now = fs.statSync(file);
        writeFileSync(file, content(now.ino % 250, sizeBytes));
        // The next number may be that of a file of the store.
        now[field] += field === 'ino' ? 1_000_000_007 : 1;
        const third = await place.captureFile('a', as(now));
        expect(third, field).toBe(await place.captureFile('a', { knowsFiles: false }));
        writeFileSync(file, content(2, sizeBytes));
      }
    }
  });

  it('is read when it is small, or another file is at its path [DML-EXE-0861]', async () => {
    const file = place.write('a', content(1, LARGE_BYTES - 1));
    const first = await place.captureFile('a');
    const seen = fs.statSync(file);
    writeFileSync(file, content(2, LARGE_BYTES - 1));
    expect(await place.captureFile('a', as(seen))).not.toBe(first);
    const large = place.write('b', content(3));
    await place.captureFile('b');
    place.write('c/b', content(4));
    expect(await place.captureFile('c/b', as(fs.statSync(large)))).not.toBe(await place.captureFile('b'));
  });

  it('is read where it changed lately, or on a file system that keeps no identities [DML-EXE-0863]', async () => {
    const file = place.write('a', content(1));
    const seen = fs.statSync(file);
    const late = { nowMs: () => seen.ctimeMs + 1999 };
    const first = await place.captureFile('a', late);
    await place.captureFile('a', place.on(0x01021994));
    writeFileSync(file, content(2));
    const second = await place.captureFile('a', as(seen));
    expect(second).not.toBe(first);
    await place.captureFile('a');
    const now = fs.statSync(file);
    writeFileSync(file, content(3));
    expect(await place.captureFile('a', as(now, 0x6969))).not.toBe(second);
    expect(await place.captureFile('a', as(now))).toBe(second);
  });

  it('is read where its datum is gone, and retained where it is not [DML-EXE-0864] [DML-EXE-0869]', async () => {
    place.write('kept', content(9));
    const kept = await place.captureFile('kept');
    place.hold('datum', kept);
    place.write('a', content(1));
    const first = await place.captureFile('a');
    place.store.checkpoint();
    expect(await place.captureFile('a')).toBe(first);
    await runGc(place.store);
    expect(place.store.has('datum', first)).toBe(true);
    place.store.checkpoint();
    await runGc(place.store);
    expect(place.store.has('datum', first)).toBe(false);
    expect(await place.captureFile('a')).toBe(first);
    expect(place.objects.hasDatum(first)).toBe(true);
  });
});
