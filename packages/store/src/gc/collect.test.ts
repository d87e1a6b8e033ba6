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
import { beforeEach, describe, expect, it } from 'vitest';
import { putFunction, putRequestOf } from '../../test/calls.ts';
import { type FakeEnvironment, fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
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
  textBytes,
} from '../../test/records.ts';
import { beforeTransaction, hold, keysOf, loseObject, spoilObject } from '../../test/rows.ts';
import { commitTo } from '../../test/streams.ts';
import { readKeys, readRow } from '../engine/reading.ts';
import { executionKeyOf } from '../objects/links.ts';
import { headRef, type RefName } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import { CLASS_BYTES, parseObjectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { collectSteps } from './collect.ts';
import { claimGc } from './gc-state.ts';
import type { GcProgress } from './mark-phase.ts';
import { explainKept, planGc, runGc } from './run.ts';

function objectsOf(store: Store): Set<string> {
  const objects = keysOf(store, 'objects').map((key) => parseObjectKey(key)!);
  return new Set(objects.map((object) => `${object.class}/${object.id}`));
}

let environment: FakeEnvironment;
let store: Store;
let kept: CommitId;
let garbage: CommitId;
let garbageDag: DagId;

/** Puts a head with one dag, next to an unreachable commit with a dag of its own, and lets go of both. */
async function openWithGarbage(): Promise<void> {
  environment = fakeEnvironment(1);
  store = await openFixture(environment);
  kept = commitTo(store, { text: 'kept' });
  garbageDag = store.transact('fill', (transaction) => putTextDag(transaction, 'garbage'));
  garbage = store.transact('fill', (transaction) => putCommit(transaction, { dags: { a: garbageDag } }));
  store.checkpoint();
}

beforeEach(openWithGarbage);

/** Opens the store as another process. */
function openOther(other = fakeEnvironment(2)): Promise<Store> {
  return openFixture(other, store.path);
}

/** Goes through a collection that deletes objects one by one. */
function* oneByOne(): Generator<GcProgress> {
  const steps = collectSteps(store, { sliceObjects: 1 });
  for (let step = steps.next(); step.done !== true; step = steps.next()) yield step.value;
}

/** Returns the objects in the order in which a collection deletes them one by one. */
function deleted(): string[] {
  const seen: string[] = [];
  let before = objectsOf(store);
  for (const _ of oneByOne()) {
    const after = objectsOf(store);
    for (const object of before) if (!after.has(object)) seen.push(object);
    before = after;
  }
  return seen;
}

describe('runGc', () => {
  it('deletes exactly what no root reaches [DML-STO-0723]', async () => {
    const before = objectsOf(store);
    const report = await runGc(store);
    expect(report.completed).toBe(true);
    expect(report.swept.objects).toBe(5);
    const after = objectsOf(store);
    expect(before.size - after.size).toBe(5);
    expect(store.has('commit', kept)).toBe(true);
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
    const commits = refs.map((ref) => commitTo(store, { text: ref }, ref as RefName));
    const [pinned] = store.transact('fill', (transaction) =>
      ['pinned', 'loose'].map((text) => putText(transaction, text)),
    ) as [DatumId];
    hold(store, { class: 'datum', objectId: pinned });
    store.checkpoint();
    const report = await runGc(store);
    expect(report.swept.byClass).toEqual({ datum: { objects: 1, bytes: expect.any(Number) } });
    expect(report.plan.roots).toEqual({ refs: 4, holds: 1, expiredHolds: 0, sessionWrites: 0 });
    expect(store.has('datum', pinned)).toBe(true);
    for (const commitId of commits) expect(store.has('commit', commitId)).toBe(true);
  });

  it('lets a hold count until its expiry and no longer [DML-STO-0702]', async () => {
    store.transact('hold', (transaction) => {
      const expiresMs = environment.nowMsValue + 1_000;
      transaction.putHold({ class: 'commit', objectId: garbage, owner: 'ada', reason: 'look', expiresMs });
    });
    store.checkpoint();
    expect((await runGc(store)).swept.objects).toBe(0);
    environment.nowMsValue += 1_000;
    expect((await runGc(store)).swept.objects).toBe(5);
    expect(store.has('commit', garbage)).toBe(false);
  });

  it('keeps recent objects of living sessions only [DML-STO-0703]', async () => {
    await runGc(store);
    const writer = await openOther();
    const draft = writer.transact('draft', (transaction) =>
      putCommit(transaction, { dags: { a: putTextDag(transaction, 'draft') } }),
    );
    expect((await runGc(store)).swept.objects).toBe(0);
    environment.deadPids.add(2);
    expect((await runGc(store)).swept.objects).toBe(5);
    expect(store.has('commit', draft)).toBe(false);
  });

  it('treats what a checkpoint gave up as unreferenced [DML-STO-0703]', async () => {
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
    loseObject(store, 'commit', kept);
    const before = objectsOf(store);
    await expect(runGc(store)).rejects.toMatchObject({ code: 'gc_refused', detail: 'root_unreadable' });
    expect(objectsOf(store)).toEqual(before);
  });

  it('refuses when an object that a ref reaches is absent [DML-STO-0712]', async () => {
    const datumId = hashBytes<'datum'>(textBytes('kept'));
    loseObject(store, 'datum', datumId);
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
      commitTo(store, {});
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
      if (root === 'a hold') hold(store, { class: 'commit', objectId: commitId });
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
    spoilObject(store, 'dag', garbageDag);
    expect((await runGc(store)).swept.objects).toBe(5);
    expect(store.has('dag', garbageDag)).toBe(false);
  });

  it('deletes an object only after all that link to it [DML-STO-0724]', async () => {
    expect(deleted().map((object) => object.split('/')[0])).toEqual([
      'commit',
      'tree',
      'dag',
      'node',
      'datum',
    ]);
  });

  it('leaves no object without what it links to after any step, where objects share links [DML-STO-0724]', async () => {
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
    let swept = 0;
    for (const _ of oneByOne()) {
      expect(danglingObjects(store)).toEqual([]);
      swept += 1;
    }
    expect(swept).toBeGreaterThan(17);
    expect((await planGc(store)).garbage.objects).toBe(0);
  });

  it('keeps what an object needs that was put after the walk had passed it [DML-STO-0722]', async () => {
    const writer = await openOther();
    const later = new Map<ObjectClass, Uint8Array>();
    const sink = { put: (objectClass: ObjectClass, bytes: Uint8Array) => void later.set(objectClass, bytes) };
    putCommit(sink, { dags: { late: garbageDag } });
    const putLater = (objectClass: ObjectClass) =>
      writer.transact('late', (transaction) => void transaction.put(objectClass, later.get(objectClass)!));
    putLater('commit');
    for (const { phase } of oneByOne())
      if (phase === 'count' && !store.has('tree', hashBytes(later.get('tree')!))) putLater('tree');
    expect(store.has('dag', garbageDag)).toBe(true);
    expect(danglingObjects(store)).toEqual([]);
  });

  it('drops the cache entry in the transaction that deletes its exec [DML-STO-0727]', async () => {
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
    hold(store, { class: 'exec', objectId: kept.execId });
    store.checkpoint();
    const reader = await openOther();
    const seen = new Set<string>();
    for (const _ of oneByOne()) {
      const present = execs.map(({ execId }) => reader.has('exec', execId));
      expect(execs.map(({ execId, key }) => reader.cacheEntries(key).includes(execId))).toEqual(present);
      seen.add(present.join());
    }
    // The two go one after the other, so each is seen with and without its entry.
    expect(seen.size).toBe(3);
    expect(reader.cacheEntries(kept.key)).toEqual([kept.execId]);
  });

  it('removes expired holds and rows that no living session holds [DML-STO-0728]', async () => {
    const writer = await openOther();
    writer.transact('draft', (transaction) => {
      putText(transaction, 'draft');
      transaction.putHold({ class: 'commit', objectId: kept, owner: 'old', reason: '', expiresMs: 1 });
      transaction.putHold({ class: 'commit', objectId: kept, owner: 'new', reason: '', expiresMs: null });
    });
    store.transact('mine', (transaction) => void putText(transaction, 'mine'));
    environment.deadPids.add(2);
    await runGc(store);
    expect(keysOf(store, 'recents')).toHaveLength(1);
    expect(store.readHolds().map((hold) => hold.owner)).toEqual(['new']);
  });

  it('lets other writers in between any two of its steps [DML-STO-0720]', async () => {
    const writer = await openOther();
    let written = 0;
    const steps = collectSteps(store, { stepObjects: 2, sliceObjects: 1 });
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      const commitId = commitTo(writer, { text: `between ${written}` }, headRef('between'));
      written += 1;
      expect(store.has('commit', commitId)).toBe(true);
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
      await openWithGarbage();
      const writer = await openOther();
      const before = objectsOf(store);
      const host = beforeTransaction(store, 'gc/sweep', () => use(writer, garbage));
      expect((await runGc(host)).swept.objects, name).toBe(0);
      expect(objectsOf(store), name).toEqual(before);
    }
  });

  it('leaves rows of recent objects in place while it lives, whatever sessions do [DML-STO-0729]', async () => {
    const writer = await openOther();
    const rows = (): number => keysOf(store, 'recents').length;
    const steps = collectSteps(store);
    steps.next();
    writer.transact('draft', (transaction) => void putText(transaction, 'draft'));
    writer.checkpoint();
    expect(rows()).toBe(1);
    await writer.close();
    expect(rows()).toBe(1);
    const later = await openOther(fakeEnvironment(3));
    later.transact('more', (transaction) => void putText(transaction, 'more'));
    expect(rows()).toBe(2);
    for (let step = steps.next(); step.done !== true; ) step = steps.next();
    expect(rows()).toBe(1);
    later.checkpoint();
    expect(rows()).toBe(0);
  });

  it('refuses to run during a collection that lives [DML-STO-0731]', async () => {
    const other = await openOther();
    const running = collectSteps(other);
    running.next();
    await expect(runGc(store)).rejects.toMatchObject({ code: 'gc_refused', detail: 'already_running' });
    running.return(undefined as never);
    expect((await runGc(store)).completed).toBe(true);
  });

  it('takes over from a collection whose process died [DML-STO-0732]', async () => {
    const other = await openOther();
    other.transact('claim', (transaction) => void claimGc(transaction, 'died'));
    environment.deadPids.add(2);
    expect((await runGc(store)).swept.objects).toBe(5);
  });

  it.each(['sweep', 'prune'] as const)(
    'stops before it deletes in a %s when another collection took its claim over [DML-STO-0540]',
    async (phase) => {
      const environment = fakeEnvironment(2);
      const other = await openOther(environment);
      other.transact('register', () => {});
      const steps = collectSteps(store, { sliceObjects: 1 });
      for (let step = steps.next(); step.done !== true && step.value.phase !== phase; ) step = steps.next();
      environment.deadPids.add(1);
      other.transact('steal', (transaction) => void claimGc(transaction, 'other'));
      const rows = () => [objectsOf(store), keysOf(store, 'recents'), keysOf(store, 'sessions')];
      const before = rows();
      expect(() => steps.next()).toThrow(
        expect.objectContaining({ code: 'gc_refused', detail: 'claim_lost' }),
      );
      expect(rows()).toEqual(before);
      expect(JSON.parse(String(store.getMeta('gc')))).toMatchObject({ runId: 'other' });
    },
  );

  it('tells how it ended though it cannot give up its claim [DML-STO-0187]', async () => {
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
    expect(JSON.parse(String(store.getMeta('gc')))).toMatchObject({ process: environment.process });
    // What is left of it hinders nobody.
    expect((await runGc(store)).swept.objects).toBe(5);
  });

  it('gives up its claim when it is stopped between two steps [DML-STO-0733]', async () => {
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
    const before = objectsOf(store);
    const report = await runGc(store, { confirm: (plan) => plan.garbage.objects === 0 });
    expect(report).toMatchObject({ completed: false, swept: { objects: 0 } });
    expect(objectsOf(store)).toEqual(before);
  });
});

describe('planGc', () => {
  it('writes nothing [DML-STO-0715]', async () => {
    const transaction = (store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId;
    const plan = await planGc(store);
    expect(plan.garbage.objects).toBe(5);
    expect((store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId).toBe(transaction);
  });

  it('counts objects and bytes by class [DML-STO-0716]', async () => {
    const plan = await planGc(store);
    const classes = ['datum', 'node', 'dag', 'tree', 'commit'] as const;
    expect(Object.keys(plan.garbage.byClass).sort()).toEqual([...classes].sort());
    for (const objectClass of classes) {
      const keys = keysOf(store, 'objects').filter((key) => key[0] === CLASS_BYTES[objectClass]);
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
    hold(store, { class: 'commit', objectId: garbage });
    const draft = store.transact('draft', (transaction) => putText(transaction, 'draft'));
    const byPin = await explainKept(store, { class: 'commit', objectId: garbage });
    expect(byPin).toMatchObject({ state: 'kept', root: { kind: 'hold', owner: 'ada', reason: 'test' } });
    const bySession = await explainKept(store, { class: 'datum', objectId: draft });
    expect(bySession).toMatchObject({ state: 'kept', root: { kind: 'session', sessionId: store.sessionId } });
  });

  it('says when nothing keeps an object, or when it is not there [DML-STO-0742]', async () => {
    expect(await explainKept(store, { class: 'commit', objectId: garbage })).toEqual({ state: 'garbage' });
    expect(await explainKept(store, { class: 'tree', objectId: garbage })).toEqual({ state: 'absent' });
  });
});
