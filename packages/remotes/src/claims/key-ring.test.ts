import { type ExecutionKey, sha256Hex } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { KeyRing } from './key-ring.ts';

describe('a ring of keys', () => {
  it('hands items out in the order of their keys from a place on, around its end, and any that come between', () => {
    const keys = Array.from({ length: 1_000 }, (_, at) => sha256Hex(Buffer.from(`${at}`)) as ExecutionKey);
    const ring = new KeyRing<ExecutionKey>();
    for (const key of keys) ring.add(key, key);
    keys.sort();
    const place = 'a1b2c3d4';
    ring.moveTo(place);
    const next = keys.findIndex((key) => key >= place);
    const round = [...keys.slice(next), ...keys.slice(0, next)];
    expect(Array.from({ length: 600 }, () => ring.takeNext())).toEqual(round.slice(0, 600));
    // One just behind and one just ahead of the place.
    const [behind, ahead] = [round[599], `${round[599]?.slice(0, 63)}g`] as [ExecutionKey, ExecutionKey];
    ring.add(ahead, ahead);
    expect(ring.takeNext()).toBe(ahead);
    ring.add(behind, behind);
    expect(Array.from({ length: 401 }, () => ring.takeNext())).toEqual([...round.slice(600), behind]);
    expect([ring.takeNext(), ring.size]).toEqual([undefined, 0]);
  });

  it('keeps every item of a key', () => {
    const key = 'ab'.repeat(32) as ExecutionKey;
    const ring = new KeyRing<number>();
    for (const item of [1, 2, 3]) ring.add(key, item);
    expect([ring.takeNext(), ring.takeNext(), ring.takeNext()].sort()).toEqual([1, 2, 3]);
  });
});
