import type { DatumId } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { CONTRADICTIONS, commitOver, type Fault, NOT_CANONICAL } from '../../test/faults.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit, putRecord } from '../../test/records.ts';
import { hold } from '../../test/rows.ts';
import { MAIN, StreamObjects } from '../../test/streams.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import { verifyStore } from './verify-store.ts';

const brokenLink: Fault = (sink) => {
  const root = ['5'.repeat(64) as DatumId];
  const objectId: DatumId = putRecord(sink, { type: 'datum', kind: 'list', root });
  return { finding: { code: 'link_broken', class: 'datum', objectId }, commitId: commitOver(sink, objectId) };
};

const linkedNull = NOT_CANONICAL['a null that a list links [DML-STO-0920]'] as Fault;

async function reported(): Promise<{ findings: string[]; leftovers: string[] }> {
  const findings: string[] = [];
  const leftovers: string[] = [];
  const summary = await verifyStore(store, {
    onFinding: ({ code }) => findings.push(code),
    onLeftover: ({ code }) => leftovers.push(code),
  });
  expect([summary.findings, summary.leftovers]).toEqual([findings.length, leftovers.length]);
  return { findings, leftovers };
}

let store: Store;

beforeEach(async () => {
  store = await openFixture();
  const sound = store.transact('sound', (transaction) => putCommit(transaction, { message: 'sound' }));
  setRef(store, MAIN, sound);
});

describe('what is wrong with an object that no ref and no hold reaches', () => {
  it.each([
    ['element_linked', linkedNull],
    ['link_broken', brokenLink],
    ['exec_contradiction', CONTRADICTIONS['an exec of another function [DML-STO-0925]'] as Fault],
  ])('is a leftover and no finding: %s [DML-STO-0952]', async (code, put) => {
    const sink = new StreamObjects();
    const { finding, commitId } = put(sink);
    const { class: objectClass, objectId } = finding;
    store.transact('fill', (transaction) => sink.putInto(transaction));
    const asLeftover = { findings: [], leftovers: [code] };
    const asFinding = { findings: [code], leftovers: [] };
    expect(await reported()).toEqual(asLeftover);
    hold(store, { class: objectClass, objectId });
    expect(await reported()).toEqual(asFinding);
    store.transact('release', (transaction) => void transaction.deleteHold(objectClass, objectId, 'ada'));
    expect(await reported()).toEqual(asLeftover);
    setRef(store, 'other', commitId);
    expect(await reported()).toEqual(asFinding);
  });

  it.each(['ref', 'commit', 'newer'])(
    'is a finding where it cannot be told: %s [DML-STO-0953]',
    async (harm) => {
      const { commitId } = store.getRef(MAIN)!;
      const sink = new StreamObjects();
      linkedNull(sink);
      store.transact('harm', (transaction) => {
        sink.putInto(transaction);
        if (harm === 'ref') transaction.putRow('refs', Buffer.from('heads/main'), Buffer.from('rotten row'));
        else if (harm === 'commit')
          transaction.putRow('objects', objectKey('commit', commitId)!, Buffer.from('rotten'));
        else {
          const newer = transaction.put('datum', Uint8Array.of(0x84, 1, 2, 12, 0xf6));
          transaction.putHold({ class: 'datum', objectId: newer, owner: 'a', reason: 'r', expiresMs: null });
        }
      });
      const { findings, leftovers } = await reported();
      expect([findings, leftovers]).toEqual([expect.arrayContaining(['element_linked']), []]);
    },
  );
});
