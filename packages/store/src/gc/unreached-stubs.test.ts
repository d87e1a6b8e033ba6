import {
  type CommitId,
  type DagId,
  type DatumId,
  encodeRecord,
  hashBytes,
  type NodeId,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit, putDag, putLiteral, putTextDag } from '../../test/records.ts';
import { readKeys, refreshSnapshot } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { collectSteps } from './collect.ts';
import { planGc, runGc } from './run.ts';

const DOMAIN = 'did:key:z6Mk';

function datumOf(text: string): { readonly datumId: DatumId; readonly bytes: Uint8Array } {
  const bytes = encodeRecord({ type: 'datum', kind: 'string', value: text });
  return { datumId: hashBytes<'datum'>(bytes), bytes };
}

function putStub(transaction: WriteTransaction, text: string): DatumId {
  const { datumId } = datumOf(text);
  transaction.putStub({ class: 'datum', objectId: datumId, domain: DOMAIN, timeMs: 1 });
  return datumId;
}

/** Puts a dag whose value is withheld. */
function putWithheldDag(transaction: WriteTransaction, text: string): { nodeId: NodeId; dagId: DagId } {
  const nodeId = putLiteral(transaction, putStub(transaction, text));
  return { nodeId, dagId: putDag(transaction, nodeId) };
}

function stubsOf(store: Store): Buffer[] {
  refreshSnapshot(store.engine);
  return readKeys(store.engine, 'stubs');
}

function keyOf(text: string): Buffer {
  return objectKey('datum', datumOf(text).datumId) as Buffer;
}

/** A head over a dag whose value is withheld. */
async function storeWithGap(environment = fakeEnvironment()): Promise<{ store: Store; commitId: CommitId }> {
  const store = await openFixture(environment);
  const commitId = store.transact('fill', (transaction) =>
    putCommit(transaction, { dags: { a: putWithheldDag(transaction, 'withheld').dagId } }),
  );
  setRef(store, 'main', commitId);
  store.checkpoint();
  return { store, commitId };
}

describe('a collection of a store with stubs', () => {
  it('takes a withheld object for no hole [DML-STO-0838]', async () => {
    const { store, commitId } = await storeWithGap();
    expect((await planGc(store)).kept.objects).toBe(4);
    expect(await runGc(store)).toMatchObject({ completed: true, swept: { objects: 0 } });
    expect(stubsOf(store)).toEqual([keyOf('withheld')]);
    // A hold reaches it as well.
    setRef(store, 'main', null);
    const hold = { class: 'commit', objectId: commitId, owner: 'ada', reason: 'r', expiresMs: null } as const;
    store.transact('hold', (transaction) => transaction.putHold(hold));
    store.checkpoint();
    expect(await runGc(store)).toMatchObject({ completed: true, swept: { objects: 0 } });
    store.transact('lose', (transaction) => void transaction.deleteRow('stubs', keyOf('withheld')));
    await expect(runGc(store)).rejects.toMatchObject({ detail: 'closure_incomplete' });
  });

  it('removes every stub that nothing reaches [DML-STO-0839]', async () => {
    const { store } = await storeWithGap();
    store.transact('garbage', (transaction) => {
      putCommit(transaction, { dags: { a: putWithheldDag(transaction, 'withheld').dagId } });
      for (let index = 0; index < 50; index += 1) putWithheldDag(transaction, `garbage ${index}`);
      for (let index = 0; index < 50; index += 1) putStub(transaction, `nothing links to ${index}`);
    });
    store.checkpoint();
    expect(stubsOf(store)).toHaveLength(101);
    // Slices that end in the middle of the table.
    await runGc(store, { sliceObjects: 7 });
    expect(stubsOf(store)).toEqual([keyOf('withheld')]);
  });

  it('keeps the stubs that living sessions put, also while it runs [DML-STO-0840]', async () => {
    const environment = fakeEnvironment(1);
    const { store } = await storeWithGap(environment);
    const writer = await openFixture(fakeEnvironment(2), store.path);
    writer.transact('before', (transaction) => void putStub(transaction, 'before'));
    const steps = collectSteps(store, { sliceObjects: 1 });
    const texts = ['withheld', 'before'];
    environment.failpoint = (name) => {
      if (name !== 'gc/slice' || texts.length > 8) return;
      const text = `beside ${texts.length}`;
      texts.push(text);
      writer.transact('beside', (transaction) => void putStub(transaction, text));
    };
    for (let step = steps.next(); step.done !== true; step = steps.next());
    environment.failpoint = undefined;
    expect(texts.length).toBeGreaterThan(2);
    expect(stubsOf(store)).toEqual(texts.map(keyOf).sort(Buffer.compare));
    environment.deadPids.add(2);
    await runGc(store);
    expect(stubsOf(store)).toEqual([keyOf('withheld')]);
  });

  it('keeps a stub that a commit put during it reaches [DML-STO-0840]', async () => {
    const environment = fakeEnvironment(1);
    const { store } = await storeWithGap(environment);
    const loose = store.transact('loose', (transaction) => putWithheldDag(transaction, 'loose').dagId);
    store.checkpoint();
    const writer = await openFixture(fakeEnvironment(2), store.path);
    let isDone = false;
    environment.failpoint = (name) => {
      if (name !== 'gc/surveyed' || isDone) return;
      isDone = true;
      writer.transact('refer', (transaction) => {
        expect(transaction.retain('dag', loose)).toBe(true);
      });
    };
    await runGc(store);
    expect(isDone).toBe(true);
    expect(stubsOf(store)).toEqual([keyOf('withheld'), keyOf('loose')].sort(Buffer.compare));
    expect(store.has('dag', loose)).toBe(true);
  });

  it('removes a stub only after all that links to the object [DML-STO-0841]', async () => {
    const { store } = await storeWithGap();
    let gone = { nodeId: '' as NodeId, dagId: '' as DagId };
    store.transact('garbage', (transaction) => {
      gone = putWithheldDag(transaction, 'gone');
      putTextDag(transaction, 'other garbage');
    });
    store.checkpoint();
    const steps = collectSteps(store, { sliceObjects: 1 });
    const states: string[] = [];
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const links = store.has('node', gone.nodeId);
      const stub = store.getStub('datum', datumOf('gone').datumId) !== undefined;
      states.push(`${links ? 'node' : '-'} ${stub ? 'stub' : '-'}`);
    }
    expect(states).toContain('- stub');
    expect(states).not.toContain('node -');
    expect(stubsOf(store)).toEqual([keyOf('withheld')]);
  });

  it('visits an object that comes in the place of its stub', async () => {
    const environment = fakeEnvironment(1);
    const { store } = await storeWithGap(environment);
    const writer = await openFixture(fakeEnvironment(2), store.path);
    store.transact('garbage', (transaction) => void putTextDag(transaction, 'garbage'));
    store.checkpoint();
    let isDone = false;
    environment.failpoint = (name) => {
      if (name !== 'gc/surveyed' || isDone) return;
      isDone = true;
      writer.transact('come', (transaction) => {
        transaction.put('datum', datumOf('withheld').bytes);
      });
    };
    await runGc(store);
    expect(isDone).toBe(true);
    expect(store.has('datum', datumOf('withheld').datumId)).toBe(true);
    expect(stubsOf(store)).toEqual([]);
  });
});
