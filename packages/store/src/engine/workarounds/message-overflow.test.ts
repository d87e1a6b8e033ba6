import { hashBytes, type ObjectId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { openFixture } from '../../../test/fixture-store.ts';
import type { Store } from '../../store.ts';

/** So many of these lead the engine to look for an entry of its list of free pages that is not there. */
const TRANSACTIONS = 105;
const OBJECTS = 178;
const SIZE_BYTES = 4200;

function objects(transactionNumber: number): readonly (readonly [ObjectId<'chunk'>, Buffer])[] {
  return Array.from({ length: OBJECTS }, (_, number) => {
    const bytes = Buffer.alloc(SIZE_BYTES, 7);
    bytes.writeUInt32LE(transactionNumber * OBJECTS + number);
    return [hashBytes<'chunk'>(bytes), bytes] as const;
  }).sort(([one], [other]) => (one < other ? -1 : 1));
}

function putAll(store: Store): void {
  for (let number = 0; number < TRANSACTIONS; number += 1)
    store.transact('put', (transaction) => {
      for (const [id, bytes] of objects(number)) transaction.putHashed('chunk', id, bytes);
    });
}

describe('a commit', () => {
  it('is not refused whatever the engine finds in its list of free pages [DML-STO-1660]', async () => {
    const first = await openFixture();
    putAll(first);
    const { path, environment } = first;
    await first.close();
    const second = await openFixture(environment, path);
    // Writes nothing but what it notes of itself, into pages that the session before has freed.
    expect(() => putAll(second)).not.toThrow();
  });
});
