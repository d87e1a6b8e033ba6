import { describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import { putCommit } from '../../test/records.ts';
import { readRows } from '../engine/reading.ts';
import { TABLE_NAMES } from '../engine/tables.ts';
import { headRef } from '../refs/ref-name.ts';
import { decodeRow, encodeRow } from './checksummed-row.ts';

const key = Buffer.from('key');
const payload = Buffer.from('payload');

describe('sealed rows', () => {
  it('refuses a row with any bit changed, under another key or in another table [DML-STO-0005]', () => {
    const row = encodeRow('refs', key, payload);
    expect(decodeRow('refs', key, row)).toEqual(payload);
    for (let bit = 0; bit < row.length * 8; bit += 1) {
      const changed = Buffer.from(row);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodeRow('refs', key, changed)).toThrow(
        expect.objectContaining({ code: 'store_damaged' }),
      );
    }
    const damaged = expect.objectContaining({ code: 'store_damaged', detail: 'row_checksum' });
    expect(() => decodeRow('refs', Buffer.from('kex'), row)).toThrow(damaged);
    expect(() => decodeRow('meta', key, row)).toThrow(damaged);
    expect(() => decodeRow('refs', key, row.subarray(0, 7))).toThrow(damaged);
  });

  it('is how every table but objects and cache keeps its rows [DML-STO-0004]', async () => {
    const store = await openFixture();
    store.transact('fill', (transaction) => {
      const commitId = putCommit(transaction, {});
      transaction.putHold({
        class: 'commit',
        objectId: commitId,
        owner: 'ada',
        reason: 'keep',
        expiresMs: null,
      });
      transaction.putCacheEntry('11'.repeat(32), '22'.repeat(32));
    });
    store.transact('ref', (transaction) => {
      const next = putCommit(transaction, { message: 'next' });
      transaction.updateRef({ ref: headRef('main'), expected: null, next, actor: 'ada', reason: 'test' });
    });
    const sealed = TABLE_NAMES.filter((table) => table !== 'objects' && table !== 'cache');
    let rows = 0;
    for (const table of sealed) {
      for (const row of readRows(store.engine, table)) {
        expect(() => decodeRow(table, row.key, row.value)).not.toThrow();
        rows += 1;
      }
    }
    expect(rows).toBeGreaterThanOrEqual(10);
  });
});
