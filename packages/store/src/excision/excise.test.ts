import {
  type ChunkId,
  type CommitId,
  type DatumId,
  type ExecId,
  hashBytes,
  type NodeId,
  writeBlob,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import {
  pagesOf,
  putCommit,
  putExec,
  putLiteral,
  putRecord,
  putText,
  putTextDag,
} from '../../test/records.ts';
import { readKeys, refreshSnapshot } from '../engine/reading.ts';
import { collectSteps } from '../gc/collect.ts';
import { runGc } from '../gc/run.ts';
import { executionKeyOf } from '../objects/links.ts';
import { decodeTombstone } from '../objects/tombstone.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { applyExcision, planExcision } from './excise.ts';
import type { ObjectName } from './plan.ts';

const FACTS = { reason: 'personal-data', message: 'asked to forget', actor: 'ada' };

/** A head over one datum, and the ids on the way to it. */
async function storeOfOne(environment = fakeEnvironment()): Promise<{
  store: Store;
  datumId: DatumId;
  nodeId: NodeId;
  commitId: CommitId;
}> {
  const store = await openFixture(environment);
  let ids = { datumId: '' as DatumId, nodeId: '' as NodeId, commitId: '' as CommitId };
  store.transact('fill', (transaction) => {
    const datumId = putText(transaction, 'the secret');
    const commitId = putCommit(transaction, { dags: { a: putTextDag(transaction, 'the secret') } });
    ids = { datumId, nodeId: putLiteral(transaction, datumId), commitId };
  });
  setRef(store, 'main', ids.commitId);
  return { store, ...ids };
}

describe('applyExcision', () => {
  it('leaves a tombstone with reason, message, actor and time [DML-STO-0801]', async () => {
    const environment = fakeEnvironment();
    const { store, datumId } = await storeOfOne(environment);
    const plan = await planExcision(store, { objects: [{ class: 'datum', objectId: datumId }] });
    environment.nowMsValue = 5_555;
    applyExcision(store, plan, FACTS);
    expect(() => store.get('datum', datumId)).toThrow(
      expect.objectContaining({ code: 'invalid_payload', recordType: 'tombstone', detail: 'excised' }),
    );
    const key = objectKey('datum', datumId)!;
    const row = store.engine.tables.objects.getBinary(key)!;
    expect(decodeTombstone(key, row)).toEqual({ class: 'datum', objectId: datumId, ...FACTS, timeMs: 5_555 });
  });

  it('notes what it took in the table of excisions [DML-STO-0802]', async () => {
    const { store, datumId } = await storeOfOne();
    applyExcision(
      store,
      await planExcision(store, { objects: [{ class: 'datum', objectId: datumId }] }),
      FACTS,
    );
    refreshSnapshot(store.engine);
    expect(readKeys(store.engine, 'excised')).toEqual([objectKey('datum', datumId)]);
  });

  it('takes all objects or, when it cannot, none [DML-STO-0803]', async () => {
    const environment = fakeEnvironment();
    const { store, datumId, nodeId } = await storeOfOne(environment);
    const objects = [
      { class: 'datum', objectId: datumId },
      { class: 'node', objectId: nodeId },
    ] as const;
    const plan = await planExcision(store, { objects });
    let puts = 0;
    environment.failpoint = (name) => {
      if (name !== 'put') return;
      puts += 1;
      if (puts === 3) throw new Error('no');
    };
    expect(() => applyExcision(store, plan, FACTS)).toThrow();
    environment.failpoint = undefined;
    expect(store.has('datum', datumId)).toBe(true);
    expect(store.has('node', nodeId)).toBe(true);
  });

  it('keeps the first tombstone of what is excised again [DML-STO-0808]', async () => {
    const environment = fakeEnvironment();
    const { store, datumId } = await storeOfOne(environment);
    const request = { objects: [{ class: 'datum', objectId: datumId } as const] };
    applyExcision(store, await planExcision(store, request), FACTS);
    const key = objectKey('datum', datumId)!;
    const first = store.engine.tables.objects.getBinary(key);
    environment.nowMsValue += 1;
    const again = await planExcision(store, request);
    expect(again).toMatchObject({ excise: [], excised: request.objects });
    applyExcision(store, again, { ...FACTS, reason: 'other' });
    applyExcision(store, { ...again, excise: request.objects }, { ...FACTS, reason: 'other' });
    expect(store.engine.tables.objects.getBinary(key)).toEqual(first);
  });

  it('drops an excised exec from the cache index [DML-STO-0811]', async () => {
    const { store, nodeId } = await storeOfOne();
    let execId = '' as ExecId;
    let key = '';
    store.transact('exec', (transaction) => {
      execId = putExec(transaction, nodeId, putTextDag(transaction, 'result'));
      key = executionKeyOf(transaction.get('exec', execId)!)!;
      transaction.putCacheEntry(key, execId);
    });
    expect(store.cacheEntries(key)).toEqual([execId]);
    applyExcision(
      store,
      await planExcision(store, { objects: [{ class: 'exec', objectId: execId }] }),
      FACTS,
    );
    expect(store.cacheEntries(key)).toEqual([]);
  });

  it('refuses a commit that a ref names [DML-STO-0812]', async () => {
    const { store, commitId } = await storeOfOne();
    const plan = await planExcision(store, { objects: [{ class: 'commit', objectId: commitId }] });
    expect(plan.refs).toEqual([{ ref: 'refs/heads/main', commitId }]);
    expect(() => applyExcision(store, plan, FACTS)).toThrow(
      expect.objectContaining({ code: 'excision_refused', detail: 'ref_target' }),
    );
    expect(store.has('commit', commitId)).toBe(true);
  });

  it('keeps out what a collection has taken between plan and excision [DML-STO-0815]', async () => {
    const { store, datumId } = await storeOfOne();
    const text = { type: 'datum', kind: 'string', value: 'a secret nobody refers to' } as const;
    let secretId = datumId;
    store.transact('put', (transaction) => {
      secretId = transaction.putRecord(text);
    });
    store.checkpoint();
    const objects = [{ class: 'datum', objectId: secretId }] as const;
    const plan = await planExcision(store, { objects });
    await runGc(store);
    expect(store.get('datum', secretId)).toBeUndefined();
    applyExcision(store, plan, FACTS);
    const excised = expect.objectContaining({ detail: 'excised' });
    expect(() => store.get('datum', secretId)).toThrow(excised);
    expect(() => store.transact('again', (transaction) => void transaction.putRecord(text))).toThrow(excised);
    expect(() => store.get('datum', secretId)).toThrow(excised);
    expect(await verifyStore(store)).toMatchObject({ findings: 0, leftovers: 0 });
  });

  it('refuses a plan that puts have overtaken [DML-STO-0814]', async () => {
    const { store, datumId } = await storeOfOne();
    const plan = await planExcision(store, { objects: [{ class: 'datum', objectId: datumId }] });
    store.transact('put', (transaction) => void putText(transaction, 'more'));
    expect(() => applyExcision(store, plan, FACTS)).toThrow(
      expect.objectContaining({ code: 'excision_refused', detail: 'plan_outdated' }),
    );
    expect(store.has('datum', datumId)).toBe(true);
  });

  it('leaves tombstones to collections, which keep them [DML-STO-0726]', async () => {
    const { store, datumId } = await storeOfOne();
    let loose = '' as DatumId;
    let chunkId = '' as ChunkId;
    store.transact('loose', (transaction) => {
      loose = putText(transaction, 'loose');
      chunkId = transaction.put('chunk', Buffer.from('loose chunk')) as ChunkId;
    });
    const objects = [
      { class: 'datum', objectId: datumId },
      { class: 'datum', objectId: loose },
      { class: 'chunk', objectId: chunkId },
    ] as const;
    applyExcision(store, await planExcision(store, { objects }), FACTS);
    store.checkpoint();
    expect((await runGc(store)).swept.objects).toBe(0);
    for (const { class: objectClass, objectId } of objects)
      expect(() => store.get(objectClass, objectId)).toThrow(expect.objectContaining({ detail: 'excised' }));
  });

  it('leaves tombstones that appear while a collection is under way [DML-STO-0726]', async () => {
    const { store } = await storeOfOne();
    const loose: ObjectName[] = [];
    store.transact('loose', (transaction) => {
      loose.push({ class: 'datum', objectId: putText(transaction, 'loose') });
      loose.push({ class: 'chunk', objectId: transaction.put('chunk', Buffer.from('loose chunk')) });
    });
    store.checkpoint();
    const plan = await planExcision(store, { objects: loose });
    const steps = collectSteps(store);
    const phases = new Set<string>();
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      if (step.value.phase === 'sweep' && !phases.has('sweep')) applyExcision(store, plan, FACTS);
      phases.add(step.value.phase);
    }
    expect(phases).toContain('sweep');
    for (const { class: objectClass, objectId } of loose)
      expect(() => store.get(objectClass, objectId)).toThrow(expect.objectContaining({ detail: 'excised' }));
  });
});

describe('planExcision', () => {
  it('lists the objects, refs and holds that refer to what goes [DML-STO-0805]', async () => {
    const { store, datumId, nodeId, commitId } = await storeOfOne();
    store.transact('hold', (transaction) =>
      transaction.putHold({
        class: 'datum',
        objectId: datumId,
        owner: 'eve',
        reason: 'mine',
        expiresMs: null,
      }),
    );
    const objects = [
      { class: 'datum', objectId: datumId },
      { class: 'commit', objectId: commitId },
    ] as const;
    const plan = await planExcision(store, { objects });
    expect(plan.referrers).toEqual([{ class: 'node', objectId: nodeId, to: objects[0] }]);
    expect(plan.refs).toEqual([{ ref: 'refs/heads/main', commitId }]);
    expect(plan.holds).toMatchObject([{ owner: 'eve', objectId: datumId }]);
  });

  it('writes nothing [DML-STO-0806]', async () => {
    const { store, datumId } = await storeOfOne();
    const before = (store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId;
    const object = { class: 'datum', objectId: datumId } as const;
    const plan = await planExcision(store, { objects: [object], withContent: true });
    expect(plan.excise).toEqual([object]);
    expect((store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId).toBe(before);
    expect(store.has('datum', datumId)).toBe(true);
  });

  it('refuses an object that is not there [DML-STO-0807]', async () => {
    const { store, datumId } = await storeOfOne();
    const missing = planExcision(store, { objects: [{ class: 'node', objectId: datumId as never }] });
    await expect(missing).rejects.toMatchObject({ code: 'object_missing' });
  });

  it('takes pages and chunks along that nothing else links to [DML-STO-0809]', async () => {
    const { store } = await storeOfOne();
    const content = Buffer.alloc(900_000, 'not again ');
    for (let at = 0; at < content.length; at += 100)
      content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
    const blobId = store.transact('blob', (transaction) =>
      putRecord(transaction, writeBlob(content, pagesOf(transaction))),
    );
    const chunks = readKeys(store.engine, 'objects').filter((key) => key[0] === 12);
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
    const { store } = await storeOfOne();
    const mine = Buffer.alloc(20_000, 'only mine');
    const ours = Buffer.from('shared by two');
    const blob = (transaction: WriteTransaction, parts: readonly Buffer[]): DatumId => {
      const whole = Buffer.concat(parts);
      const root = parts.map((part) => {
        transaction.put('chunk', part);
        return [hashBytes<'chunk'>(part), part.length] as const;
      });
      return putRecord(transaction, {
        type: 'datum',
        kind: 'blob',
        sizeBytes: whole.length,
        contentSha256: hashBytes(whole),
        root,
      });
    };
    let first = '' as DatumId;
    store.transact('blobs', (transaction) => {
      first = blob(transaction, [mine, ours]);
      blob(transaction, [ours]);
    });
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
