import { hashBytes, type ObjectId } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import { readRow, readRows } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import { putTombstone } from './tombstone.ts';

/** More than any number of objects after which something changes. */
const MANY = 2000;

const text = (number: number): Buffer => Buffer.from(`object ${number}`);
const idOf = (number: number): ObjectId<'chunk'> => hashBytes<'chunk'>(text(number));

function putRange(store: Store, from: number, to: number): void {
  store.transact('put', (transaction) => {
    for (let number = from; number < to; number += 1) transaction.put('chunk', text(number));
  });
}

function countMissing(store: Store, from: number, to: number): number {
  let missing = 0;
  for (let number = from; number < to; number += 1)
    if (!store.get('chunk', idOf(number))?.equals(text(number))) missing += 1;
  return missing;
}

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

describe('many objects in one transaction', () => {
  it('are all there afterwards, present ones among them or not [DML-STO-0207]', async () => {
    putRange(store, 500, 900);
    putRange(store, 0, MANY);
    putRange(store, 0, MANY);
    expect(readRows(store.engine, 'objects')).toHaveLength(MANY);
    expect(countMissing(store, 0, MANY)).toBe(0);
  });

  it('are seen at once by reads of the transaction [DML-STO-0143]', async () => {
    store.transact('put', (transaction) => {
      for (let number = 0; number < MANY; number += 1) {
        const id = transaction.put('chunk', text(number));
        if (number % 7 === 0) expect(transaction.has('chunk', id)).toBe(true);
        if (number % 11 === 0) expect(store.get('chunk', id)?.equals(text(number))).toBe(true);
      }
      expect(readRows(store.engine, 'objects')).toHaveLength(MANY);
    });
    expect(countMissing(store, 0, MANY)).toBe(0);
  });

  it('may be in a buffer that is used again at once [DML-STO-0132]', async () => {
    const buffer = Buffer.alloc(16);
    store.transact('put', (transaction) => {
      for (let number = 0; number < MANY; number += 1) {
        const length = text(number).copy(buffer);
        transaction.put('chunk', buffer.subarray(0, length));
      }
      buffer.fill(0);
    });
    expect(countMissing(store, 0, MANY)).toBe(0);
  });

  it('keep a tombstone among them [DML-STO-0209]', async () => {
    const object = { class: 'chunk', objectId: idOf(MANY - 1) } as const;
    const facts = { ...object, reason: 'r', message: 'm', actor: 'a', timeMs: 1 };
    store.transact('excise', (transaction) => putTombstone(transaction, facts));
    const excised = expect.objectContaining({ detail: 'excised' });
    expect(() => putRange(store, 0, MANY)).toThrow(excised);
    expect(() => store.get('chunk', object.objectId)).toThrow(excised);
    putRange(store, 0, MANY - 1);
    expect(countMissing(store, 0, MANY - 1)).toBe(0);
  });

  it('heal a damaged object among them [DML-STO-0208]', async () => {
    const key = objectKey('chunk', idOf(MANY - 1)) as Buffer;
    store.transact('damage', (transaction) => transaction.putRow('objects', key, Buffer.from('wrong')));
    putRange(store, 0, MANY);
    expect(countMissing(store, 0, MANY)).toBe(0);
  });

  it('give way to a row that is written or deleted after them', async () => {
    const key = objectKey('chunk', idOf(MANY - 1)) as Buffer;
    const other = objectKey('chunk', idOf(MANY - 2)) as Buffer;
    store.transact('put', (transaction) => {
      for (let number = 0; number < MANY; number += 1) transaction.put('chunk', text(number));
      expect(transaction.deleteRow('objects', key)).toBe(true);
      transaction.putRow('objects', other, Buffer.from('later'));
    });
    expect(store.has('chunk', idOf(MANY - 1))).toBe(false);
    expect(readRow(store.engine, 'objects', other)?.toString()).toBe('later');
  });

  it('leave nothing behind in the next transaction when their own fails [DML-STO-0123]', async () => {
    expect(() =>
      store.transact('fails', (transaction) => {
        for (let number = 0; number < 10; number += 1) transaction.put('chunk', text(number));
        throw new Error('no');
      }),
    ).toThrow('no');
    putRange(store, 10, 20);
    expect(readRows(store.engine, 'objects')).toHaveLength(10);
    expect(countMissing(store, 10, 20)).toBe(0);
  });
});
