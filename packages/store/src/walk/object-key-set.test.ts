import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { NO_PARENT, ObjectKeySet } from './object-key-set.ts';

function key(seed: number, classByte = 3): Uint8Array {
  return Buffer.concat([Buffer.of(classByte), createHash('sha256').update(`${seed}`).digest()]);
}

describe('ObjectKeySet', () => {
  it('agrees with a set of strings over many keys and classes', () => {
    const set = new ObjectKeySet();
    const oracle = new Set<string>();
    for (let step = 0; step < 20_000; step += 1) {
      const seed = (step * 7919) % 9_001;
      const added = key(seed, seed % 3);
      const text = Buffer.from(added).toString('hex');
      expect(set.add(added)).toBe(!oracle.has(text));
      oracle.add(text);
    }
    // Most came more than once.
    expect([set.size, oracle.size]).toEqual([9_001, 9_001]);
    for (let seed = 0; seed < 10_000; seed += 1) {
      const probed = key(seed, 1);
      expect(set.has(probed)).toBe(oracle.has(Buffer.from(probed).toString('hex')));
    }
  });

  it('tells keys apart whose ids collide in the hashed bytes', () => {
    const set = new ObjectKeySet();
    for (let last = 0; last < 256; last += 1) {
      const colliding = new Uint8Array(33);
      colliding[32] = last;
      expect(set.add(colliding)).toBe(true);
      expect(set.ordinalOf(colliding)).toBe(last);
    }
    expect(set.size).toBe(256);
  });

  it('numbers entries in order and keeps their parents', () => {
    const set = new ObjectKeySet();
    for (let seed = 0; seed < 70_000; seed += 1) set.add(key(seed), 0, seed === 0 ? NO_PARENT : seed - 1);
    expect(set.parentOf(0)).toBe(NO_PARENT);
    expect(set.parentOf(69_999)).toBe(69_998);
    expect(set.keyAt(40_000)).toEqual(new Uint8Array(key(40_000)));
  });

  it('needs less than 60 bytes for each of a million keys [DML-STO-0714]', () => {
    const set = new ObjectKeySet();
    const buffer = Buffer.alloc(33);
    for (let index = 0; index < 1_000_000; index += 1) {
      buffer.writeUInt32LE(Math.imul(index, 0x9e3779b1) >>> 0, 1);
      buffer.writeUInt32LE(index, 20);
      set.add(buffer);
    }
    expect(set.size).toBe(1_000_000);
    expect(set.memoryBytes / set.size).toBeLessThan(60);
  });
});
