import { hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { stagedBytes } from '../objects/put-batch.ts';
import { objectKey } from '../tables/keyspace.ts';
import { ReceivedBatch } from './received-batch.ts';

function contentsOf(batch: ReceivedBatch): [key: string, content: string][] {
  const found: [string, string][] = [];
  batch.inKeyOrder((key, value, sizeBytes) => {
    const bytes = stagedBytes(value);
    expect(bytes.length).toBe(sizeBytes);
    found.push([key.toString('hex'), Buffer.from(bytes).toString('latin1')]);
  });
  return found;
}

describe('ReceivedBatch', () => {
  it('hands over copies of what was added, however much, in the order of keys', () => {
    const batch = new ReceivedBatch();
    for (const [count, sizeBytes] of [
      [3000, 40],
      [20, 100_000],
      [0, 0],
      [1, 2 ** 20],
    ] as const) {
      const added: [string, string][] = [];
      const scratch = Buffer.alloc(sizeBytes);
      for (let number = 0; number < count; number += 1) {
        scratch.fill(`${number} `);
        const key = objectKey('chunk', hashBytes(scratch)) as Buffer;
        batch.add(key, scratch);
        added.push([key.toString('hex'), scratch.toString('latin1')]);
        key.fill(0);
      }
      scratch.fill(0);
      expect(batch.count).toBe(count);
      added.sort(([left], [right]) => (left < right ? -1 : 1));
      expect(contentsOf(batch)).toEqual(added);
      // A transaction may be tried again.
      expect(contentsOf(batch)).toEqual(added);
      batch.clear();
      expect(batch.count).toBe(0);
    }
  });

  it('is full at 4 MiB and at 20,000 objects', () => {
    const batch = new ReceivedBatch();
    const key = objectKey('chunk', hashBytes(Buffer.alloc(1))) as Buffer;
    for (let number = 0; number < 4; number += 1) {
      expect(batch.isFull).toBe(false);
      batch.add(key, Buffer.alloc(2 ** 20));
    }
    expect(batch.isFull).toBe(true);
    batch.clear();
    for (let number = 0; number < 20_000; number += 1) {
      expect(batch.isFull).toBe(false);
      batch.add(key, Buffer.of(1));
    }
    expect(batch.isFull).toBe(true);
  });
});
