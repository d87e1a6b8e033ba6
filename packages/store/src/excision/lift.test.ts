import { encodeRecord, hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit, putText, putTextDag } from '../../test/records.ts';
import { runGc } from '../gc/run.ts';
import type { Store } from '../store.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { applyExcision, planExcision } from './excise.ts';
import { liftExcision } from './lift.ts';
import type { ObjectName } from './plan.ts';

const FACTS = { reason: 'mistake', message: '', actor: 'ada' };

async function excise(store: Store, ...objects: ObjectName[]): Promise<void> {
  applyExcision(store, await planExcision(store, { objects }), FACTS);
}

function text(value: string): Buffer {
  return Buffer.from(encodeRecord({ type: 'datum', kind: 'string', value }));
}

describe('lifting an excision', () => {
  it('brings the bytes back that it is given, and nothing else does [DML-STO-0816]', async () => {
    const store = await openFixture();
    store.transact('fill', (transaction) => {
      const next = putCommit(transaction, { dags: { a: putTextDag(transaction, 'kept') } });
      const ref = 'refs/heads/main' as never;
      transaction.updateRef({ ref, expected: null, next, actor: 'ada', reason: 'test' });
    });
    const bytes = text('kept');
    const objectId = hashBytes<'datum'>(bytes);
    await excise(store, { class: 'datum', objectId });
    const put = (): void => store.transact('again', (transaction) => void putText(transaction, 'kept'));
    expect(put).toThrow(expect.objectContaining({ detail: 'excised' }));
    expect(liftExcision(store, 'datum', bytes)).toBe(objectId);
    expect(store.get('datum', objectId)?.equals(bytes)).toBe(true);
    expect(await verifyStore(store)).toMatchObject({ findings: 0, leftovers: 0 });
    put();
    store.checkpoint();
    await runGc(store);
    expect(store.has('datum', objectId)).toBe(true);
  });

  it('is refused for what is not excised and for what is not complete [DML-STO-0817]', async () => {
    const store = await openFixture();
    const refused = (detail: string) => expect.objectContaining({ code: 'excision_refused', detail });
    store.transact('fill', (transaction) => void putText(transaction, 'here'));
    expect(() => liftExcision(store, 'datum', text('here'))).toThrow(refused('not_excised'));
    expect(() => liftExcision(store, 'datum', text('absent'))).toThrow(refused('not_excised'));
    const datumId = hashBytes<'datum'>(text('below'));
    const node = Buffer.from(encodeRecord({ type: 'node', kind: 'literal', datumId }));
    const commitIds = [''];
    store.transact('fill', (transaction) => {
      putTextDag(transaction, 'below');
      commitIds[0] = putCommit(transaction, {});
    });
    setRef(store, 'main', commitIds[0] as never);
    await excise(store, { class: 'node', objectId: hashBytes(node) });
    store.checkpoint();
    await runGc(store);
    expect(() => liftExcision(store, 'node', node)).toThrow(refused('incomplete'));
    store.transact('below', (transaction) => void putText(transaction, 'below'));
    liftExcision(store, 'node', node);
    expect(store.has('node', hashBytes(node))).toBe(true);
    expect(await verifyStore(store)).toMatchObject({ findings: 0, leftovers: 0 });
  });
});
