import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture } from '../../test/fixture-store.ts';
import { readRows } from './reading.ts';

const MEBIBYTE = 2 ** 20;

describe('space guard', () => {
  it('undoes a transaction that may not fit, and lets a smaller one pass [DML-STO-0136]', async () => {
    const environment = {
      ...fakeEnvironment(),
      statFileSystem: () => ({ type: 0, availableBytes: 8 * MEBIBYTE }),
    };
    const store = await openFixture(environment);
    const put = (count: number): void =>
      store.transact('put', (transaction) => {
        for (let index = 0; index < count; index += 1) transaction.put('chunk', randomBytes(1000));
      });
    expect(() => put(5_000)).toThrow(expect.objectContaining({ code: 'store_full' }));
    expect(readRows(store.engine, 'objects')).toEqual([]);
    put(100);
    expect(readRows(store.engine, 'objects')).toHaveLength(100);
  });

  it('knows the longest file the process may write [DML-STO-0136]', async () => {
    const environment = { ...fakeEnvironment(), maxFileBytes: 5 * MEBIBYTE };
    const store = await openFixture(environment);
    const put = (sizeBytes: number): void =>
      store.transact('put', (transaction) => {
        transaction.put('chunk', randomBytes(sizeBytes));
      });
    put(10_000);
    const full = expect.objectContaining({
      code: 'store_full',
      fields: expect.objectContaining({ availableBytes: expect.any(Number) }),
    });
    expect(() => put(MEBIBYTE)).toThrow(full);
    put(10_000);
    expect(readRows(store.engine, 'objects')).toHaveLength(2);
  });
});
