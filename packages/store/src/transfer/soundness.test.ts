import {
  buildTree,
  type CommitId,
  type DagId,
  type DatumId,
  hashBytes,
  type ListDatum,
  type NodeId,
  type ObjectId,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { putFunction, putRequestOf, putWholeCall } from '../../test/calls.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { NEWER_CLASS_BYTE, NEWER_RECORDS } from '../../test/newer-records.ts';
import {
  type CommitParts,
  contentOf,
  mapEntries,
  type ObjectSink,
  pagesOf,
  putBlobOf,
  putCommit,
  putDag,
  putLiteral,
  putRecord,
  putText,
} from '../../test/records.ts';
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
import type { Store } from '../store.ts';
import { CLASS_BYTES, objectKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';

const NULL = { type: 'datum', kind: 'null' } as const;

/** Puts a commit over objects with a fault, and returns the object that has it. */
type Faulty = (sink: StreamObjects) => { readonly at: ObjectId; readonly commitId: CommitId };

function commitOver(sink: ObjectSink, datumId: DatumId, parts: CommitParts = {}): CommitId {
  return putCommit(sink, { dags: { a: putDag(sink, putLiteral(sink, datumId)) }, ...parts });
}

function ofDatum(put: (sink: StreamObjects) => DatumId): Faulty {
  return (sink) => {
    const at = put(sink);
    return { at, commitId: commitOver(sink, at) };
  };
}

/** A content whose chunks end early, though their lengths and hashes are right. */
function cutEarly(sink: StreamObjects): DatumId {
  return putBlobOf(
    sink,
    [20_000, 30_000].map((size) => Buffer.alloc(size)),
  );
}

function numbers(from: number, count: number): ListDatum['root'] {
  const values = Array.from({ length: count }, (_, at) => BigInt(from + at));
  return values.map((value) => ({ type: 'datum', kind: 'i64', value }) as const);
}

/** Values under an id that writing them again does not have. */
const NOT_CANONICAL: Readonly<Record<string, Faulty>> = {
  'element_linked: a null that a list links': ofDatum((sink) =>
    putRecord(sink, { type: 'datum', kind: 'list', root: [putRecord(sink, NULL)] }),
  ),
  'element_linked: a null that a page of a map links': (sink) => {
    const linked: DatumId = putRecord(sink, NULL);
    const root = buildTree('map', mapEntries(2_000, linked), sink.pages);
    const at = sink.records.find((bytes) => bytes[2] === 11 && bytes[4] === 0) as Uint8Array;
    return {
      at: hashBytes(at),
      commitId: commitOver(sink, putRecord(sink, { type: 'datum', kind: 'map', root })),
    };
  },
  'tree_not_canonical: a top page that should be embedded': ofDatum((sink) => {
    const entries = numbers(0, 3);
    const root: PageId = putRecord(sink, { type: 'page', role: 'list', level: 0, entries } as never);
    return putRecord(sink, { type: 'datum', kind: 'list', root });
  }),
  'tree_not_canonical: a page that ends early': ofDatum((sink) => {
    const leaves = [numbers(0, 4), numbers(4, 6)].map((entries): readonly [PageId, number] => [
      putRecord(sink, { type: 'page', role: 'list', level: 0, entries } as never),
      entries.length,
    ]);
    const root: PageId = putRecord(sink, { type: 'page', role: 'list', level: 1, entries: leaves });
    return putRecord(sink, { type: 'datum', kind: 'list', root });
  }),
  'tree_not_canonical: a count that is not that of the page': ofDatum((sink) => {
    const root = buildTree('list', numbers(0, 5_000) as never, sink.pages) as PageId;
    const top = sink.records.find((bytes) => hashBytes(bytes) === root) as Uint8Array;
    // The last count is the last integer of the record; its value is above 255.
    const wrong = Uint8Array.from(top, (byte, at) => (at === top.length - 1 ? byte ^ 1 : byte));
    return putRecord(sink, { type: 'datum', kind: 'list', root: sink.put('page', wrong) as PageId });
  }),
  'tree_not_canonical: the names of a dag': (sink) => {
    const nodeId = putLiteral(sink, putText(sink, 'value'));
    const entries = [['a', nodeId]] as const;
    const names: PageId = putRecord(sink, { type: 'page', role: 'names', level: 0, entries } as never);
    const at: DagId = putRecord(sink, { type: 'dag', rootNodeId: nodeId, names });
    return { at, commitId: putCommit(sink, { dags: { a: at } }) };
  },
  'tree_not_canonical: the requests of a commit': (sink) => {
    const { nodeId, execId } = putWholeCall(sink, 'a');
    const entries = [[nodeId, execId]] as const;
    const requests: PageId = putRecord(sink, {
      type: 'page',
      role: 'requests',
      level: 0,
      entries: [[nodeId, putRequestOf(sink, putWholeCall(sink, 'a').exec)]],
    });
    const at = putCommit(sink, { requests, pins: Object.fromEntries(entries) });
    return { at, commitId: at };
  },
  'tree_not_canonical: the inputs of an exec': (sink) => {
    const values = ['left', 'right'].map((side) => putText(sink, `${side} of a`));
    const inputs: PageId = putRecord(sink, { type: 'page', role: 'values', level: 0, entries: values });
    const { nodeId, execId } = putWholeCall(sink, 'a', { exec: { inputs } });
    return { at: execId, commitId: putCommit(sink, { pins: { [nodeId]: execId } as never }) };
  },
  'blob_wrong: chunks that end early': ofDatum(cutEarly),
  'blob_wrong: another SHA-256': ofDatum((sink) => {
    const blob = writeBlob(Buffer.alloc(300_000, 'content'), sink.pages);
    return putRecord(sink, { ...blob, contentSha256: '1'.repeat(64) });
  }),
  'blob_wrong: another size': ofDatum((sink) => {
    const blob = writeBlob(contentOf(3_000_000), sink.pages);
    expect(blob.root).toBeTypeOf('string');
    return putRecord(sink, { ...blob, sizeBytes: 3_000_001 });
  }),
};

function ofCall(put: (sink: StreamObjects) => { nodeId: NodeId; execId: ObjectId }): Faulty {
  return (sink) => {
    const { nodeId, execId } = put(sink);
    return { at: execId, commitId: putCommit(sink, { pins: { [nodeId]: execId } as never }) };
  };
}

/** Records that say otherwise than those that they name. */
const CONTRADICTIONS: Readonly<Record<string, Faulty>> = {
  'exec_contradiction: node kind': ofCall((sink) => {
    const nodeId = putLiteral(sink, putText(sink, 'literal'));
    return { ...putWholeCall(sink, 'a', { exec: { nodeId } }), nodeId };
  }),
  'exec_contradiction: function': ofCall((sink) =>
    putWholeCall(sink, 'a', { exec: { functionDatumId: putFunction(sink, 'x:other') } }),
  ),
  'exec_contradiction: number of inputs': ofCall((sink) =>
    putWholeCall(sink, 'a', { exec: { inputs: [putText(sink, 'only one')] } }),
  ),
  'exec_contradiction: request': ofCall((sink) =>
    putWholeCall(sink, 'a', { exec: { requestId: putRequestOf(sink, putWholeCall(sink, 'b').exec) } }),
  ),
  'exec_contradiction: source': ofCall((sink) =>
    putWholeCall(sink, 'a', { exec: { sourceExecId: putWholeCall(sink, 'b').execId } }),
  ),
  'entry_contradiction: pin': (sink) => {
    const { nodeId } = putWholeCall(sink, 'a');
    const { execId } = putWholeCall(sink, 'b');
    const at = putCommit(sink, { pins: { [nodeId]: execId } as never });
    return { at, commitId: at };
  },
  'details_invalid: of a commit': (sink) => {
    const at = putCommit(sink, { detailsDatumId: putText(sink, 'no map') });
    return { at, commitId: at };
  },
  'details_invalid: of an exec': ofCall((sink) =>
    putWholeCall(sink, 'a', { exec: { detailsDatumId: putText(sink, 'no map') } }),
  ),
};

/** Moves the branch to a commit over one value. */
function branchOver(transaction: WriteTransaction, datumId: DatumId): void {
  setRef(transaction, MAIN, commitOver(transaction, datumId));
}

/** Counts how often the rows of some objects are read while something runs. */
async function readsOf(store: Store, keys: ReadonlySet<string>, run: () => Promise<void>): Promise<number> {
  let reads = 0;
  const { tables } = store.engine;
  const watched = watchedEngine(store.engine, 'objects', (member, key) => {
    if (member === 'getBinary' && keys.has(Buffer.from(key).toString('hex'))) reads += 1;
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

for (const [detail, requirement, cases] of [
  ['not_canonical', 'DML-STO-1041', NOT_CANONICAL],
  ['contradiction', 'DML-STO-1042', CONTRADICTIONS],
] as const) {
  describe(`an import of what is refused as ${detail}`, () => {
    for (const [name, put] of Object.entries(cases)) {
      it(`moves no ref, however often: ${name} [${requirement}]`, async () => {
        const sink = new StreamObjects();
        const { at, commitId } = put(sink);
        const mine = commitTo(target, { text: 'mine' });
        const refused = {
          code: 'transfer_invalid',
          detail,
          fields: expect.objectContaining({ objectId: at, kind: name.split(':')[0] }),
        };
        // What the first one left behind makes the second one no wiser.
        for (const stream of [sink.streamTo(commitId), sink.streamTo(commitId), streamTo(commitId, [])])
          await expect(imported(target, stream, { force: true })).rejects.toMatchObject(refused);
        expect(target.readRefs().map((ref) => ref.commitId)).toEqual([mine]);
      });
    }
  });
}

describe('the check of an import', () => {
  it('names the object and what a verification finds [DML-STO-1046]', async () => {
    for (const put of [...Object.values(NOT_CANONICAL), ...Object.values(CONTRADICTIONS)]) {
      const target = await openFixture();
      const sink = new StreamObjects();
      const { commitId } = put(sink);
      const error = await imported(target, sink.streamTo(commitId)).catch((caught: unknown) => caught);
      const findings = await findingsOf(target);
      const { kind, class: objectClass, objectId } = (error as { fields: Record<string, unknown> }).fields;
      expect(findings).toContainEqual(expect.objectContaining({ code: kind, class: objectClass, objectId }));
    }
  });

  it('leaves out what the imported refs do not reach', async () => {
    const sink = new StreamObjects();
    cutEarly(sink);
    putCommit(sink, { detailsDatumId: putText(sink, 'no map') });
    const commitId = commitOver(sink, putText(sink, 'sound'));
    expect(await imported(target, sink.streamTo(commitId))).toMatchObject({ state: 'applied' });
    const faulty = commitOver(sink, cutEarly(sink));
    const both = sink.streamTo(faulty);
    expect(await imported(target, both, { mapRef: () => undefined })).toMatchObject({ state: 'applied' });
    expect(await failureOf(imported(target, both, { force: true }))).toBe('transfer_invalid/not_canonical');
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

  it('reads pages once that many search trees share [DML-STO-1048]', async () => {
    const readsWith = async (dags: number): Promise<number> => {
      const sink = new StreamObjects();
      const nodeId = putLiteral(sink, putText(sink, 'shared'));
      const entries = Array.from(
        { length: 3_000 },
        (_, index) => [`name ${10_000 + index}`, nodeId] as const,
      );
      const names = buildTree('names', entries, sink.pages);
      const leaves = sink.records.filter((bytes) => bytes[2] === CLASS_BYTES.page && bytes[4] === 0);
      expect(leaves.length).toBeGreaterThan(8);
      const commitId = putCommit(sink, {
        dags: Object.fromEntries(
          Array.from({ length: dags }, (_, index) => {
            const rootNodeId = putLiteral(sink, putText(sink, `${index}`));
            return [`${index}`, putRecord<DagId>(sink, { type: 'dag', rootNodeId, names })];
          }),
        ),
      });
      const target = await openFixture();
      const keys = leaves.map((bytes) => (objectKey('page', hashBytes(bytes)) as Buffer).toString('hex'));
      return readsOf(target, new Set(keys), async () => {
        expect(await imported(target, sink.streamTo(commitId))).toMatchObject({ state: 'applied' });
      });
    };
    expect(await readsWith(40)).toBe(await readsWith(1));
  });

  it('has nothing against calls with all that goes with them', async () => {
    const source = await openFixture();
    source.transact('calls', (transaction) => {
      const call = putWholeCall(transaction, 'a');
      const requestId = putRequestOf(transaction, call.exec);
      const own = putWholeCall(transaction, 'a', { exec: { requestId, startedMs: 1, finishedMs: 2 } });
      const derived = putWholeCall(transaction, 'a', { exec: { sourceExecId: own.execId } });
      const commitId = putCommit(transaction, {
        dags: { a: call.dagId },
        pins: { [call.nodeId]: derived.execId } as never,
        requests: { [call.nodeId]: requestId } as never,
      });
      setRef(transaction, MAIN, commitId);
    });
    expect(await imported(target, await exported(source))).toMatchObject({ state: 'applied' });
    expect(await findingsOf(target)).toEqual([]);
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
