import { encodeRecord, hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { EXCISED, excise } from '../../test/excise.ts';
import { openFixture } from '../../test/fixture-store.ts';
import { putText, putTextDag, textBytes } from '../../test/records.ts';
import { commitTo } from '../../test/streams.ts';
import { runGc } from '../gc/run.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { liftExcision } from './lift.ts';

describe('lifting an excision', () => {
  it('brings the bytes back that it is given, and nothing else does [DML-STO-0816]', async () => {
    const store = await openFixture();
    commitTo(store, { text: 'kept' });
    const bytes = textBytes('kept');
    const objectId = hashBytes<'datum'>(bytes);
    await excise(store, { class: 'datum', objectId });
    const put = (): void => store.transact('again', (transaction) => void putText(transaction, 'kept'));
    expect(put).toThrow(EXCISED);
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
    expect(() => liftExcision(store, 'datum', textBytes('here'))).toThrow(refused('not_excised'));
    expect(() => liftExcision(store, 'datum', textBytes('absent'))).toThrow(refused('not_excised'));
    const datumId = hashBytes<'datum'>(textBytes('below'));
    const node = Buffer.from(encodeRecord({ type: 'node', kind: 'literal', datumId }));
    store.transact('fill', (transaction) => void putTextDag(transaction, 'below'));
    commitTo(store, {});
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
