import { type DatumId, hashBytes } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISION_FACTS } from '../../test/excise.ts';
import { openFixture } from '../../test/fixture-store.ts';
import { NEWER_CLASS_BYTE, NEWER_RECORDS } from '../../test/newer-records.ts';
import { putExec, putLiteral, putText, putTextDag } from '../../test/records.ts';
import { hold } from '../../test/rows.ts';
import { commitTo } from '../../test/streams.ts';
import { readRows, refreshSnapshot } from '../engine/reading.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import type { Store } from '../store.ts';
import { planGc, runGc } from './run.ts';

let store: Store;

beforeEach(async () => {
  store = await openFixture();
  commitTo(store, { text: 'kept' });
  store.transact('garbage', (transaction) => void putTextDag(transaction, 'garbage'));
  store.checkpoint();
});

function rowsOf(): Map<string, string> {
  refreshSnapshot(store.engine);
  return new Map(
    readRows(store.engine, 'objects').map((row) => [row.key.toString('hex'), row.value.toString('hex')]),
  );
}

describe('a collection of a store with objects of a newer format', () => {
  for (const [index, newer] of NEWER_RECORDS.entries()) {
    it(`is refused and takes nothing: ${newer.class} ${index} [DML-STO-0717] [DML-STO-0719]`, async () => {
      const objectId = hashBytes(newer.bytes);
      store.transact('newer', (transaction) => void transaction.put(newer.class, newer.bytes));
      const refused = {
        code: 'gc_refused',
        detail: 'newer_format',
        fields: expect.objectContaining({ class: newer.class, objectId }),
      };
      const rows = rowsOf();
      // Reached by the session that put it, then by nothing, then by a hold.
      await expect(runGc(store)).rejects.toMatchObject(refused);
      store.checkpoint();
      await expect(planGc(store)).rejects.toMatchObject(refused);
      await expect(runGc(store)).rejects.toMatchObject(refused);
      hold(store, { class: newer.class, objectId });
      store.checkpoint();
      await expect(runGc(store)).rejects.toMatchObject(refused);
      expect(rowsOf()).toEqual(rows);
    });
  }

  it('is refused for a class that only a later version knows [DML-STO-0719]', async () => {
    const bytes = Buffer.from([0x83, 1, NEWER_CLASS_BYTE, 1]);
    const key = Buffer.concat([Buffer.from([NEWER_CLASS_BYTE]), Buffer.from(hashBytes(bytes), 'hex')]);
    store.transact('newer', (transaction) => transaction.putRow('objects', key, bytes));
    const rows = rowsOf();
    await expect(runGc(store)).rejects.toMatchObject({
      code: 'gc_refused',
      detail: 'newer_format',
      fields: { class: 'unknown', objectId: hashBytes(bytes) },
    });
    expect(rowsOf()).toEqual(rows);
  });
});

describe('a collection of a store with bytes that are no records', () => {
  it('is refused when a root reaches them [DML-STO-0718]', async () => {
    const bytes = Buffer.from('no record');
    const datumId = hashBytes<'datum'>(bytes);
    const nodeId = store.transact('harm', (transaction) => {
      transaction.put('datum', bytes);
      return putLiteral(transaction, datumId);
    });
    const refused = {
      code: 'gc_refused',
      detail: 'object_damaged',
      fields: { class: 'datum', objectId: datumId },
    };
    await expect(runGc(store)).rejects.toMatchObject(refused);
    hold(store, { class: 'node', objectId: nodeId });
    store.checkpoint();
    const rows = rowsOf();
    await expect(runGc(store)).rejects.toMatchObject(refused);
    expect(rowsOf()).toEqual(rows);
  });

  it('deletes them, and rotten execs, when nothing reaches them', async () => {
    const bytes = Buffer.from('no record');
    store.transact('harm', (transaction) => {
      transaction.put('datum', bytes);
      transaction.put('exec', bytes);
      const dagId = putTextDag(transaction, 'garbage');
      const execId = putExec(transaction, putLiteral(transaction, '1'.repeat(64) as DatumId), dagId);
      transaction.putRow('objects', Buffer.concat([Buffer.from([9]), Buffer.from(execId, 'hex')]), bytes);
    });
    store.checkpoint();
    const report = await runGc(store);
    expect(report.swept.byClass.exec?.objects).toBe(2);
    expect((await planGc(store)).garbage.objects).toBe(0);
    expect(store.get('datum', hashBytes(bytes))).toBeUndefined();
  });
});

describe('an excision from a store with objects of a newer format', () => {
  it('is refused, with content and without [DML-STO-0846]', async () => {
    const { class: newerClass, bytes } = NEWER_RECORDS[2]!;
    const objectId = store.transact('fill', (transaction) => putText(transaction, 'secret'));
    const objects = [{ class: 'datum', objectId }] as const;
    const plan = await planExcision(store, { objects });
    store.transact('newer', (transaction) => void transaction.put(newerClass, bytes));
    const newer = { class: newerClass, objectId: hashBytes(bytes) };
    const fields = { objectId: hashBytes(bytes) };
    for (const request of [{ objects, withContent: true }, { objects }, { objects: [newer] }])
      await expect(planExcision(store, request)).rejects.toMatchObject({
        code: 'excision_refused',
        detail: 'newer_format',
        fields,
      });
    expect(() => applyExcision(store, plan, EXCISION_FACTS)).toThrow(
      expect.objectContaining({ detail: 'plan_outdated' }),
    );
    expect(store.has('datum', objectId)).toBe(true);
  });
});
