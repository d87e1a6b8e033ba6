import { describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';

const KEY = '11'.repeat(32);
const NEIGHBOUR = `${'11'.repeat(31)}12`;
const [FIRST, SECOND] = ['aa'.repeat(32), 'bb'.repeat(32)];

describe('cache index', () => {
  it('lists the execs noted under an execution key and no other [DML-STO-0531]', async () => {
    const store = await openFixture();
    store.transact('note', (transaction) => {
      transaction.putCacheEntry(KEY, SECOND);
      transaction.putCacheEntry(KEY, FIRST);
      transaction.putCacheEntry(KEY, FIRST);
      transaction.putCacheEntry(NEIGHBOUR, SECOND);
    });
    expect(store.cacheEntries(KEY)).toEqual([FIRST, SECOND]);
    expect(store.cacheEntries('22'.repeat(32))).toEqual([]);
    store.transact('forget', (transaction) => {
      expect(transaction.deleteCacheEntry(KEY, FIRST)).toBe(true);
      expect(transaction.deleteCacheEntry(KEY, FIRST)).toBe(false);
    });
    expect(store.cacheEntries(KEY)).toEqual([SECOND]);
  });

  it('names the remote on which an exec was found [DML-STO-0547]', async () => {
    const store = await openFixture();
    store.transact('note', (transaction) => {
      transaction.putCacheEntry(KEY, FIRST, 'origin');
      transaction.putCacheEntry(KEY, SECOND);
      transaction.putCacheEntry(NEIGHBOUR, SECOND, 'größe');
    });
    expect([...store.cacheOrigins(KEY)]).toEqual([[FIRST, 'origin']]);
    expect([...store.cacheOrigins(NEIGHBOUR)]).toEqual([[SECOND, 'größe']]);
    expect(store.cacheEntries(KEY)).toEqual([FIRST, SECOND]);
    expect(() =>
      store.transact('note', (transaction) => transaction.putCacheEntry(KEY, SECOND, 'x'.repeat(256))),
    ).toThrow(expect.objectContaining({ code: 'store_misuse', detail: 'origin' }));
  });

  it('keeps the remote of an exec that is noted again without one [DML-STO-0548]', async () => {
    const store = await openFixture();
    for (const origin of ['origin', undefined])
      store.transact('note', (transaction) => transaction.putCacheEntry(KEY, FIRST, origin));
    expect([...store.cacheOrigins(KEY)]).toEqual([[FIRST, 'origin']]);
    store.transact('note', (transaction) => transaction.putCacheEntry(KEY, FIRST, 'other'));
    expect([...store.cacheOrigins(KEY)]).toEqual([[FIRST, 'other']]);
  });

  it('notes execs whether they are in the store or not: its rows are hints [DML-STO-0008]', async () => {
    const store = await openFixture();
    store.transact('note', (transaction) => transaction.putCacheEntry(KEY, FIRST));
    expect(store.has('exec', FIRST as never)).toBe(false);
    expect(store.cacheEntries(KEY)).toEqual([FIRST]);
  });
});
