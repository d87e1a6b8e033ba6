import {
  buildTree,
  type CommitId,
  type DagId,
  type DatumId,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  type PageId,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { putFunction, putRequestOf } from '../../test/calls.ts';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { danglingObjects } from '../../test/gc/closure.ts';
import {
  pagesOf,
  putCall,
  putCommit,
  putDag,
  putExec,
  putLiteral,
  putText,
  putTextDag,
} from '../../test/records.ts';
import { readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { executionKeyOf } from '../objects/links.ts';
import type { Store } from '../store.ts';
import { CLASS_BYTES, objectKey, parseObjectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { collectSteps } from './collect.ts';
import { claimGc } from './gc-state.ts';
import { explainKept, planGc, runGc } from './run.ts';

function objectsOf(store: Store): Set<string> {
  refreshSnapshot(store.engine);
  return new Set(
    readKeys(store.engine, 'objects').map((key) => {
      const object = parseObjectKey(key);
      return `${object?.class}/${object?.id}`;
    }),
  );
}

function has(store: Store, objectClass: ObjectClass, id: ObjectId): boolean {
  return store.has(objectClass, id);
}

/** A head with one dag, next to an unreachable commit with a dag of its own; the session has let go of both. */
async function storeWithGarbage(environment = fakeEnvironment()): Promise<{
  store: Store;
  kept: CommitId;
  garbage: CommitId;
  garbageDag: DagId;
}> {
  const store = await openFixture(environment);
  let kept = '' as CommitId;
  let garbage = '' as CommitId;
  let garbageDag = '' as DagId;
  store.transact('fill', (transaction) => {
    kept = putCommit(transaction, { dags: { a: putTextDag(transaction, 'kept') } });
    garbageDag = putTextDag(transaction, 'garbage');
    garbage = putCommit(transaction, { dags: { a: garbageDag } });
  });
  setRef(store, 'main', kept);
  store.checkpoint();
  return { store, kept, garbage, garbageDag };
}

describe('runGc', () => {
  it('deletes exactly what no root reaches [DML-STO-0723]', async () => {
    const { store, kept } = await storeWithGarbage();
    const before = objectsOf(store);
    const report = await runGc(store);
    expect(report.completed).toBe(true);
    expect(report.swept.objects).toBe(5);
    const after = objectsOf(store);
    expect(before.size - after.size).toBe(5);
    expect(has(store, 'commit', kept)).toBe(true);
    expect((await planGc(store)).garbage.objects).toBe(0);
    expect((await planGc(store)).kept.objects).toBe(after.size);
  });

  it('keeps what heads, index refs, tracking refs, exec refs and holds reach [DML-STO-0701]', async () => {
    const store = await openFixture();
    const refs = [
      'refs/heads/main',
      'refs/index/00000000-0000-4000-8000-000000000001',
      'refs/remotes/origin/main',
      'refs/exec/00000000-0000-4000-8000-000000000002',
    ];
    const commits: CommitId[] = [];
    let pinned = '' as DatumId;
    store.transact('fill', (transaction) => {
      for (const ref of refs)
        commits.push(putCommit(transaction, { dags: { a: putTextDag(transaction, ref) } }));
      pinned = putText(transaction, 'pinned');
      transaction.putHold({
        class: 'datum',
        objectId: pinned,
        owner: 'ada',
        reason: 'demo',
        expiresMs: null,
      });
      putText(transaction, 'loose');
    });
    for (const [index, ref] of refs.entries()) setRef(store, ref, commits[index]!);
    store.checkpoint();
    const report = await runGc(store);
    expect(report.swept.byClass).toEqual({ datum: { objects: 1, bytes: expect.any(Number) } });
    expect(report.plan.roots).toEqual({ refs: 4, holds: 1, expiredHolds: 0, sessionWrites: 0 });
    expect(has(store, 'datum', pinned)).toBe(true);
    for (const commitId of commits) expect(has(store, 'commit', commitId)).toBe(true);
  });

  it('lets a hold count until its expiry and no longer [DML-STO-0702]', async () => {
    const environment = fakeEnvironment();
    const { store, garbage } = await storeWithGarbage(environment);
    store.transact('hold', (transaction) => {
      const expiresMs = environment.nowMsValue + 1_000;
      transaction.putHold({ class: 'commit', objectId: garbage, owner: 'ada', reason: 'look', expiresMs });
    });
    store.checkpoint();
    expect((await runGc(store)).swept.objects).toBe(0);
    environment.nowMsValue += 1_000;
    expect((await runGc(store)).swept.objects).toBe(5);
    expect(has(store, 'commit', garbage)).toBe(false);
  });

  it('keeps recent objects of living sessions only [DML-STO-0703]', async () => {
    const environment = fakeEnvironment(1);
    const { store } = await storeWithGarbage(environment);
    await runGc(store);
    const other = fakeEnvironment(2);
    const writer = await openFixture(other, store.path);
    const draft = writer.transact('draft', (transaction) =>
      putCommit(transaction, { dags: { a: putTextDag(transaction, 'draft') } }),
    );
    expect((await runGc(store)).swept.objects).toBe(0);
    environment.deadPids.add(2);
    expect((await runGc(store)).swept.objects).toBe(5);
    expect(has(store, 'commit', draft)).toBe(false);
  });

  it('treats what a checkpoint gave up as unreferenced [DML-STO-0703]', async () => {
    const { store } = await storeWithGarbage();
    store.transact('draft', (transaction) => void putText(transaction, 'draft'));
    expect((await planGc(store)).garbage.objects).toBe(5);
    store.checkpoint();
    expect((await planGc(store)).garbage.objects).toBe(6);
  });

  it('refuses a store without refs and holds [DML-STO-0710]', async () => {
    const store = await openFixture();
    store.transact('fill', (transaction) => void putTextDag(transaction, 'x'));
    store.checkpoint();
    const before = objectsOf(store);
    await expect(runGc(store)).rejects.toMatchObject({ code: 'gc_refused', detail: 'no_roots' });
    await expect(planGc(store)).rejects.toMatchObject({ code: 'gc_refused', detail: 'no_roots' });
    expect(objectsOf(store)).toEqual(before);
  });

  it('refuses when the commit of a ref is absent [DML-STO-0711]', async () => {
    const { store, kept } = await storeWithGarbage();
    store.transact(
      'harm',
      (transaction) => void transaction.deleteRow('objects', objectKey('commit', kept)!),
    );
    const before = objectsOf(store);
    await expect(runGc(store)).rejects.toMatchObject({ code: 'gc_refused', detail: 'root_unreadable' });
    expect(objectsOf(store)).toEqual(before);
  });

  it('refuses when an object that a ref reaches is absent [DML-STO-0712]', async () => {
    const { store } = await storeWithGarbage();
    const datumId = store.transact('find', (transaction) => putText(transaction, 'kept'));
    store.checkpoint();
    store.transact(
      'harm',
      (transaction) => void transaction.deleteRow('objects', objectKey('datum', datumId)!),
    );
    const before = objectsOf(store);
    await expect(runGc(store)).rejects.toMatchObject({
      code: 'gc_refused',
      detail: 'closure_incomplete',
      fields: { class: 'datum', objectId: datumId },
    });
    expect(objectsOf(store)).toEqual(before);
  });

  it.each(['a ref', 'a hold', 'a session'])(
    'refuses a damaged record of any class that %s reaches [DML-STO-0713]',
    async (root) => {
      const store = await openFixture();
      setRef(
        store,
        'main',
        store.transact('main', (transaction) => putCommit(transaction, {})),
      );
      store.checkpoint();
      const before = objectsOf(store);
      const commitId = store.transact('fill', (transaction) => {
        const nodeId = putLiteral(transaction, putText(transaction, 'called'));
        const execId = putExec(transaction, nodeId, putTextDag(transaction, 'result'));
        const functionDatumId = putFunction(transaction, 'x:f');
        const requests = Array.from({ length: 400 }, (_, index) => {
          const callId = putLiteral(transaction, putText(transaction, `${index}`));
          const request = { nodeId: callId, functionDatumId, inputs: [] };
          return [callId, putRequestOf(transaction, request)] as const;
        });
        const pages = pagesOf(transaction);
        requests.sort(([left], [right]) => (left < right ? -1 : 1));
        return putCommit(transaction, {
          dags: { a: putTextDag(transaction, 'kept') },
          pins: { [nodeId]: execId },
          requests: buildTree('requests', requests, pages) as PageId,
        });
      });
      if (root === 'a ref') setRef(store, 'other', commitId);
      if (root === 'a hold')
        store.transact('hold', (transaction) =>
          transaction.putHold({
            class: 'commit',
            objectId: commitId,
            owner: 'ada',
            reason: '',
            expiresMs: null,
          }),
        );
      if (root !== 'a session') store.checkpoint();
      // A record like any other, so nothing but its hash shows that it is not the one.
      const other = encodeRecord({ type: 'datum', kind: 'string', value: 'other' });
      const harmed = new Set<string>();
      for (const key of readKeys(store.engine, 'objects')) {
        const object = parseObjectKey(key)!;
        if (before.has(`${object.class}/${object.id}`) || harmed.has(object.class)) continue;
        harmed.add(object.class);
        const bytes = readRow(store.engine, 'objects', key)!;
        store.transact('harm', (transaction) => transaction.putRow('objects', key, other));
        await expect(runGc(store), object.class).rejects.toMatchObject({
          code: 'gc_refused',
          detail: 'object_damaged',
          fields: expect.objectContaining({ class: object.class, objectId: object.id }),
        });
        store.transact('heal', (transaction) => transaction.putRow('objects', key, bytes));
      }
      expect([...harmed].sort()).toEqual(
        ['commit', 'dag', 'datum', 'exec', 'exec-request', 'node', 'page', 'tree'].sort(),
      );
      await runGc(store);
    },
  );

  it('deletes damaged objects that nothing reaches', async () => {
    const { store, garbageDag } = await storeWithGarbage();
    store.transact('harm', (transaction) =>
      transaction.putRow('objects', objectKey('dag', garbageDag)!, Buffer.from('rotten')),
    );
    expect((await runGc(store)).swept.objects).toBe(5);
    expect(has(store, 'dag', garbageDag)).toBe(false);
  });

  it('deletes an object only after all that link to it [DML-STO-0724]', async () => {
    const { store } = await storeWithGarbage();
    const seen: string[] = [];
    let before = objectsOf(store);
    const steps = collectSteps(store, { sliceObjects: 1 });
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const after = objectsOf(store);
      for (const object of before) if (!after.has(object)) seen.push(object.split('/')[0]!);
      before = after;
    }
    expect(seen).toEqual(['commit', 'tree', 'dag', 'node', 'datum']);
  });

  it('deletes values last and all in the order of their keys', async () => {
    const { store } = await storeWithGarbage();
    store.transact('more garbage', (transaction) => {
      for (const text of ['a', 'b', 'c']) {
        const literal = putLiteral(transaction, putText(transaction, text));
        putDag(transaction, putCall(transaction, 'https://example.org/f', [literal]));
      }
    });
    store.checkpoint();
    const seen: string[] = [];
    let before = objectsOf(store);
    const steps = collectSteps(store, { sliceObjects: 1 });
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const after = objectsOf(store);
      for (const object of before) if (!after.has(object)) seen.push(object);
      before = after;
    }
    const values = seen.filter((object) => object.startsWith('datum/'));
    expect(values).toHaveLength(5);
    expect(seen.slice(-5)).toEqual(values);
    expect(values).toEqual([...values].sort());
  });

  it('leaves no object without what it links to after any step, where objects share links [DML-STO-0724]', async () => {
    const { store } = await storeWithGarbage();
    store.transact('shared garbage', (transaction) => {
      const shared = putLiteral(transaction, putText(transaction, 'shared'));
      const deep = putCall(transaction, 'https://example.org/f', [shared]);
      const dags = {
        one: putDag(transaction, putCall(transaction, 'https://example.org/g', [deep, shared])),
        two: putDag(transaction, deep, { name: shared }),
      };
      const first = putCommit(transaction, { dags });
      putCommit(transaction, { dags: { two: dags.two }, parents: [first] });
    });
    store.checkpoint();
    const steps = collectSteps(store, { sliceObjects: 1 });
    let swept = 0;
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      expect(danglingObjects(store)).toEqual([]);
      swept += 1;
    }
    expect(swept).toBeGreaterThan(17);
    expect((await planGc(store)).garbage.objects).toBe(0);
  });

  it('keeps what an object needs that was put after the walk had passed it [DML-STO-0722]', async () => {
    const { store, garbageDag } = await storeWithGarbage(fakeEnvironment(1));
    const writer = await openFixture(fakeEnvironment(2), store.path);
    const later = new Map<ObjectClass, Uint8Array>();
    const sink = { put: (objectClass: ObjectClass, bytes: Uint8Array) => void later.set(objectClass, bytes) };
    putCommit(sink, { dags: { late: garbageDag } });
    const putLater = (objectClass: ObjectClass) =>
      writer.transact('late', (transaction) => void transaction.put(objectClass, later.get(objectClass)!));
    putLater('commit');
    const steps = collectSteps(store, { sliceObjects: 1 });
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      if (step.value.phase === 'count' && !has(store, 'tree', hashBytes(later.get('tree')!)))
        putLater('tree');
    }
    expect(has(store, 'dag', garbageDag)).toBe(true);
    expect(danglingObjects(store)).toEqual([]);
  });

  it('drops the cache entry in the transaction that deletes its exec [DML-STO-0727]', async () => {
    const { store } = await storeWithGarbage();
    const execs = store.transact('execs', (transaction) =>
      ['one', 'two', 'kept'].map((text) => {
        const nodeId = putLiteral(transaction, putText(transaction, text));
        const execId = putExec(transaction, nodeId, putTextDag(transaction, `result of ${text}`));
        const key = executionKeyOf(transaction.get('exec', execId)!)!;
        transaction.putCacheEntry(key, execId);
        return { execId, key };
      }),
    );
    const kept = execs[2]!;
    store.transact('hold', (transaction) =>
      transaction.putHold({
        class: 'exec',
        objectId: kept.execId,
        owner: 'ada',
        reason: '',
        expiresMs: null,
      }),
    );
    store.checkpoint();
    const reader = await openFixture(fakeEnvironment(2), store.path);
    const seen = new Set<string>();
    const steps = collectSteps(store, { sliceObjects: 1 });
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const present = execs.map(({ execId }) => reader.has('exec', execId));
      expect(execs.map(({ execId, key }) => reader.cacheEntries(key).includes(execId))).toEqual(present);
      seen.add(present.join());
    }
    // The two go one after the other, so each is seen with and without its entry.
    expect(seen.size).toBe(3);
    expect(reader.cacheEntries(kept.key)).toEqual([kept.execId]);
  });

  it('removes expired holds and rows that no living session holds [DML-STO-0728]', async () => {
    const environment = fakeEnvironment(1);
    const { store, kept } = await storeWithGarbage(environment);
    const writer = await openFixture(fakeEnvironment(2), store.path);
    writer.transact('draft', (transaction) => {
      putText(transaction, 'draft');
      transaction.putHold({ class: 'commit', objectId: kept, owner: 'old', reason: '', expiresMs: 1 });
      transaction.putHold({ class: 'commit', objectId: kept, owner: 'new', reason: '', expiresMs: null });
    });
    store.transact('mine', (transaction) => void putText(transaction, 'mine'));
    environment.deadPids.add(2);
    await runGc(store);
    refreshSnapshot(store.engine);
    expect(readKeys(store.engine, 'recents')).toHaveLength(1);
    expect(store.readHolds().map((hold) => hold.owner)).toEqual(['new']);
  });

  it('lets other writers in between any two of its steps [DML-STO-0720]', async () => {
    const { store } = await storeWithGarbage(fakeEnvironment(1));
    const writer = await openFixture(fakeEnvironment(2), store.path);
    let written = 0;
    const steps = collectSteps(store, { stepObjects: 2, sliceObjects: 1 });
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const commitId = writer.transact('between', (transaction) =>
        putCommit(transaction, { dags: { a: putTextDag(transaction, `between ${written}`) } }),
      );
      setRef(writer, 'between', commitId);
      written += 1;
      expect(has(store, 'commit', commitId)).toBe(true);
    }
    expect(written).toBeGreaterThan(15);
    expect(await verifyStore(store)).toMatchObject({ findings: 0, leftovers: 0 });
  });

  it('takes in what came into use right before a slice began, and keeps it [DML-STO-0721] [DML-STO-0722]', async () => {
    const uses: Readonly<Record<string, (writer: Store, garbage: CommitId) => void>> = {
      'a ref update': (writer, garbage) => setRef(writer, 'revived', garbage),
      'a retain': (writer, garbage) =>
        writer.transact('retain', (transaction) => void transaction.retain('commit', garbage)),
      'a put': (writer) =>
        writer.transact('put', (transaction) => {
          putCommit(transaction, { dags: { a: putTextDag(transaction, 'garbage') } });
        }),
    };
    for (const [name, use] of Object.entries(uses)) {
      const { store, garbage } = await storeWithGarbage(fakeEnvironment(1));
      const writer = await openFixture(fakeEnvironment(2), store.path);
      const before = objectsOf(store);
      let used = false;
      const host = {
        engine: store.engine,
        environment: store.environment,
        transact: <Result>(label: string, body: (transaction: WriteTransaction) => Result): Result => {
          if (label === 'gc/sweep' && !used) {
            used = true;
            use(writer, garbage);
          }
          return store.transact(label, body);
        },
      };
      expect((await runGc(host)).swept.objects, name).toBe(0);
      expect(objectsOf(store), name).toEqual(before);
    }
  });

  it('leaves rows of recent objects in place while it lives, whatever sessions do [DML-STO-0729]', async () => {
    const { store } = await storeWithGarbage(fakeEnvironment(1));
    const writer = await openFixture(fakeEnvironment(2), store.path);
    const rows = (): number => {
      refreshSnapshot(store.engine);
      return readKeys(store.engine, 'recents').length;
    };
    const steps = collectSteps(store);
    steps.next();
    writer.transact('draft', (transaction) => void putText(transaction, 'draft'));
    writer.checkpoint();
    expect(rows()).toBe(1);
    await writer.close();
    expect(rows()).toBe(1);
    const later = await openFixture(fakeEnvironment(3), store.path);
    later.transact('more', (transaction) => void putText(transaction, 'more'));
    expect(rows()).toBe(2);
    for (let step = steps.next(); step.done !== true; ) step = steps.next();
    expect(rows()).toBe(1);
    later.checkpoint();
    expect(rows()).toBe(0);
  });

  it('refuses to run during a collection that lives [DML-STO-0731]', async () => {
    const { store } = await storeWithGarbage(fakeEnvironment(1));
    const other = await openFixture(fakeEnvironment(2), store.path);
    const running = collectSteps(other);
    running.next();
    await expect(runGc(store)).rejects.toMatchObject({ code: 'gc_refused', detail: 'already_running' });
    running.return(undefined as never);
    expect((await runGc(store)).completed).toBe(true);
  });

  it('takes over from a collection whose process died [DML-STO-0732]', async () => {
    const environment = fakeEnvironment(1);
    const { store } = await storeWithGarbage(environment);
    const other = await openFixture(fakeEnvironment(2), store.path);
    other.transact('claim', (transaction) => void claimGc(transaction, 'died'));
    environment.deadPids.add(2);
    expect((await runGc(store)).swept.objects).toBe(5);
  });

  it.each(['sweep', 'prune'] as const)(
    'stops before it deletes in a %s when another collection took its claim over [DML-STO-0540]',
    async (phase) => {
      const { store } = await storeWithGarbage(fakeEnvironment(1));
      const environment = fakeEnvironment(2);
      const other = await openFixture(environment, store.path);
      other.transact('register', () => {});
      const steps = collectSteps(store, { sliceObjects: 1 });
      for (let step = steps.next(); step.done !== true; step = steps.next())
        if (step.value.phase === phase) break;
      environment.deadPids.add(1);
      other.transact('steal', (transaction) => void claimGc(transaction, 'other'));
      const before = [
        objectsOf(store),
        readKeys(store.engine, 'recents'),
        readKeys(store.engine, 'sessions'),
      ];
      expect(() => steps.next()).toThrow(
        expect.objectContaining({ code: 'gc_refused', detail: 'claim_lost' }),
      );
      refreshSnapshot(store.engine);
      expect([
        objectsOf(store),
        readKeys(store.engine, 'recents'),
        readKeys(store.engine, 'sessions'),
      ]).toEqual(before);
      expect(JSON.parse(String(store.getMeta('gc')))).toMatchObject({ runId: 'other' });
    },
  );

  it('tells how it ended though it cannot give up its claim [DML-STO-0187]', async () => {
    const { store } = await storeWithGarbage();
    const environment = store.environment as ReturnType<typeof fakeEnvironment>;
    const controller = new AbortController();
    environment.failpoint = (name) => {
      if (name !== 'gc/release/begin') return;
      throw Object.assign(new Error('the claim cannot be given up'), { code: 'EIO', syscall: 'read' });
    };
    const ended = runGc(store, {
      onProgress: () => controller.abort(new Error('enough')),
      signal: controller.signal,
    });
    await expect(ended).rejects.toThrow('enough');
    environment.failpoint = undefined;
    expect(JSON.parse(String(store.getMeta('gc')))).toMatchObject({ phase: 'marking' });
    // What is left of it hinders nobody.
    expect((await runGc(store)).swept.objects).toBe(5);
  });

  it('gives up its claim when it is stopped between two steps [DML-STO-0733]', async () => {
    const { store } = await storeWithGarbage();
    const controller = new AbortController();
    const stopped = runGc(store, {
      stepObjects: 1,
      onProgress: () => controller.abort(),
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow();
    expect(store.getMeta('gc')).toBe('');
    expect((await runGc(store)).swept.objects).toBe(5);
  });

  it('deletes nothing when the plan is declined', async () => {
    const { store } = await storeWithGarbage();
    const before = objectsOf(store);
    const report = await runGc(store, { confirm: (plan) => plan.garbage.objects === 0 });
    expect(report).toMatchObject({ completed: false, swept: { objects: 0 } });
    expect(objectsOf(store)).toEqual(before);
  });
});

describe('planGc', () => {
  it('writes nothing [DML-STO-0715]', async () => {
    const { store } = await storeWithGarbage();
    const transaction = (store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId;
    const plan = await planGc(store);
    expect(plan.garbage.objects).toBe(5);
    expect((store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId).toBe(transaction);
  });

  it('counts objects and bytes by class [DML-STO-0716]', async () => {
    const { store } = await storeWithGarbage();
    const plan = await planGc(store);
    const classes = ['datum', 'node', 'dag', 'tree', 'commit'] as const;
    expect(Object.keys(plan.garbage.byClass).sort()).toEqual([...classes].sort());
    refreshSnapshot(store.engine);
    for (const objectClass of classes) {
      const keys = readKeys(store.engine, 'objects').filter((key) => key[0] === CLASS_BYTES[objectClass]);
      const bytes = keys.reduce(
        (sum, key) => sum + store.read(objectClass, parseObjectKey(key)!.id).length,
        0,
      );
      const kept = plan.kept.byClass[objectClass]!;
      const garbage = plan.garbage.byClass[objectClass]!;
      expect(kept.objects + garbage.objects).toBe(keys.length);
      expect(kept.bytes + garbage.bytes).toBe(bytes);
    }
  });
});

describe('explainKept', () => {
  it('yields a path of links from a root to every kept object [DML-STO-0741]', async () => {
    const { store, kept } = await storeWithGarbage();
    const plan = await planGc(store);
    let explained = 0;
    for (const object of objectsOf(store)) {
      const [objectClass, objectId] = object.split('/') as [ObjectClass, ObjectId];
      const reason = await explainKept(store, { class: objectClass, objectId });
      if (reason.state !== 'kept') continue;
      explained += 1;
      expect(reason.root).toEqual({ kind: 'ref', ref: 'refs/heads/main', commitId: kept });
      expect(reason.path[0]).toEqual({ class: 'commit', objectId: kept });
      expect(reason.path.at(-1)).toEqual({ class: objectClass, objectId });
    }
    expect(explained).toBe(plan.kept.objects);
  });

  it('names the hold or the session that keeps an object', async () => {
    const { store, garbage } = await storeWithGarbage();
    let draft = '' as DatumId;
    store.transact('hold', (transaction) => {
      transaction.putHold({
        class: 'commit',
        objectId: garbage,
        owner: 'ada',
        reason: 'look',
        expiresMs: null,
      });
      draft = putText(transaction, 'draft');
    });
    const byPin = await explainKept(store, { class: 'commit', objectId: garbage });
    expect(byPin).toMatchObject({ state: 'kept', root: { kind: 'hold', owner: 'ada', reason: 'look' } });
    const bySession = await explainKept(store, { class: 'datum', objectId: draft });
    expect(bySession).toMatchObject({ state: 'kept', root: { kind: 'session', sessionId: store.sessionId } });
  });

  it('says when nothing keeps an object, or when it is not there [DML-STO-0742]', async () => {
    const { store, garbage } = await storeWithGarbage();
    expect(await explainKept(store, { class: 'commit', objectId: garbage })).toEqual({ state: 'garbage' });
    expect(await explainKept(store, { class: 'tree', objectId: garbage })).toEqual({ state: 'absent' });
  });
});
