import { randomBytes } from 'node:crypto';
import { hashBytes, MAX_RECORD_BYTES, type ObjectId } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import { putText } from '../../test/records.ts';
import { readRow, readRows } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import { encodeTombstone } from './tombstone.ts';

function putBytes(store: Store, bytes: Uint8Array): ObjectId<'chunk'> {
  const id = store.transact('put', (transaction) => transaction.put('chunk', bytes));
  return id as ObjectId<'chunk'>;
}

/** Overwrites an object's row behind the store's back. */
function overwrite(store: Store, id: ObjectId, bytes: Uint8Array): Buffer {
  const key = objectKey('chunk', id) as Buffer;
  store.transact('damage', (transaction) => transaction.putRow('objects', key, bytes));
  return key;
}

const tombstone = (key: Buffer, id: ObjectId): Buffer =>
  encodeTombstone(key, { class: 'chunk', objectId: id, reason: 'r', message: 'm', actor: 'a', timeMs: 1 });

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

describe('objects', () => {
  it('keeps bytes of every size verbatim [DML-STO-0201]', async () => {
    for (const size of [0, 1, 100, 4095, 4096, 16_384, 16_385, 100_000, MAX_RECORD_BYTES]) {
      const bytes = randomBytes(size);
      const id = putBytes(store, bytes);
      expect(readRow(store.engine, 'objects', objectKey('chunk', id) as Buffer)?.equals(bytes)).toBe(true);
      expect(store.get('chunk', id)?.equals(bytes)).toBe(true);
    }
  });

  it('compares bytes and id on every read, decoded or not [DML-STO-0202] [DML-STO-0203]', async () => {
    const id = store.transact('put', (transaction) => putText(transaction, 'right'));
    const datumId = id as ObjectId<'datum'>;
    expect(store.getRecord('datum', datumId)).toEqual({ type: 'datum', kind: 'string', value: 'right' });
    const key = objectKey('datum', datumId) as Buffer;
    const other = readRow(store.engine, 'objects', key) as Buffer;
    other[other.length - 1] = 'T'.charCodeAt(0);
    store.transact('damage', (transaction) => transaction.putRow('objects', key, other));
    const damaged = expect.objectContaining({ code: 'store_damaged', detail: 'hash_mismatch' });
    expect(() => store.get('datum', datumId)).toThrow(damaged);
    expect(() => store.getRecord('datum', datumId)).toThrow(damaged);
    store.transact('read', (transaction) => {
      expect(() => transaction.get('datum', datumId)).toThrow(damaged);
    });
  });

  it('reports a tombstone as excised [DML-STO-0204]', async () => {
    const id = putBytes(store, Buffer.from('secret'));
    overwrite(store, id, tombstone(objectKey('chunk', id) as Buffer, id));
    expect(() => store.get('chunk', id)).toThrow(
      expect.objectContaining({ code: 'invalid_payload', recordType: 'tombstone', detail: 'excised' }),
    );
    expect(store.has('chunk', id)).toBe(false);
  });

  it('takes a tombstone of another object for damage', async () => {
    const [id, other] = [putBytes(store, Buffer.from('one')), putBytes(store, Buffer.from('two'))];
    overwrite(store, id, tombstone(objectKey('chunk', other) as Buffer, other));
    expect(() => store.get('chunk', id)).toThrow(expect.objectContaining({ code: 'store_damaged' }));
  });

  it('returns undefined for what is not there, of any class or form [DML-STO-0205]', async () => {
    const id = putBytes(store, Buffer.from('bytes'));
    expect(store.get('datum', id as never)).toBeUndefined();
    expect(store.get('chunk', hashBytes(Buffer.from('other')))).toBeUndefined();
    expect(store.get('chunk', id.toUpperCase() as never)).toBeUndefined();
    expect(store.get('chunk', 'x'.repeat(64) as never)).toBeUndefined();
    expect(store.get('chunk', '' as never)).toBeUndefined();
    expect(store.has('chunk', '' as never)).toBe(false);
  });

  it('throws from read where get returns undefined [DML-STO-0206]', async () => {
    const id = putBytes(store, Buffer.from('bytes'));
    expect(store.read('chunk', id).toString()).toBe('bytes');
    expect(() => store.read('datum', id as never)).toThrow(
      expect.objectContaining({ code: 'object_missing' }),
    );
  });

  it('refuses a transaction that puts excised bytes again, and keeps nothing of it [DML-STO-0212]', async () => {
    for (const bytes of [Buffer.from('secret'), Buffer.alloc(100_000, 7)]) {
      const id = putBytes(store, bytes);
      overwrite(store, id, tombstone(objectKey('chunk', id) as Buffer, id));
      const beside = Buffer.concat([bytes, bytes]);
      expect(() =>
        store.transact('again', (transaction) => {
          transaction.put('chunk', beside);
          transaction.put('chunk', bytes);
        }),
      ).toThrow(
        expect.objectContaining({ code: 'invalid_payload', recordType: 'tombstone', detail: 'excised' }),
      );
      expect(store.has('chunk', hashBytes(beside))).toBe(false);
      putBytes(store, beside);
      expect(store.has('chunk', hashBytes(beside))).toBe(true);
    }
  });

  it('returns bytes that no later call changes [DML-STO-0210]', async () => {
    const contents = [randomBytes(50), randomBytes(5000), randomBytes(60_000)];
    const ids = contents.map((bytes) => putBytes(store, bytes));
    const reads = ids.map((id) => store.read('chunk', id));
    for (const size of [10, 50, 5000, 60_000, 200_000])
      store.read('chunk', putBytes(store, randomBytes(size)));
    await store.close();
    expect(reads.map((bytes) => bytes.toString('hex'))).toEqual(
      contents.map((bytes) => bytes.toString('hex')),
    );
  });

  it('refuses an object above a mebibyte and undoes its transaction [DML-STO-0211]', async () => {
    const put = (): void =>
      store.transact('put', (transaction) => {
        transaction.put('chunk', Buffer.from('small'));
        transaction.put('chunk', Buffer.alloc(MAX_RECORD_BYTES));
        transaction.put('chunk', Buffer.alloc(MAX_RECORD_BYTES + 1));
      });
    const sizeBytes = MAX_RECORD_BYTES + 1;
    expect(put).toThrow(
      expect.objectContaining({ code: 'object_too_large', fields: expect.objectContaining({ sizeBytes }) }),
    );
    expect(readRows(store.engine, 'objects')).toEqual([]);
  });
});
