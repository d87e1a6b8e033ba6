import { type CommitId, type DagId, type DatumId, hashBytes, type NodeId } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FakeEnvironment, fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit, putDag, putLiteral, putText, putTextDag, textBytes } from '../../test/records.ts';
import { hold, keysOf } from '../../test/rows.ts';
import { commitTo } from '../../test/streams.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { collectSteps } from './collect.ts';
import { planGc, runGc } from './run.ts';

const DOMAIN = 'did:key:z6Mk';

function datumOf(text: string): DatumId {
  return hashBytes<'datum'>(textBytes(text));
}

function putStub(transaction: WriteTransaction, text: string): DatumId {
  const datumId = datumOf(text);
  transaction.putStub({ class: 'datum', objectId: datumId, domain: DOMAIN, timeMs: 1 });
  return datumId;
}

/** Puts a dag whose value is withheld. */
function putWithheldDag(transaction: WriteTransaction, text: string): { nodeId: NodeId; dagId: DagId } {
  const nodeId = putLiteral(transaction, putStub(transaction, text));
  return { nodeId, dagId: putDag(transaction, nodeId) };
}

function keyOf(text: string): Buffer {
  return objectKey('datum', datumOf(text)) as Buffer;
}

let environment: FakeEnvironment;
let store: Store;
/** The commit of a head over a dag whose value is withheld. */
let commitId: CommitId;

beforeEach(async () => {
  environment = fakeEnvironment(1);
  store = await openFixture(environment);
  const a = store.transact('fill', (transaction) => putWithheldDag(transaction, 'withheld').dagId);
  commitId = commitTo(store, { dags: { a } });
  store.checkpoint();
});

/** Runs a collection and has something done once, after it has marked. */
async function collectWith(act: () => void): Promise<void> {
  let isDone = false;
  environment.failpoint = (name) => {
    if (name !== 'gc/surveyed' || isDone) return;
    isDone = true;
    act();
  };
  await runGc(store);
  expect(isDone).toBe(true);
}

describe('a collection of a store with stubs', () => {
  it('takes a withheld object for no hole [DML-STO-0838]', async () => {
    expect((await planGc(store)).kept.objects).toBe(4);
    expect(await runGc(store)).toMatchObject({ completed: true, swept: { objects: 0 } });
    expect(keysOf(store, 'stubs')).toEqual([keyOf('withheld')]);
    // A hold reaches it as well.
    setRef(store, 'main', null);
    hold(store, { class: 'commit', objectId: commitId });
    store.checkpoint();
    expect(await runGc(store)).toMatchObject({ completed: true, swept: { objects: 0 } });
    store.transact('lose', (transaction) => void transaction.deleteRow('stubs', keyOf('withheld')));
    await expect(runGc(store)).rejects.toMatchObject({ detail: 'closure_incomplete' });
  });

  it('removes every stub that nothing reaches [DML-STO-0839]', async () => {
    store.transact('garbage', (transaction) => {
      putCommit(transaction, { dags: { a: putWithheldDag(transaction, 'withheld').dagId } });
      for (let index = 0; index < 50; index += 1) putWithheldDag(transaction, `garbage ${index}`);
      for (let index = 0; index < 50; index += 1) putStub(transaction, `nothing links to ${index}`);
    });
    store.checkpoint();
    expect(keysOf(store, 'stubs')).toHaveLength(101);
    // Slices that end in the middle of the table.
    await runGc(store, { sliceObjects: 7 });
    expect(keysOf(store, 'stubs')).toEqual([keyOf('withheld')]);
  });

  it('keeps the stubs that living sessions put, also while it runs [DML-STO-0840]', async () => {
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
    expect(keysOf(store, 'stubs')).toEqual(texts.map(keyOf).sort(Buffer.compare));
    environment.deadPids.add(2);
    await runGc(store);
    expect(keysOf(store, 'stubs')).toEqual([keyOf('withheld')]);
  });

  it('keeps a stub that a commit put during it reaches [DML-STO-0840]', async () => {
    const loose = store.transact('loose', (transaction) => putWithheldDag(transaction, 'loose').dagId);
    store.checkpoint();
    const writer = await openFixture(fakeEnvironment(2), store.path);
    await collectWith(() =>
      writer.transact('refer', (transaction) => expect(transaction.retain('dag', loose)).toBe(true)),
    );
    expect(keysOf(store, 'stubs')).toEqual([keyOf('withheld'), keyOf('loose')].sort(Buffer.compare));
    expect(store.has('dag', loose)).toBe(true);
  });

  it('removes a stub only after all that links to the object [DML-STO-0841]', async () => {
    const { nodeId } = store.transact('garbage', (transaction) => putWithheldDag(transaction, 'gone'));
    store.transact('garbage', (transaction) => void putTextDag(transaction, 'other garbage'));
    store.checkpoint();
    const steps = collectSteps(store, { sliceObjects: 1 });
    const states: string[] = [];
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const links = store.has('node', nodeId);
      const stub = store.getStub('datum', datumOf('gone')) !== undefined;
      states.push(`${links ? 'node' : '-'} ${stub ? 'stub' : '-'}`);
    }
    expect(states).toContain('- stub');
    expect(states).not.toContain('node -');
    expect(keysOf(store, 'stubs')).toEqual([keyOf('withheld')]);
  });

  it('visits an object that comes in the place of its stub', async () => {
    const writer = await openFixture(fakeEnvironment(2), store.path);
    store.transact('garbage', (transaction) => void putTextDag(transaction, 'garbage'));
    store.checkpoint();
    await collectWith(() => writer.transact('come', (transaction) => void putText(transaction, 'withheld')));
    expect(store.has('datum', datumOf('withheld'))).toBe(true);
    expect(keysOf(store, 'stubs')).toEqual([]);
  });
});
