import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { fmix32, fnv1a32, PageBoundary } from './boundary.ts';

/** Returns the pages that entries of these hashes and sizes are cut into, as entry counts. */
function cut(boundary: PageBoundary, entries: Iterable<readonly [hash: number, bytes: number]>): number[] {
  const pages: number[] = [];
  for (const [hash, bytes] of entries) {
    if (!boundary.add(hash, bytes)) continue;
    pages.push(boundary.count);
    boundary.reset();
  }
  if (boundary.count > 0) pages.push(boundary.count);
  return pages;
}

/** Returns the pages that `count` entries of one hash and size are cut into at the leaf level. */
function cutEqual(count: number, hash: number, bytes: number): number[] {
  return cut(
    new PageBoundary(false, 0),
    Array.from({ length: count }, () => [hash, bytes]),
  );
}

/** Finds a hash that the rule takes, or does not take, at level 0 for any entry of at most `bytes` bytes. */
function hashThat(ends: boolean, bytes: number): number {
  for (let hash = 1; ; hash++) {
    const high = fmix32(hash ^ 0x9e3779b9) >>> 21;
    if (ends ? high === 0 : high >= bytes) return hash;
  }
}

const ENDS = hashThat(true, 1);
const GOES_ON = hashThat(false, 600);

describe('PageBoundary', () => {
  it('computes FNV-1a and the finaliser of MurmurHash3', () => {
    const bytes = new TextEncoder().encode('foobar');
    expect(fnv1a32(bytes, 0, 0) >>> 0).toBe(0x811c9dc5);
    expect(fnv1a32(bytes, 0, 6) >>> 0).toBe(0xbf9cf968);
    expect(fmix32(0)).toBe(0);
    expect(fmix32(1) >>> 0).toBe(0x514e28b7);
  });

  it('takes four entries whatever their size [DML-OBJ-2007]', () => {
    expect(cutEqual(12, ENDS, 4000)).toEqual([4, 4, 4]);
    expect(cutEqual(3, ENDS, 4000)).toEqual([3]);
  });

  it('takes 2,048 bytes whatever the hashes [DML-OBJ-2010]', () => {
    expect(cutEqual(64, ENDS, 32)).toEqual([64]);
    expect(cutEqual(130, ENDS, 32)).toEqual([64, 64, 2]);
    expect(cutEqual(132, ENDS, 31)).toEqual([67, 65]);
    const lengths = [1000, 500, 500, 47, 1, 900, 900, 200, 48];
    const entries = lengths.map((length): [number, number] => [ENDS, length]);
    expect(cut(new PageBoundary(false, 0), entries)).toEqual([5, 4]);
  });

  it('ends a page when the hash is below the size, at most 512 [DML-OBJ-2012] [DML-OBJ-2014]', () => {
    for (const bytes of [100, 511, 512, 513, 3000]) {
      const limit = Math.min(bytes, 512);
      for (const [high, ends] of [
        [limit - 1, true],
        [limit, false],
      ] as const) {
        let hash = 0;
        while (fmix32(hash ^ 0x9e3779b9) >>> 21 !== high) hash++;
        const boundary = new PageBoundary(false, 0);
        for (let filled = 0; filled < 15; filled++) expect(boundary.add(GOES_ON, 200)).toBe(false);
        expect(boundary.add(hash, bytes)).toBe(ends);
      }
    }
  });

  it('ends a page at 16,384 bytes and 16 entries [DML-OBJ-2013]', () => {
    expect(cutEqual(400, GOES_ON, 64)).toEqual([256, 144]);
    expect(cutEqual(40, GOES_ON, 4096)).toEqual([16, 16, 8]);
    expect(cutEqual(33, GOES_ON, 1024)).toEqual([16, 16, 1]);
    expect(cutEqual(40, GOES_ON, 1000)).toEqual([17, 17, 6]);
  });

  it('decides for each level by itself', () => {
    const number = seededNumbers(2);
    const hashes = Array.from({ length: 4000 }, () => [number(2 ** 32) | 0, 60] as const);
    expect(cut(new PageBoundary(false, 1), hashes)).not.toEqual(cut(new PageBoundary(false, 0), hashes));
  });

  it('makes pages of 4 KiB on average, few of them at the limits', () => {
    const number = seededNumbers(3);
    for (const bytes of [18, 83, 100]) {
      const pages = cut(
        new PageBoundary(false, 0),
        Array.from({ length: 300_000 }, () => [number(2 ** 32) | 0, bytes]),
      ).map((count) => count * bytes);
      const mean = pages.reduce((sum, size) => sum + size, 0) / pages.length;
      expect(mean).toBeGreaterThan(3800);
      expect(mean).toBeLessThan(4300);
      expect(pages.filter((size) => size >= 16_384).length / pages.length).toBeLessThan(0.005);
      expect(pages.filter((size) => size > 8300).length / pages.length).toBeLessThan(0.07);
    }
  });

  it('distinguishes equal elements by the runs before them [DML-OBJ-2011]', () => {
    const number = seededNumbers(4);
    for (const distinct of [2, 5, 10]) {
      const hashes = Array.from({ length: 100_000 }, () => [fmix32(number(distinct) + 1), 4] as const);
      const pages = cut(new PageBoundary(true, 0), hashes);
      expect(400_000 / pages.length).toBeLessThan(6000);
      // The same stretch further on is cut at the same places, once the pages have met.
      const shifted = cut(new PageBoundary(true, 0), hashes.slice(333));
      expect(shifted.slice(-60)).toEqual(pages.slice(-60));
    }
  });
});
