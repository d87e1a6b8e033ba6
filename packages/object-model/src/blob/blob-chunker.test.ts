import { seededNumbers } from '@daggerml/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestStream, fillRandom, mixedContent } from '../../test/support/sample-content.ts';
import { hashBytes, sha256Hex } from '../hash/hash-bytes.ts';
import { utf8Bytes } from '../text/utf8.ts';
import { BlobChunker, CHUNK_MAX_BYTES, gearTable } from './blob-chunker.ts';

/** The rule in the plainest code. */
function referenceLengths(bytes: Uint8Array): number[] {
  const gear = Array.from({ length: 256 }, (_, at) =>
    Number.parseInt(sha256Hex(utf8Bytes(`daggerml/gear/${at}`)).slice(0, 8), 16),
  );
  const lengths: number[] = [];
  let index = 0;
  let h = 0;
  for (const byte of bytes) {
    if (index >= 16_384) h = (h * 2 + gear[byte]!) % 2 ** 32;
    const zero = index < 32_768 ? 2 ** 16 : 2 ** 18;
    index++;
    if ((index > 16_384 && h < zero) || index === 131_072) {
      lengths.push(index);
      index = 0;
      h = 0;
    }
  }
  if (index > 0) lengths.push(index);
  return lengths;
}

function chunkLengths(bytes: Uint8Array, cuts: readonly number[] = []): number[] {
  const lengths: number[] = [];
  const chunker = new BlobChunker((chunk) => void lengths.push(chunk.length));
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    chunker.push(bytes.subarray(from, cut));
    from = cut;
  }
  chunker.finish();
  return lengths;
}

/** Returns fewer than 13 bytes that end a chunk when they are hashed from 0 on, and end none before their last. */
function endingTail(): Uint8Array {
  const gear = gearTable();
  for (let attempt = 0; ; attempt++) {
    const bytes = Buffer.from(sha256Hex(utf8Bytes(`tail ${attempt}`)), 'hex');
    let h = 0;
    for (let length = 1; length < 13; length++) {
      h = ((h << 1) + gear[bytes[length - 1]!]!) | 0;
      if (h >>> 16 === 0) return bytes.subarray(0, length);
    }
  }
}

function chunkIds(bytes: Uint8Array): Map<string, number> {
  const ids = new Map<string, number>();
  const chunker = new BlobChunker((chunk) => void ids.set(hashBytes(chunk), chunk.length));
  chunker.push(bytes);
  chunker.finish();
  return ids;
}

describe('BlobChunker', () => {
  it('ends chunks where the rule says, before 32 KiB and after [DML-OBJ-2104] [DML-OBJ-2105]', () => {
    const bytes = mixedContent(6 << 20, 99);
    const lengths = chunkLengths(bytes);
    expect(lengths).toEqual(referenceLengths(bytes));
    expect(lengths.filter((length) => length <= 32_768).length).toBeGreaterThan(5);
    expect(lengths.filter((length) => length > 32_768 && length < CHUNK_MAX_BYTES).length).toBeGreaterThan(
      20,
    );
  });

  it('hashes from index 16,384 of each chunk on, and no byte before [DML-OBJ-2103]', () => {
    const bytes = digestStream('skip', 300_000);
    const lengths = chunkLengths(bytes);
    expect(lengths).toEqual(referenceLengths(bytes));
    const changed = bytes.slice();
    fillRandom(changed, 0, 16_384, 5);
    fillRandom(changed, lengths[0]!, lengths[0]! + 16_384, 6);
    expect(chunkLengths(changed)).toEqual(lengths);
    for (const length of lengths.slice(0, -1)) expect(length).toBeGreaterThan(16_384);
  });

  it('hashes byte 16,384 first, and each chunk by itself [DML-OBJ-2103]', () => {
    const tail = endingTail();
    const block = Buffer.concat([digestStream('block', 16_384), tail]);
    expect(referenceLengths(block)).toEqual([16_384 + tail.length]);
    const blocks = Buffer.concat([block, block, block]);
    for (const cuts of [[], [16_385, block.length + 16_385], [block.length]])
      expect(chunkLengths(blocks, cuts)).toEqual([block.length, block.length, block.length]);
    for (const [at, isHashed] of [
      [16_383, false],
      [16_384, true],
    ] as const) {
      const changed = Uint8Array.from(blocks);
      changed[at] = changed[at]! ^ 1;
      expect(chunkLengths(changed)).toEqual(referenceLengths(changed));
      expect(chunkLengths(changed)[0] === block.length).toBe(!isHashed);
    }
  });

  it('ends a chunk at 131,072 bytes where nothing else ends it [DML-OBJ-2106]', () => {
    expect(chunkLengths(new Uint8Array(300_000))).toEqual([131_072, 131_072, 37_856]);
    expect(chunkLengths(new Uint8Array(262_144))).toEqual([131_072, 131_072]);
    expect(chunkLengths(new Uint8Array(0))).toEqual([]);
  });

  it('cuts alike however the content arrives [DML-OBJ-2107]', () => {
    const bytes = mixedContent(3 << 20, 7).subarray(900_000);
    const whole = chunkLengths(bytes);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 60 }), (cuts) => {
        expect(
          chunkLengths(
            bytes,
            cuts.sort((left, right) => left - right),
          ),
        ).toEqual(whole);
      }),
      { seed: 20_264, numRuns: 40 },
    );
    const start = bytes.subarray(0, 70_000);
    expect(
      chunkLengths(
        start,
        Array.from({ length: 70_000 }, (_, at) => at),
      ),
    ).toEqual(chunkLengths(start));
  });

  it('hands over every byte once, in order', () => {
    const bytes = digestStream('order', 500_000);
    const parts: Uint8Array[] = [];
    const chunker = new BlobChunker((chunk) => void parts.push(chunk.slice()));
    for (let at = 0; at < bytes.length; at += 7001) chunker.push(bytes.slice(at, at + 7001));
    chunker.finish();
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  it.each(['overwritten', 'inserted'])(
    'stores at most 3 percent when 1 percent of 100 MB is %s in 64 KB ranges [DML-OBJ-2118]',
    (edit) => {
      const size = 100_000_000;
      const before = mixedContent(size, 41);
      const known = chunkIds(before);
      const mean = size / known.size;
      expect(mean).toBeGreaterThan(30_000);
      expect(mean).toBeLessThan(60_000);
      const number = seededNumbers(17);
      const ranges = Array.from({ length: 15 }, () => number(size - 65_536)).sort(
        (left, right) => left - right,
      );
      const fresh = new Uint8Array(65_536);
      const parts: Uint8Array[] = [];
      let from = 0;
      for (const [at, start] of ranges.entries()) {
        fillRandom(fresh, 0, fresh.length, 1000 + at);
        parts.push(before.subarray(from, start), fresh.slice());
        from = edit === 'inserted' ? start : start + 65_536;
      }
      parts.push(before.subarray(from));
      let added = 0;
      for (const [chunkId, length] of chunkIds(Buffer.concat(parts)))
        if (!known.has(chunkId)) added += length;
      expect(added).toBeGreaterThan(900_000);
      expect(added).toBeLessThanOrEqual(size * 0.03);
    },
  );
});
