import { describe, expect, it } from 'vitest';
import { ByteArena } from './byte-arena.ts';

describe('ByteArena', () => {
  it('yields every run of bytes as it was added, across slabs and sizes', () => {
    const slabs = new ByteArena();
    const lengths = Array.from({ length: 900 }, (_, index) =>
      index % 90 === 0 ? 5000 + index : (index * 37) % 4097,
    );
    const runs = lengths.map((length, index) => new Uint8Array(length).fill(index));
    const numbers = runs.map((run) => slabs.add(run));
    expect(slabs.count).toBe(900);
    numbers.forEach((number, index) => {
      expect(Buffer.compare(slabs.at(number), runs[index]!)).toBe(0);
    });
  });

  it('keeps a copy of short bytes', () => {
    const slabs = new ByteArena();
    const bytes = new Uint8Array([1, 2]);
    const number = slabs.add(bytes);
    bytes.fill(9);
    expect(slabs.at(number)).toEqual(new Uint8Array([1, 2]));
  });
});
