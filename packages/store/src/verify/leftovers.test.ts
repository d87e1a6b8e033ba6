import type { CommitId, DatumId, ObjectClass, ObjectId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { putFunction, putWholeCall } from '../../test/calls.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit, putDag, putLiteral, putRecord, putText } from '../../test/records.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { Finding } from './finding.ts';
import { verifyStore } from './verify-store.ts';

/** Puts something with a fault that only other objects show, and returns a datum or commit that reaches it. */
type PutFaulty = (transaction: WriteTransaction) => { class: 'datum' | 'commit'; objectId: ObjectId };

const faulty: Readonly<Record<string, PutFaulty>> = {
  element_linked: (transaction) => {
    const inline = putRecord<DatumId>(transaction, { type: 'datum', kind: 'i64', value: 7n });
    const objectId = putRecord<DatumId>(transaction, { type: 'datum', kind: 'list', root: [inline] });
    return { class: 'datum', objectId };
  },
  link_broken: (transaction) => ({
    class: 'datum',
    objectId: putRecord<DatumId>(transaction, {
      type: 'datum',
      kind: 'list',
      root: ['5'.repeat(64) as DatumId],
    }),
  }),
  exec_contradiction: (transaction) => {
    const functionDatumId = putFunction(transaction, 'x:other');
    const { nodeId, execId } = putWholeCall(transaction, 'a', { exec: { functionDatumId } });
    return { class: 'commit', objectId: putCommit(transaction, { pins: { [nodeId]: execId } as never }) };
  },
  details_invalid: (transaction) => ({
    class: 'commit',
    objectId: putCommit(transaction, { detailsDatumId: putText(transaction, 'no map') }),
  }),
};

async function told(store: Store): Promise<{ findings: string[]; leftovers: string[] }> {
  const findings: string[] = [];
  const leftovers: string[] = [];
  const summary = await verifyStore(store, {
    onFinding: ({ code }: Finding) => findings.push(code),
    onLeftover: ({ code }: Finding) => leftovers.push(code),
  });
  expect([summary.findings, summary.leftovers]).toEqual([findings.length, leftovers.length]);
  return { findings, leftovers };
}

/** A store with a commit on a branch, and the fault next to it. */
async function storeWith(put: PutFaulty): Promise<{ store: Store; faultyId: ObjectId; class: ObjectClass }> {
  const store = await openFixture();
  let found = {} as ReturnType<PutFaulty>;
  let sound = '' as CommitId;
  store.transact('fill', (transaction) => {
    found = put(transaction);
    sound = putCommit(transaction, { message: 'sound' });
  });
  setRef(store, 'refs/heads/main', sound);
  return { store, faultyId: found.objectId, class: found.class };
}

describe('what is wrong with an object that no ref and no hold reaches', () => {
  it.each(Object.keys(faulty))('is a leftover and no finding: %s [DML-STO-0952]', async (code) => {
    const { store, faultyId, class: objectClass } = await storeWith(faulty[code] as PutFaulty);
    expect(await told(store)).toEqual({ findings: [], leftovers: [code] });
    // A hold of it makes it a finding.
    store.transact('hold', (transaction) =>
      transaction.putHold({
        class: objectClass,
        objectId: faultyId,
        owner: 'ada',
        reason: 'r',
        expiresMs: null,
      }),
    );
    expect(await told(store)).toEqual({ findings: [code], leftovers: [] });
    store.transact('unpin', (transaction) => void transaction.deleteHold(objectClass, faultyId, 'ada'));
    expect(await told(store)).toEqual({ findings: [], leftovers: [code] });
    // So does a ref that leads to it.
    let commitId = faultyId as CommitId;
    store.transact('commit', (transaction) => {
      if (objectClass === 'commit') return;
      const dagId = putDag(transaction, putLiteral(transaction, faultyId as DatumId));
      commitId = putCommit(transaction, { dags: { a: dagId } });
    });
    setRef(store, 'refs/heads/other', commitId);
    expect(await told(store)).toEqual({ findings: [code], leftovers: [] });
  });

  it('is a finding where a ref or an object on the way cannot be read [DML-STO-0953]', async () => {
    for (const harm of ['ref', 'commit', 'newer'] as const) {
      const { store } = await storeWith(faulty.element_linked as PutFaulty);
      const { commitId } = store.getRef('refs/heads/main' as never)!;
      store.transact('harm', (transaction) => {
        if (harm === 'ref') transaction.putRow('refs', Buffer.from('heads/main'), Buffer.from('rotten row'));
        else if (harm === 'commit')
          transaction.putRow('objects', objectKey('commit', commitId)!, Buffer.from('rotten'));
        else {
          const newer = transaction.put('datum', Uint8Array.of(0x84, 1, 2, 12, 0xf6));
          transaction.putHold({ class: 'datum', objectId: newer, owner: 'a', reason: 'r', expiresMs: null });
        }
      });
      const { findings, leftovers } = await told(store);
      expect([findings, leftovers], harm).toEqual([expect.arrayContaining(['element_linked']), []]);
    }
  });
});
