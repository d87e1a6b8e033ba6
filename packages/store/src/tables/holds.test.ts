import { hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture } from '../../test/fixture-store.ts';
import { putText } from '../../test/records.ts';
import type { Store } from '../store.ts';

function putDatum(store: Store): string {
  let id = '';
  store.transact('put', (transaction) => {
    id = putText(transaction, 'kept');
  });
  return id;
}

function hold(store: Store, objectId: string, owner: string, expiresMs: number | null = null): void {
  store.transact('hold', (transaction) => {
    transaction.putHold({
      class: 'datum',
      objectId: objectId as never,
      owner,
      reason: `for ${owner}`,
      expiresMs,
    });
  });
}

describe('explicit pins', () => {
  it('record owner, reason, creation and expiry [DML-STO-0521]', async () => {
    const environment = fakeEnvironment();
    const store = await openFixture(environment);
    const objectId = putDatum(store);
    environment.nowMsValue = 55;
    hold(store, objectId, 'ada', 99);
    expect(store.readHolds()).toEqual([
      { class: 'datum', objectId, owner: 'ada', reason: 'for ada', createdMs: 55, expiresMs: 99 },
    ]);
  });

  it('are refused for an absent object and for a nameless owner [DML-STO-0522]', async () => {
    const store = await openFixture();
    const absent = hashBytes(Buffer.from('absent'));
    for (const objectId of [absent, 'nonsense'])
      expect(() => hold(store, objectId, 'ada')).toThrow(
        expect.objectContaining({ code: 'object_missing', fields: { class: 'datum', objectId } }),
      );
    const objectId = putDatum(store);
    expect(() => hold(store, objectId, '')).toThrow(expect.objectContaining({ code: 'store_misuse' }));
    expect(store.readHolds()).toEqual([]);
  });

  it('stand side by side for several owners [DML-STO-0523]', async () => {
    const store = await openFixture();
    const objectId = putDatum(store);
    hold(store, objectId, 'ada');
    hold(store, objectId, 'bob');
    hold(store, objectId, 'ada', 7);
    expect(store.readHolds().map((each) => [each.owner, each.expiresMs])).toEqual([
      ['ada', 7],
      ['bob', null],
    ]);
    store.transact('unpin', (transaction) => {
      expect(transaction.deleteHold('datum', objectId as never, 'ada')).toBe(true);
      expect(transaction.deleteHold('datum', objectId as never, 'ada')).toBe(false);
    });
    expect(store.readHolds().map((each) => each.owner)).toEqual(['bob']);
  });
});
