import type { DatumId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import { readKeys } from '../engine/reading.ts';
import { objectKey, parseObjectKey, parseSequenceKey, sequenceKey } from './keyspace.ts';

const ID = 'ab'.repeat(32) as DatumId;

describe('keyspace', () => {
  it('keys an object by class byte and id [DML-STO-0001]', async () => {
    const store = await openFixture();
    let id = '';
    store.transact('put', (transaction) => {
      id = transaction.put('chunk', Buffer.from('bytes'));
    });
    expect(readKeys(store.engine, 'objects').map((key) => key.toString('hex'))).toEqual([`0c${id}`]);
  });

  it('reads class and id back from a key, and nothing from other keys', () => {
    expect(parseObjectKey(objectKey('datum', ID) as Buffer)).toEqual({ class: 'datum', id: ID });
    expect(parseObjectKey(Buffer.alloc(33, 1))).toBeUndefined();
    expect(parseObjectKey(Buffer.alloc(32, 2))).toBeUndefined();
    expect(objectKey('datum', 'AB'.repeat(32))).toBeUndefined();
    expect(objectKey('datum', 'ab')).toBeUndefined();
  });

  it('sorts sequence keys as the numbers sort [DML-STO-0003]', () => {
    const numbers = [0, 1, 255, 256, 65_536, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER];
    const keys = numbers.map(sequenceKey);
    expect([...keys].reverse().sort(Buffer.compare)).toEqual(keys);
    expect(keys.map(parseSequenceKey)).toEqual(numbers);
  });
});
