import {
  buildTree,
  type CommitId,
  type DatumId,
  encodeRecord,
  hashBytes,
  type MapDatum,
  type NodeId,
  type ObjectClass,
  type ObjectId,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISION_FACTS, excise } from '../../test/excise.ts';
import { type Fault, NOT_CANONICAL } from '../../test/faults.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import {
  contentOf,
  mapEntries,
  pagesOf,
  putCommit,
  putLiteral,
  putRecord,
  putText,
} from '../../test/records.ts';
import { spoilObject, watchedEngine } from '../../test/rows.ts';
import { commitTo, MAIN, StreamObjects } from '../../test/streams.ts';
import { TABLE_NAMES } from '../engine/tables.ts';
import { putTombstone, type TombstoneFacts } from '../objects/tombstone.ts';
import { headRef, type RefName, refKey } from '../refs/ref-name.ts';
import { encodeRef } from '../refs/refs.ts';
import type { Store } from '../store.ts';
import { encodeJsonRow } from '../tables/checksummed-row.ts';
import { objectKey, sequenceKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { VerifySummary } from './finding.ts';
import { verifyStore } from './verify-store.ts';

/** A store with one of most things, and nothing wrong. */
let store: Store;
let commitId: CommitId;
let datumId: DatumId;
let nodeId: NodeId;

beforeEach(async () => {
  store = await openFixture();
  commitId = commitTo(store, { text: 'text' });
  store.transact('fill', (transaction) => {
    datumId = putText(transaction, 'text');
    nodeId = putLiteral(transaction, datumId);
    const pages = pagesOf(transaction);
    const blobId: DatumId = putRecord(transaction, writeBlob(Buffer.alloc(700_000, 'blob'), pages));
    putRecord(transaction, {
      type: 'datum',
      kind: 'map',
      root: buildTree('map', mapEntries(3_000, blobId), pages),
    });
  });
  setRef(store, 'other', commitId);
  setRef(store, 'other', null);
});

/** Changes rows as a fault would. */
function harm(change: (transaction: WriteTransaction) => void): void {
  store.transact('harm', change);
}

const NO_RECORD = Buffer.from('no record');
const NULL = encodeRecord({ type: 'datum', kind: 'null' });
const ABSENT = '1'.repeat(64) as DatumId;
const OTHER = headRef('other');

function tombstoneOf(objectClass: ObjectClass, objectId: ObjectId): TombstoneFacts {
  return { class: objectClass, objectId, ...EXCISION_FACTS, timeMs: 1 };
}

function putRefRow(transaction: WriteTransaction, name: RefName, sequence: number): void {
  const row = encodeRef({ name, targetId: commitId, sequence });
  transaction.putRow('refs', row.key, row.value);
}

describe('verifyStore', () => {
  it('finds nothing in a store that is as it should be, and sums up what it saw', async () => {
    await excise(store, { class: 'datum', objectId: datumId });
    const summary: VerifySummary = await verifyStore(store, {
      onFinding: (finding) => expect(finding).toBeUndefined(),
    });
    expect(summary).toEqual({
      objects: store.engine.tables.objects.getKeysCount(),
      bytes: expect.any(Number),
      refs: 1,
      journalRows: 3,
      findings: 0,
      leftovers: 0,
    });
  });

  it.each<[string, (transaction: WriteTransaction) => void, () => object[]]>([
    [
      'an object whose bytes do not hash to its id [DML-STO-0901]',
      (transaction) => transaction.putRow('objects', objectKey('node', nodeId)!, Buffer.from('rotten')),
      () => [{ code: 'object_damaged', class: 'node', objectId: nodeId }],
    ],
    [
      'an object that is no record of its class [DML-STO-0902]',
      (transaction) => {
        transaction.put('datum', NO_RECORD);
        transaction.put('dag', NULL);
      },
      () => [
        { code: 'object_undecodable', class: 'datum', objectId: hashBytes(NO_RECORD) },
        { code: 'object_undecodable', class: 'dag', objectId: hashBytes(NULL) },
      ],
    ],
    [
      'a link to an object that is absent [DML-STO-0903]',
      (transaction) => putLiteral(transaction, ABSENT),
      () => [{ code: 'link_broken', class: 'node', to: { class: 'datum', objectId: ABSENT } }],
    ],
    [
      'a link to an object that is there under another class [DML-STO-0903]',
      (transaction) => putLiteral(transaction, nodeId as never),
      () => [{ code: 'link_broken', class: 'node', to: { class: 'datum', objectId: nodeId } }],
    ],
    [
      'a ref whose commit is excised [DML-STO-0904]',
      (transaction) => putTombstone(transaction, tombstoneOf('commit', commitId)),
      () => [{ code: 'ref_broken', ref: MAIN, commitId }],
    ],
    [
      'a ref whose commit is absent [DML-STO-0904]',
      (transaction) => transaction.deleteRow('objects', objectKey('commit', commitId)!),
      () => [{ code: 'ref_broken', ref: MAIN, commitId }],
    ],
    [
      'a missing sequence of the journal [DML-STO-0905]',
      (transaction) => transaction.deleteRow('journal', sequenceKey(2)),
      () => [
        { code: 'journal_gap', fromSequence: 2, toSequence: 2 },
        { code: 'journal_contradiction', sequence: 3, ref: OTHER, expected: null, actual: commitId },
      ],
    ],
    [
      'a journal row that contradicts the one before [DML-STO-0906]',
      (transaction) => {
        const key = sequenceKey(4);
        const entry = { sequence: 4, timeMs: 1, actor: 'a', ref: MAIN, old: null, new: commitId, reason: '' };
        transaction.putRow('journal', key, encodeJsonRow('journal', key, entry));
      },
      () => [
        { code: 'journal_contradiction', sequence: 4, ref: MAIN, expected: commitId, actual: null },
        { code: 'ref_sequence_wrong', ref: MAIN, expected: 4, actual: 1 },
      ],
    ],
    [
      'a ref with another sequence than its newest journal row [DML-STO-0930]',
      (transaction) => putRefRow(transaction, MAIN, 2),
      () => [{ code: 'ref_sequence_wrong', ref: MAIN, expected: 1, actual: 2 }],
    ],
    [
      'refs that differ from what the journal ends with [DML-STO-0907]',
      (transaction) => {
        putRefRow(transaction, OTHER, 3);
        transaction.deleteRow('refs', refKey(MAIN));
      },
      () => [
        { code: 'ref_unjournaled', ref: OTHER, journaled: null, actual: commitId },
        { code: 'ref_unjournaled', ref: MAIN, journaled: commitId, actual: null },
      ],
    ],
    [
      'tombstones and excisions that lack each other [DML-STO-0914]',
      (transaction) => {
        putTombstone(transaction, tombstoneOf('datum', datumId));
        transaction.deleteRow('excised', objectKey('datum', datumId)!);
        const missing = objectKey('node', nodeId)!;
        transaction.putRow('excised', missing, encodeJsonRow('excised', missing, {}));
      },
      () => [
        { code: 'tombstone_unlisted', class: 'datum', objectId: datumId },
        { code: 'tombstone_missing', class: 'node', objectId: nodeId },
      ],
    ],
  ])('finds %s', async (_, harm, expected) => {
    store.transact('harm', (transaction) => void harm(transaction));
    expect(await findingsOf(store)).toEqual(expected().map((finding) => expect.objectContaining(finding)));
  });

  it('writes nothing [DML-STO-0910]', async () => {
    const before = (store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId;
    expect((await verifyStore(store)).objects).toBe(store.engine.tables.objects.getKeysCount());
    expect((store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId).toBe(before);
  });

  it('goes on after every finding, whatever it is about [DML-STO-0911]', async () => {
    spoilObject(store, 'node', nodeId);
    spoilObject(store, 'datum', datumId);
    harm((transaction) => {
      transaction.putRow('meta', Buffer.from('note'), Buffer.from('unsealed'));
      transaction.deleteRow('journal', sequenceKey(1));
    });
    expect((await findingsOf(store)).map((finding) => finding.code)).toEqual([
      'object_damaged',
      'object_damaged',
      'row_damaged',
      'journal_gap',
      'ref_unjournaled',
    ]);
  });

  it('ends between two steps when it is told to [DML-STO-0912]', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const stopped = verifyStore(store, {
      signal: controller.signal,
      onProgress: (progress) => {
        seen.push(progress.phase);
        controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow();
    expect(seen).toEqual(['objects']);
  });

  it('finds a sealed row whose checksum does not hold, in every table [DML-STO-0913]', async () => {
    const tables = TABLE_NAMES.filter((table) => table !== 'objects' && table !== 'cache');
    for (const table of tables) {
      const key = Buffer.alloc(33, 0xee);
      harm((transaction) => transaction.putRow(table, key, Buffer.from('not sealed')));
      const findings = await findingsOf(store);
      expect(findings).toContainEqual({ code: 'row_damaged', table, keyHex: key.toString('hex') });
      store.transact('mend', (transaction) => void transaction.deleteRow(table, key));
    }
    expect(await findingsOf(store)).toEqual([]);
  });

  it('finds a fault behind a page that was excised [DML-STO-0921]', async () => {
    const sink = new StreamObjects();
    const { finding } = (NOT_CANONICAL['a count that is not that of the page [DML-STO-0908]'] as Fault)(sink);
    harm((transaction) => sink.putInto(transaction));
    const { root } = store.getRecord('datum', finding.objectId as DatumId) as MapDatum;
    const [[, pageId]] = store.getRecord('page', root as PageId)!.entries as unknown as [[string, PageId]];
    await excise(store, { class: 'page', objectId: pageId });
    expect(await findingsOf(store)).toEqual([expect.objectContaining(finding)]);
  });

  it('reads pages that many commits share once [DML-STO-0922]', async () => {
    const readsOf = async (): Promise<number> => {
      let reads = 0;
      const engine = watchedEngine(store.engine, 'objects', (member) => {
        if (member === 'getBinaryFast') reads += 1;
      });
      await verifyStore({ engine });
      return reads;
    };
    const pins = store.transact('pins', (transaction) => {
      const nodes = Array.from({ length: 2_000 }, (_, index) =>
        putLiteral(transaction, putText(transaction, `${index}`)),
      );
      const entries = nodes.sort().map((nodeId) => [nodeId, nodeId as never] as const);
      return buildTree('pins', entries, pagesOf(transaction)) as PageId;
    });
    const commitMany = (count: number): void =>
      store.transact('commits', (transaction) => {
        for (let index = 0; index < count; index += 1) putCommit(transaction, { pins, message: `${index}` });
      });
    commitMany(1);
    const before = await readsOf();
    commitMany(20);
    expect((await readsOf()) - before).toBeLessThan(20 * 10);
  });

  it('can end within one collection or blob, however large [DML-STO-0923]', async () => {
    for (const kind of ['map', 'blob'] as const) {
      const store = await openFixture();
      store.transact('large', (transaction) => {
        const pages = pagesOf(transaction);
        if (kind === 'blob') {
          putRecord(transaction, writeBlob(contentOf(24 << 20), pages));
        } else {
          const root = buildTree('map', mapEntries(200_000), pages);
          putRecord(transaction, { type: 'datum', kind: 'map', root });
        }
      });
      const objects = store.engine.tables.objects.getKeysCount();
      const steps: number[] = [];
      await verifyStore(store, {
        onProgress: ({ phase, done }) => {
          if (phase === 'objects') steps.push(done);
        },
      });
      expect(objects).toBeGreaterThan(256);
      expect(objects).toBeLessThan(2_000);
      // One step would do for so few objects, were it not for the size of one of them.
      expect(steps.length).toBeGreaterThan(1);
      expect(steps.length).toBeLessThan(objects / 50);
    }
  });
});
