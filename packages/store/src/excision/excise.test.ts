import { type CommitId, type DatumId, hashBytes, type NodeId, writeBlob } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISED, EXCISION_FACTS, excise } from '../../test/excise.ts';
import { type FakeEnvironment, fakeEnvironment, openFixture } from '../../test/fixture-store.ts';
import {
  contentOf,
  pagesOf,
  putBlobOf,
  putExec,
  putLiteral,
  putRecord,
  putText,
  putTextDag,
  textBytes,
} from '../../test/records.ts';
import { hold, keysOf } from '../../test/rows.ts';
import { commitTo } from '../../test/streams.ts';
import { collectSteps } from '../gc/collect.ts';
import { runGc } from '../gc/run.ts';
import { executionKeyOf } from '../objects/links.ts';
import { decodeTombstone } from '../objects/tombstone.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { applyExcision, planExcision } from './excise.ts';
import type { ObjectName } from './plan.ts';

let environment: FakeEnvironment;
let store: Store;
/** The ids of a head over one datum. */
let datumId: DatumId;
let nodeId: NodeId;
let commitId: CommitId;

beforeEach(async () => {
  environment = fakeEnvironment();
  store = await openFixture(environment);
  commitId = commitTo(store, { text: 'the secret' });
  datumId = hashBytes<'datum'>(textBytes('the secret'));
  nodeId = store.transact('find', (transaction) => putLiteral(transaction, datumId));
});

/** Names the datum of the head, and others. */
const named = (...others: ObjectName[]): ObjectName[] => [{ class: 'datum', objectId: datumId }, ...others];

describe('applyExcision', () => {
  it('leaves a tombstone with reason, message, actor and time [DML-STO-0801]', async () => {
    const plan = await planExcision(store, { objects: named() });
    environment.nowMsValue = 5_555;
    applyExcision(store, plan, EXCISION_FACTS);
    expect(() => store.get('datum', datumId)).toThrow(
      expect.objectContaining({ code: 'invalid_payload', recordType: 'tombstone', detail: 'excised' }),
    );
    const key = objectKey('datum', datumId)!;
    const row = store.engine.tables.objects.getBinary(key)!;
    expect(decodeTombstone(key, row)).toEqual({
      class: 'datum',
      objectId: datumId,
      ...EXCISION_FACTS,
      timeMs: 5_555,
    });
  });

  it('notes what it took in the table of excisions [DML-STO-0802]', async () => {
    await excise(store, ...named());
    expect(keysOf(store, 'excised')).toEqual([objectKey('datum', datumId)]);
  });

  it('takes all objects or, when it cannot, none [DML-STO-0803]', async () => {
    const plan = await planExcision(store, { objects: named({ class: 'node', objectId: nodeId }) });
    let puts = 0;
    environment.failpoint = (name) => {
      if (name !== 'put') return;
      puts += 1;
      if (puts === 3) throw new Error('no');
    };
    expect(() => applyExcision(store, plan, EXCISION_FACTS)).toThrow();
    environment.failpoint = undefined;
    expect(store.has('datum', datumId)).toBe(true);
    expect(store.has('node', nodeId)).toBe(true);
  });

  it('keeps the first tombstone of what is excised again [DML-STO-0808]', async () => {
    const request = { objects: named() };
    await excise(store, ...named());
    const key = objectKey('datum', datumId)!;
    const first = store.engine.tables.objects.getBinary(key);
    environment.nowMsValue += 1;
    const again = await planExcision(store, request);
    expect(again).toMatchObject({ excise: [], excised: request.objects });
    applyExcision(store, again, { ...EXCISION_FACTS, reason: 'other' });
    applyExcision(store, { ...again, excise: request.objects }, { ...EXCISION_FACTS, reason: 'other' });
    expect(store.engine.tables.objects.getBinary(key)).toEqual(first);
  });

  it('drops an excised exec from the cache index [DML-STO-0811]', async () => {
    const execId = store.transact('exec', (transaction) =>
      putExec(transaction, nodeId, putTextDag(transaction, 'result')),
    );
    const key = executionKeyOf(store.get('exec', execId)!)!;
    store.transact('index', (transaction) => transaction.putCacheEntry(key, execId));
    expect(store.cacheEntries(key)).toEqual([execId]);
    await excise(store, { class: 'exec', objectId: execId });
    expect(store.cacheEntries(key)).toEqual([]);
  });

  it('refuses a commit that a ref names [DML-STO-0812]', async () => {
    const plan = await planExcision(store, { objects: [{ class: 'commit', objectId: commitId }] });
    expect(plan.refs).toEqual([{ ref: 'refs/heads/main', commitId }]);
    expect(() => applyExcision(store, plan, EXCISION_FACTS)).toThrow(
      expect.objectContaining({ code: 'excision_refused', detail: 'ref_target' }),
    );
    expect(store.has('commit', commitId)).toBe(true);
  });

  it('keeps out what a collection has taken between plan and excision [DML-STO-0815]', async () => {
    const put = (): DatumId => store.transact('put', (transaction) => putText(transaction, 'a loose secret'));
    const secretId = put();
    store.checkpoint();
    const plan = await planExcision(store, { objects: [{ class: 'datum', objectId: secretId }] });
    await runGc(store);
    expect(store.get('datum', secretId)).toBeUndefined();
    applyExcision(store, plan, EXCISION_FACTS);
    expect(() => store.get('datum', secretId)).toThrow(EXCISED);
    expect(put).toThrow(EXCISED);
    expect(() => store.get('datum', secretId)).toThrow(EXCISED);
    expect(await verifyStore(store)).toMatchObject({ findings: 0, leftovers: 0 });
  });

  it('refuses a plan that puts have overtaken [DML-STO-0814]', async () => {
    const plan = await planExcision(store, { objects: named() });
    store.transact('put', (transaction) => void putText(transaction, 'more'));
    expect(() => applyExcision(store, plan, EXCISION_FACTS)).toThrow(
      expect.objectContaining({ code: 'excision_refused', detail: 'plan_outdated' }),
    );
    expect(store.has('datum', datumId)).toBe(true);
  });

  it('leaves tombstones to collections, which keep them [DML-STO-0726]', async () => {
    const objects = named(...putLoose());
    await excise(store, ...objects);
    store.checkpoint();
    expect((await runGc(store)).swept.objects).toBe(0);
    expectExcised(objects);
  });

  it('leaves tombstones that appear while a collection is under way [DML-STO-0726]', async () => {
    const loose = putLoose();
    store.checkpoint();
    const plan = await planExcision(store, { objects: loose });
    const steps = collectSteps(store);
    const phases = new Set<string>();
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      if (step.value.phase === 'sweep' && !phases.has('sweep')) applyExcision(store, plan, EXCISION_FACTS);
      phases.add(step.value.phase);
    }
    expect(phases).toContain('sweep');
    expectExcised(loose);
  });
});

/** Puts a datum and a chunk that nothing refers to. */
function putLoose(): ObjectName[] {
  return store.transact('loose', (transaction) => [
    { class: 'datum', objectId: putText(transaction, 'loose') },
    { class: 'chunk', objectId: transaction.put('chunk', Buffer.from('loose chunk')) },
  ]);
}

function expectExcised(names: readonly ObjectName[]): void {
  for (const name of names) expect(() => store.get(name.class, name.objectId)).toThrow(EXCISED);
}

describe('planExcision', () => {
  it('lists the objects, refs and holds that refer to what goes [DML-STO-0805]', async () => {
    const objects = named({ class: 'commit', objectId: commitId });
    hold(store, objects[0]!, 'eve');
    const plan = await planExcision(store, { objects });
    expect(plan.referrers).toEqual([{ class: 'node', objectId: nodeId, to: objects[0] }]);
    expect(plan.refs).toEqual([{ ref: 'refs/heads/main', commitId }]);
    expect(plan.holds).toMatchObject([{ owner: 'eve', objectId: datumId }]);
  });

  it('writes nothing [DML-STO-0806]', async () => {
    const before = (store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId;
    const plan = await planExcision(store, { objects: named(), withContent: true });
    expect(plan.excise).toEqual(named());
    expect((store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId).toBe(before);
    expect(store.has('datum', datumId)).toBe(true);
  });

  it('refuses an object that is not there [DML-STO-0807]', async () => {
    const missing = planExcision(store, { objects: [{ class: 'node', objectId: datumId as never }] });
    await expect(missing).rejects.toMatchObject({ code: 'object_missing' });
  });

  it('takes pages and chunks along that nothing else links to [DML-STO-0809]', async () => {
    const blobId = store.transact('blob', (transaction) =>
      putRecord(transaction, writeBlob(contentOf(900_000), pagesOf(transaction))),
    );
    const chunks = keysOf(store, 'objects').filter((key) => key[0] === 12);
    expect(chunks.length).toBeGreaterThan(2);
    const object = { class: 'datum', objectId: blobId } as const;
    expect((await planExcision(store, { objects: [object] })).excise).toEqual([object]);
    const plan = await planExcision(store, { objects: [object], withContent: true });
    expect(plan.excise.filter(({ class: objectClass }) => objectClass === 'chunk')).toHaveLength(
      chunks.length,
    );
    expect(plan.exciseBytes).toBeGreaterThan(900_000);
    expect(plan.shared).toEqual([]);
  });

  it('keeps and lists pages and chunks that something else needs [DML-STO-0810]', async () => {
    const mine = Buffer.alloc(20_000, 'only mine');
    const ours = Buffer.from('shared by two');
    const [first] = store.transact('blobs', (transaction) =>
      [[mine, ours], [ours]].map((chunks) => putBlobOf(transaction, chunks)),
    ) as [DatumId, DatumId];
    const plan = await planExcision(store, {
      objects: [{ class: 'datum', objectId: first }],
      withContent: true,
    });
    expect(plan.excise).toEqual([
      { class: 'datum', objectId: first },
      { class: 'chunk', objectId: hashBytes(mine) },
    ]);
    expect(plan.shared).toEqual([{ class: 'chunk', objectId: hashBytes(ours) }]);
  });
});
