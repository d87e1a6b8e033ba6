import { randomBytes } from 'node:crypto';
import {
  type CommitId,
  type DatumId,
  decodeRecord,
  encodeRecord,
  hashBytes,
  type StubRecord,
  type TombstoneRecord,
} from '@daggerml/object-model';
import { describe, expect, it, vi } from 'vitest';
import { EXCISED, EXCISION_FACTS, excise } from '../../test/excise.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import {
  putCommit,
  putDag,
  putLiteral,
  putRecord,
  putText,
  putTextDag,
  textBytes,
} from '../../test/records.ts';
import { keysOf, loseObject } from '../../test/rows.ts';
import {
  exported,
  failureOf,
  imported,
  MAIN,
  StreamObjects,
  sectionsOf,
  streamTo,
} from '../../test/streams.ts';
import { runGc } from '../gc/run.ts';
import { writesKey } from '../sessions/session-writes.ts';
import type { Store } from '../store.ts';
import { encodeRow } from '../tables/checksummed-row.ts';
import { objectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { FilledGaps } from './filled-gaps.ts';
import { importCar } from './import.ts';
import { reachedObjects } from './reached-objects.ts';

const DOMAIN = 'did:key:z6Mk';
function stubOf(objectId: string): StubRecord {
  return { type: 'stub', objectClass: 'datum', objectId, domain: DOMAIN, timeMs: 5 };
}

function tombstoneOf(objectId: string): TombstoneRecord {
  return { type: 'tombstone', objectClass: 'datum', objectId, ...EXCISION_FACTS, timeMs: 6 };
}

/** A commit over one text, and the objects of it but for that text. */
function commitWithout(text: string): { commitId: CommitId; datumId: DatumId; objects: Uint8Array[] } {
  const sink = new StreamObjects();
  const datumId = putText(sink, text);
  const commitId = putCommit(sink, { dags: { a: putTextDag(sink, text) } });
  const objects = sink.records.filter((bytes) => hashBytes(bytes) !== datumId);
  return { commitId, datumId, objects };
}

/** The stream of such a commit with records in the place of the text. */
function streamWith(text: string, ...absences: (StubRecord | TombstoneRecord)[]): Buffer {
  const { commitId, objects } = commitWithout(text);
  return streamTo(commitId, [...objects, ...absences.map((record) => encodeRecord(record))]);
}

/** A store whose branch reaches a withheld text. */
async function storeWithGap(text: string): Promise<{ store: Store; datumId: DatumId }> {
  const store = await openFixture();
  const { datumId } = commitWithout(text);
  await imported(store, streamWith(text, stubOf(datumId)), { acceptWithheld: true });
  return { store, datumId };
}

describe('an export of withheld objects', () => {
  it('holds their stubs in their place, from which another store is made [DML-STO-1034]', async () => {
    const { store, datumId } = await storeWithGap('withheld');
    const stream = await exported(store);
    const { ids, blocks } = await sectionsOf(stream);
    expect(ids).not.toContain(datumId);
    expect(blocks).toContainEqual(Buffer.from(encodeRecord(stubOf(datumId))));
    const target = await openFixture();
    const result = await imported(target, stream, { acceptWithheld: true });
    expect(result).toMatchObject({ state: 'applied', stubs: 1 });
    expect(target.getStub('datum', datumId)).toEqual(store.getStub('datum', datumId));
    expect(await exported(target)).toEqual(stream);
    const key = objectKey('datum', datumId) as Buffer;
    store.transact('lose', (transaction) => void transaction.deleteRow('stubs', key));
    await expect(exported(store)).rejects.toMatchObject({ code: 'object_missing' });
  });
});

describe('an import of stubs', () => {
  it('is refused unless the caller accepts withheld objects [DML-STO-1035]', async () => {
    const { commitId, datumId } = commitWithout('withheld');
    const stream = streamWith('withheld', stubOf(datumId));
    const target = await openFixture();
    await expect(imported(target, stream)).rejects.toMatchObject({
      code: 'transfer_invalid',
      detail: 'withheld_offered',
      fields: { class: 'datum', objectId: datumId, domain: DOMAIN, timeMs: 5 },
    });
    // To accept excisions is something else.
    expect(await failureOf(imported(target, stream, { acceptExcisions: true }))).toBe(
      'transfer_invalid/withheld_offered',
    );
    expect(target.readRefs()).toEqual([]);
    expect(keysOf(target, 'stubs')).toEqual([]);
    const result = await imported(target, stream, { acceptWithheld: true });
    expect(result).toMatchObject({ state: 'applied', stubs: 1, tombstones: 0 });
    expect(target.getRef(MAIN)?.commitId).toBe(commitId);
    const stub = { class: 'datum', objectId: datumId, domain: DOMAIN, timeMs: 5 };
    expect(target.getStub('datum', datumId)).toEqual(stub);
    expect(await findingsOf(target)).toEqual([]);
  });

  it('takes stubs for what is absent, reached and not withheld already [DML-STO-1036]', async () => {
    const { commitId, datumId, objects } = commitWithout('withheld');
    const unreached = hashBytes(textBytes('unreached'));
    const stubs = [stubOf(datumId), stubOf(unreached)].map((record) => encodeRecord(record));
    const stream = streamTo(commitId, [...objects, ...stubs]);
    const accept = { acceptWithheld: true };
    const target = await openFixture();
    expect(await imported(target, stream, accept)).toMatchObject({ state: 'applied', stubs: 1 });
    expect(keysOf(target, 'stubs')).toEqual([objectKey('datum', datumId)]);
    // The store knows of another domain already.
    const informed = await openFixture();
    const facts = { class: 'datum', objectId: datumId, domain: 'did:key:other', timeMs: 1 } as const;
    informed.transact('know', (transaction) => void transaction.putStub(facts));
    expect(await imported(informed, stream)).toMatchObject({ state: 'applied', stubs: 0 });
    expect(informed.getStub('datum', datumId)).toEqual(facts);
    // The store has the object.
    const owner = await openFixture();
    owner.transact('own', (transaction) => void putText(transaction, 'withheld'));
    expect(await imported(owner, stream, accept)).toMatchObject({ state: 'applied', stubs: 0 });
    expect(owner.has('datum', datumId)).toBe(true);
    expect(keysOf(owner, 'stubs')).toEqual([]);
    // The object was excised here.
    const cleaned = await openFixture();
    cleaned.transact('own', (transaction) => void putText(transaction, 'withheld'));
    await excise(cleaned, { class: 'datum', objectId: datumId });
    expect(await imported(cleaned, stream, accept)).toMatchObject({ state: 'applied', stubs: 0 });
    expect(() => cleaned.get('datum', datumId)).toThrow(EXCISED);
    expect(keysOf(cleaned, 'stubs')).toEqual([]);
  });

  it('puts an accepted tombstone in the place of a stub of this store [DML-STO-1045]', async () => {
    const { store, datumId } = await storeWithGap('withheld');
    const stream = streamWith('withheld', tombstoneOf(datumId));
    expect(await imported(store, stream)).toMatchObject({ state: 'applied', tombstones: 0 });
    expect(store.getStub('datum', datumId)).toBeDefined();
    expect(await imported(store, stream, { acceptExcisions: true })).toMatchObject({ tombstones: 1 });
    expect(keysOf(store, 'stubs')).toEqual([]);
    expect(() => store.get('datum', datumId)).toThrow(EXCISED);
    expect(await findingsOf(store)).toEqual([]);
    // One that no imported ref reaches stays withheld.
    const other = await storeWithGap('other');
    setRef(other.store, MAIN, null);
    const foreign = streamWith('withheld', tombstoneOf(other.datumId), tombstoneOf(datumId));
    expect(await imported(other.store, foreign, { acceptExcisions: true })).toMatchObject({ tombstones: 1 });
    expect(other.store.getStub('datum', other.datumId)).toBeDefined();
  });

  it('holds so many of them and no more, and no more bytes of them [DML-STO-1038]', async () => {
    const { commitId, objects } = commitWithout('withheld');
    const idOf = (index: number): string => hashBytes(Buffer.from(`${index}`));
    const refused = async (records: (StubRecord | TombstoneRecord)[]): Promise<string> => {
      const stream = streamTo(commitId, [...objects, ...records.map((record) => encodeRecord(record))]);
      return failureOf(imported(await openFixture(), stream));
    };
    const stubs = Array.from({ length: 100_001 }, (_, index) => stubOf(idOf(index)));
    expect(await refused(stubs)).toBe('transfer_invalid/too_many_absences');
    expect(await refused(stubs.slice(1))).toBe('transfer_invalid/incomplete');
    const long = { message: 'm'.repeat(65_536) };
    const stones = Array.from({ length: 256 }, (_, index) => ({ ...tombstoneOf(idOf(index)), ...long }));
    expect(await refused(stones)).toBe('transfer_invalid/too_many_absences');
    expect(await refused(stones.slice(1))).toBe('transfer_invalid/incomplete');
  });
});

/** A commit over a list that links a number which should stand inline, and the objects of it by what they are. */
function commitOverFaultyList(): {
  commitId: CommitId;
  listId: DatumId;
  list: Uint8Array;
  rest: Uint8Array[];
} {
  const sink = new StreamObjects();
  const linked = putRecord<DatumId>(sink, { type: 'datum', kind: 'i64', value: 7n });
  const listId = putRecord<DatumId>(sink, { type: 'datum', kind: 'list', root: [linked] });
  const commitId = putCommit(sink, { dags: { a: putDag(sink, putLiteral(sink, listId)) } });
  const isList = (bytes: Uint8Array): boolean => hashBytes(bytes) === listId;
  const list = sink.records.find(isList) as Uint8Array;
  return { commitId, listId, list, rest: sink.records.filter((bytes) => !isList(bytes)) };
}

/** A store whose branch reaches that list, which is withheld. */
async function storeWithFaultyGap(): Promise<Store> {
  const store = await openFixture();
  const { commitId, listId, rest } = commitOverFaultyList();
  const stream = streamTo(commitId, [...rest, encodeRecord(stubOf(listId))]);
  await imported(store, stream, { acceptWithheld: true });
  return store;
}

describe('an import that brings withheld objects', () => {
  it('checks them, whether its refs reach them or the refs of the store do [DML-STO-0852]', async () => {
    const { commitId, list, rest } = commitOverFaultyList();
    const other = new StreamObjects();
    const otherId = putCommit(other, { message: 'another branch' });
    for (const stream of [
      streamTo(commitId, [...rest, list]),
      streamTo(commitId, [list, ...rest]),
      streamTo(otherId, [...other.records, list]),
    ])
      expect(await failureOf(imported(await storeWithFaultyGap(), stream, { force: true }))).toBe(
        'transfer_invalid/not_canonical',
      );
    // What they reach was reached by nothing before, though it has been in the store.
    const store = await openFixture();
    const sink = new StreamObjects();
    const root = [hashBytes<'datum'>(list)];
    const outerId = putRecord<DatumId>(sink, { type: 'datum', kind: 'list', root });
    const outer = sink.records[0] as Uint8Array;
    const overId = putCommit(sink, { dags: { a: putDag(sink, putLiteral(sink, outerId)) } });
    await imported(store, streamTo(overId, [...sink.records.slice(1), encodeRecord(stubOf(outerId))]), {
      acceptWithheld: true,
    });
    store.transact('left behind', (transaction) => {
      for (const bytes of [...rest, list]) transaction.put(decodeRecord(bytes).type as never, bytes);
    });
    for (const stream of [
      streamTo(otherId, [...other.records, outer]),
      streamTo(overId, [outer, ...sink.records.slice(1)]),
    ])
      expect(await failureOf(imported(store, stream, { force: true }))).toBe(
        'transfer_invalid/not_canonical',
      );
  });

  it('puts their stubs back when it is refused [DML-STO-0851]', async () => {
    const { commitId, listId, list, rest } = commitOverFaultyList();
    const store = await storeWithFaultyGap();
    const stub = store.getStub('datum', listId);
    const whole = streamTo(commitId, [...rest, list]);
    for (const stream of [whole, Buffer.concat([whole, whole.subarray(-40, -1)])]) {
      expect(await failureOf(imported(store, stream))).toMatch(/^transfer_invalid/);
      expect(store.getStub('datum', listId)).toEqual(stub);
      expect(store.get('datum', listId)).toBeUndefined();
      expect((await verifyStore(store)).findings).toBe(0);
    }
    // One that was not withheld stays, and so does what another session has put since.
    expect(store.has('datum', hashBytes(rest[0] as Uint8Array) as DatumId)).toBe(true);
    const another = '00000000-0000-4000-8000-00000000000a';
    const key = objectKey('datum', listId) as Buffer;
    let hasPut = false;
    const onProgress = (): void => {
      if (hasPut) return;
      hasPut = true;
      store.transact('another session', (transaction) => {
        const rowKey = writesKey(1_000_000, another);
        transaction.putRow('recents', rowKey, encodeRow('recents', rowKey, key));
      });
    };
    expect(await failureOf(imported(store, whole, { onProgress }))).toBe('transfer_invalid/not_canonical');
    expect(hasPut).toBe(true);
    expect(store.has('datum', listId)).toBe(true);
    expect(store.getStub('datum', listId)).toBeUndefined();
  });

  it('leaves what refs reach whole when only a part of it comes, in any order [DML-STO-0850]', async () => {
    const sink = new StreamObjects();
    const partId = putText(sink, 'x'.repeat(500));
    const listId = putRecord<DatumId>(sink, { type: 'datum', kind: 'list', root: [partId] });
    const commitId = putCommit(sink, { dags: { a: putDag(sink, putLiteral(sink, listId)) } });
    const part = sink.records[0] as Uint8Array;
    const list = sink.records[1] as Uint8Array;
    const rest = sink.records.slice(2);
    const other = new StreamObjects();
    const otherId = putCommit(other, { message: 'another branch' });
    const toOther = (name: string): string | undefined => name.replace('main', 'other');
    for (const [stream, options] of [
      [streamTo(commitId, [...rest, list, encodeRecord(stubOf(partId))]), {}],
      [streamTo(commitId, [...rest, list]), {}],
      [streamTo(otherId, [...other.records, list]), { mapRef: toOther as never }],
      [streamTo(commitId, [list, part, ...rest]), {}],
    ] as const) {
      const store = await openFixture();
      await imported(store, streamTo(commitId, [...rest, part, encodeRecord(stubOf(listId))]), {
        acceptWithheld: true,
      });
      loseObject(store, 'datum', partId);
      expect(await imported(store, stream, options)).toMatchObject({ state: 'applied' });
      expect(store.has('datum', listId)).toBe(true);
      expect(await findingsOf(store)).toEqual([]);
      await runGc(store);
    }
  });

  it('leaves it whole when it is killed between a parent and a grandchild [DML-STO-0860]', async () => {
    const made = (text: string) => {
      const sink = new StreamObjects();
      const leafId = putText(sink, text.repeat(500));
      const childId = putRecord<DatumId>(sink, { type: 'datum', kind: 'list', root: [leafId] });
      const parentId = putRecord<DatumId>(sink, { type: 'datum', kind: 'list', root: [childId] });
      return { sink, leafId, childId, parentId };
    };
    // A batch is put in the order of ids: the child before the parent.
    const isChildFirst = ({ childId, parentId }: ReturnType<typeof made>): boolean => childId < parentId;
    const { sink, leafId, parentId } = [...'abcdefghijklmnop'].map(made).find(isChildFirst) as ReturnType<
      typeof made
    >;
    const [leaf, child, parent] = sink.records.slice(0, 3) as [Uint8Array, Uint8Array, Uint8Array];
    const commitId = putCommit(sink, { dags: { a: putDag(sink, putLiteral(sink, parentId)) } });
    const rest = sink.records.slice(3);
    const store = await openFixture();
    await imported(store, streamTo(commitId, [...rest, encodeRecord(stubOf(parentId))]), {
      acceptWithheld: true,
    });
    // Nothing comes after the batch that has child and parent, and nothing is put back.
    let batches = 0;
    const cut = (async function* () {
      yield streamTo(commitId, [child, parent], randomChunks(9));
      await new Promise(() => {});
    })();
    const onProgress = (): void => {
      batches += 1;
    };
    void importCar(store, cut, { actor: 'ada', reason: 'import', onProgress });
    await vi.waitUntil(() => batches > 0, { timeout: 60_000 });
    expect(store.has('datum', parentId)).toBe(true);
    expect(store.getStub('datum', leafId)).toMatchObject({ domain: DOMAIN });
    expect(await findingsOf(store)).toEqual([]);
    await runGc(store);
    expect(await imported(store, streamTo(commitId, [...rest, leaf, child, parent]))).toMatchObject({
      state: 'applied',
    });
    expect(keysOf(store, 'stubs')).toEqual([]);
    expect(await findingsOf(store)).toEqual([]);
  });

  for (const cut of ['killed', 'refused'] as const)
    it(`leaves what refs reach whole when it is ${cut} after any of its objects [DML-STO-0860]`, async () => {
      const sink = new StreamObjects();
      // A list of a list of a text, each its own object; the outer one is withheld.
      const names: [DatumId, Uint8Array][] = [];
      let id = putText(sink, 'x'.repeat(500));
      names.push([id, sink.records[0] as Uint8Array]);
      for (let depth = 0; depth < 2; depth += 1) {
        id = putRecord<DatumId>(sink, { type: 'datum', kind: 'list', root: [id] });
        names.push([id, sink.records.at(-1) as Uint8Array]);
      }
      const commitId = putCommit(sink, { dags: { a: putDag(sink, putLiteral(sink, id)) } });
      const rest = sink.records.slice(names.length);
      for (const order of permutations([0, 1, 2]))
        for (let come = 1; come <= order.length; come += 1) {
          const store = await openFixture();
          const shared = streamTo(commitId, [...rest, encodeRecord(stubOf(id))]);
          await imported(store, shared, { acceptWithheld: true });
          // Each object is durable before the next one comes, as it is where each fills a batch.
          for (const at of order.slice(0, come)) {
            const [, bytes] = names[at] as [DatumId, Uint8Array];
            const gaps = new FilledGaps();
            const receive = (transaction: WriteTransaction): void => {
              transaction.walked = gaps.walked;
              gaps.note(store.engine, objectKey('datum', hashBytes<'datum'>(bytes)) as Buffer);
              transaction.put('datum', bytes);
            };
            store.transact('import/objects', receive);
            if (cut === 'refused' && at === order[come - 1])
              store.transact('import/withhold', (transaction) => gaps.withdraw(transaction, store.sessionId));
          }
          const said = `${order.slice(0, come).join(' ')}`;
          // Throws for what is absent without a reason.
          const { withheld } = await reachedObjects(store, [commitId]);
          expect(withheld.length, said).toBeLessThanOrEqual(1);
          await runGc(store);
          // What is missing can still come.
          const whole = streamTo(commitId, [...rest, ...names.map(([, bytes]) => bytes)]);
          expect(await imported(store, whole), said).toMatchObject({ state: 'applied' });
          expect(keysOf(store, 'stubs'), said).toEqual([]);
          expect(await findingsOf(store), said).toEqual([]);
        }
    });
});

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, at) =>
    permutations([...values.slice(0, at), ...values.slice(at + 1)]).map((rest) => [value, ...rest]),
  );
}

/** Returns so many chunks of half a mebibyte. */
function randomChunks(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => randomBytes(2 ** 19));
}
