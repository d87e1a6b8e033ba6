import {
  type CommitId,
  type DatumId,
  hashBytes,
  type NodeId,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CONTRADICTIONS,
  commitOver,
  type Fault,
  NOT_CANONICAL,
  putAgreeing,
  putLinkedTexts,
} from '../../test/faults.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { NEWER_CLASS_BYTE, NEWER_RECORDS } from '../../test/newer-records.ts';
import { contentOf, pagesOf, putCommit, putDag, putLiteral, putRecord, putText } from '../../test/records.ts';
import { keysOf, spoilObject, watchedEngine, withhold } from '../../test/rows.ts';
import {
  commitTo,
  exported,
  failureOf,
  imported,
  MAIN,
  StreamObjects,
  streamTo,
} from '../../test/streams.ts';
import type { ObjectName } from '../excision/plan.ts';
import type { Store } from '../store.ts';
import { CLASS_BYTES } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Moves the branch to a commit over one value. */
function branchOver(transaction: WriteTransaction, datumId: DatumId): void {
  setRef(transaction, MAIN, commitOver(transaction, datumId));
}

/** Counts how often the rows of some objects are read while something runs. */
async function readsOf(
  store: Store,
  keys: ReadonlySet<string>,
  run: () => Promise<void>,
  by: 'getBinary' | 'getBinaryFast' = 'getBinary',
): Promise<number> {
  let reads = 0;
  const { tables } = store.engine;
  const watched = watchedEngine(store.engine, 'objects', (member, key) => {
    if (member === by && keys.has(Buffer.from(key).toString('hex'))) reads += 1;
  });
  Object.assign(store.engine, { tables: watched.tables });
  await run();
  Object.assign(store.engine, { tables });
  return reads;
}

let target: Store;

beforeEach(async () => {
  target = await openFixture();
});

describe.each([
  ['not_canonical', 'DML-STO-1041', NOT_CANONICAL],
  ['contradiction', 'DML-STO-1042', CONTRADICTIONS],
] as const)('an import is refused as %s', (detail, requirement, faults) => {
  it.each(Object.entries(faults))(`however often, for %s [${requirement}]`, async (_, put) => {
    const sink = new StreamObjects();
    const { finding, commitId } = put(sink);
    const { code, class: objectClass, objectId } = finding;
    const mine = commitTo(target, { text: 'mine' });
    const fields = expect.objectContaining({ kind: code, class: objectClass, objectId });
    const empty = await openFixture();
    // What the first one left behind makes the second one no wiser.
    for (const stream of [sink.streamTo(commitId), streamTo(commitId, [])])
      for (const store of [target, empty])
        await expect(imported(store, stream, { force: true })).rejects.toMatchObject({
          code: 'transfer_invalid',
          detail,
          fields,
        });
    expect(target.readRefs().map((ref) => ref.commitId)).toEqual([mine]);
    expect(empty.readRefs()).toEqual([]);
  });
});

describe('the check of an import', () => {
  it('names the object and what a verification finds [DML-STO-1046]', async () => {
    const sink = new StreamObjects();
    const { finding, commitId } = (CONTRADICTIONS['an exec of another function [DML-STO-0925]'] as Fault)(
      sink,
    );
    const { code: kind, to, ...facts } = finding;
    const { class: toClass, objectId: toId } = to as ObjectName;
    await expect(imported(target, sink.streamTo(commitId))).rejects.toMatchObject({
      fields: { kind, toClass, toId, ...facts },
    });
    expect(await findingsOf(target)).toEqual([finding]);
  });

  it('leaves out what the imported refs do not reach', async () => {
    const sink = new StreamObjects();
    const faulty = (NOT_CANONICAL['a null that a list links [DML-STO-0920]'] as Fault)(sink).commitId;
    const commitId = commitOver(sink, putText(sink, 'sound'));
    expect(await imported(target, sink.streamTo(commitId))).toMatchObject({ state: 'applied' });
    const both = sink.streamTo(faulty);
    expect(await imported(target, both, { mapRef: () => undefined })).toMatchObject({ state: 'applied' });
    expect(await failureOf(imported(target, both, { force: true }))).toBe('transfer_invalid/not_canonical');
  });

  it('lets an empty store take what is sound beside what is not, is not whole or is reached by nothing', async () => {
    const link = { type: 'node', kind: 'literal', datumId: '1'.repeat(64) } as const;
    const besides: ((sink: StreamObjects) => void)[] = [
      (sink) => (NOT_CANONICAL['a null that a list links [DML-STO-0920]'] as Fault)(sink),
      (sink) => putRecord(sink, link as never),
    ];
    for (const put of besides) {
      const sink = new StreamObjects();
      put(sink);
      const commitId = commitOver(sink, putText(sink, 'sound'));
      const empty = await openFixture();
      expect(await imported(empty, sink.streamTo(commitId))).toMatchObject({ state: 'applied' });
      expect(empty.getRef(MAIN)?.commitId).toBe(commitId);
    }
  });

  it('has nothing against a list that links the shortest text which does not stand inline', async () => {
    const sink = new StreamObjects();
    const commitId = commitOver(sink, putLinkedTexts(sink, 125).listId);
    commitTo(target, { text: 'mine' });
    for (const store of [target, await openFixture()]) {
      const result = await imported(store, sink.streamTo(commitId), { force: true });
      expect(result).toMatchObject({ state: 'applied' });
    }
  });

  it('reads nothing again of plain objects that an empty store has just taken', async () => {
    const source = await openFixture();
    commitTo(source, { text: 'one' });
    const stream = await exported(source);
    const plain = (store: Store): ReadonlySet<string> =>
      new Set(
        keysOf(store, 'objects')
          .filter(([first]) => first === CLASS_BYTES.node || first === CLASS_BYTES.datum)
          .map((key) => key.toString('hex')),
      );
    const keys = plain(source);
    expect(keys.size).toBe(2);
    const run = (store: Store) => async (): Promise<void> => {
      expect(await imported(store, stream, { force: true })).toMatchObject({ state: 'applied' });
    };
    expect(await readsOf(target, keys, run(target), 'getBinaryFast')).toBe(0);
    // What a ref reaches is looked at from then on.
    const other = await openFixture();
    commitTo(other, { text: 'mine' });
    expect(await readsOf(other, keys, run(other), 'getBinaryFast')).toBe(2);
  });

  it('takes what is missing on purpose for no fault', async () => {
    const source = await openFixture();
    const topId = source.transact('fill', (transaction) => {
      const blob = writeBlob(contentOf(3_000_000), pagesOf(transaction));
      branchOver(transaction, putRecord(transaction, blob));
      return blob.root as PageId;
    });
    withhold(source, { class: 'page', objectId: topId });
    expect(await imported(target, await exported(source), { acceptWithheld: true })).toMatchObject({
      state: 'applied',
      stubs: 1,
    });
  });

  it('reads no chunks that refs reached before [DML-STO-1047]', async () => {
    const source = await openFixture();
    const blobDag = source.transact('blob', (transaction) => {
      const blobId: DatumId = putRecord(transaction, writeBlob(contentOf(3_000_000), pagesOf(transaction)));
      return putDag(transaction, putLiteral(transaction, blobId));
    });
    const first = commitTo(source, { dags: { blob: blobDag } });
    await imported(target, await exported(source));
    commitTo(source, { text: 'next', dags: { blob: blobDag }, parents: [first] });
    const stream = await exported(source);
    const keys = keysOf(target, 'objects').filter((key) => key[0] === CLASS_BYTES.chunk);
    const chunks = new Set(keys.map((key) => key.toString('hex')));
    expect(chunks.size).toBeGreaterThan(20);
    const run = async (): Promise<void> => {
      expect(await imported(target, stream)).toMatchObject({ state: 'applied' });
    };
    // Each is compared when the stream brings it again, and read no further.
    expect(await readsOf(target, chunks, run)).toBe(chunks.size);
    setRef(target, MAIN, null);
    expect(await readsOf(target, chunks, run)).toBe(2 * chunks.size);
  });

  it('has nothing against calls that agree with all that goes with them', async () => {
    const sink = new StreamObjects();
    const commitId = putAgreeing(sink);
    expect(await imported(target, sink.streamTo(commitId))).toMatchObject({ state: 'applied' });
  });
});

describe('objects of a newer format', () => {
  it('are refused as sections of a stream [DML-STO-1044]', async () => {
    const commitId = '1'.repeat(64) as CommitId;
    const raw = [...NEWER_RECORDS.map(({ bytes }) => bytes), Uint8Array.of(0x83, 1, NEWER_CLASS_BYTE, 1)];
    for (const bytes of raw) {
      const target = await openFixture();
      await expect(imported(target, streamTo(commitId, [bytes]))).rejects.toMatchObject({
        code: 'transfer_invalid',
        detail: 'newer_format',
        fields: { objectId: hashBytes(bytes) },
      });
      expect(target.readRefs()).toEqual([]);
    }
    expect(
      await failureOf(imported(await openFixture(), streamTo(commitId, [Uint8Array.of(0x83, 0, 2, 1)]))),
    ).toBe('transfer_invalid/record_invalid');
  });

  it('are refused where refs of a stream reach present ones [DML-STO-1039]', async () => {
    for (const { class: newerClass, bytes } of NEWER_RECORDS) {
      const target = await openFixture();
      target.transact('newer', (transaction) => void transaction.put(newerClass, bytes));
      const sink = new StreamObjects();
      const id = hashBytes(bytes);
      const over: Readonly<Record<string, () => CommitId>> = {
        datum: () => commitOver(sink, id as DatumId),
        node: () => putCommit(sink, { dags: { a: putDag(sink, id as NodeId) } }),
        page: () => commitOver(sink, putRecord(sink, { type: 'datum', kind: 'list', root: id as PageId })),
      };
      const commitId = over[newerClass]!();
      await expect(imported(target, sink.streamTo(commitId))).rejects.toMatchObject({
        code: 'transfer_invalid',
        detail: 'newer_format',
        fields: { class: newerClass, objectId: id },
      });
      expect(target.readRefs()).toEqual([]);
    }
  });

  it('are reported by an export that reaches them, like damaged ones [DML-STO-1043]', async () => {
    const store = await openFixture();
    const reasons: string[] = [];
    for (const { class: newerClass, bytes } of [
      ...NEWER_RECORDS.filter((record) => record.class === 'datum'),
      { class: 'datum', bytes: Buffer.from('no record') } as const,
    ]) {
      store.transact('newer', (transaction) => {
        branchOver(transaction, transaction.put(newerClass, bytes) as DatumId);
      });
      reasons.push(await failureOf(exported(store)));
    }
    expect(reasons).toEqual([
      'invalid_header/newer_version',
      'invalid_kind/newer_kind',
      'invalid_kind/newer_kind',
      'invalid_header/record_form',
    ]);
    const datumId = store.transact('rot', (transaction) => putText(transaction, 'rotten'));
    store.transact('branch', (transaction) => branchOver(transaction, datumId));
    spoilObject(store, 'datum', datumId);
    expect(await failureOf(exported(store))).toBe('store_damaged/hash_mismatch');
  });
});
