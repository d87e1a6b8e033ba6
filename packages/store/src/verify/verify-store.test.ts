import {
  buildTree,
  type CommitId,
  type DagId,
  type DatumId,
  decodeRecord,
  encodeRecord,
  hashBytes,
  type NodeId,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import {
  pagesOf,
  putCommit,
  putLiteral,
  putRecord,
  putText,
  putTextDag,
  putTree,
} from '../../test/records.ts';
import { TABLE_NAMES } from '../engine/tables.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import { encodeTombstone } from '../objects/tombstone.ts';
import { refKey } from '../refs/ref-name.ts';
import { encodeRef } from '../refs/refs.ts';
import type { Store } from '../store.ts';
import { encodeJsonRow } from '../tables/checksummed-row.ts';
import { objectKey, sequenceKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { Finding, VerifySummary } from './finding.ts';
import { verifyStore } from './verify-store.ts';

async function findingsOf(store: Store): Promise<Finding[]> {
  const findings: Finding[] = [];
  const list = (finding: Finding): void => void findings.push(finding);
  const summary = await verifyStore(store, { onFinding: list, onLeftover: list });
  expect(summary.findings + summary.leftovers).toBe(findings.length);
  return findings;
}

interface Filled {
  readonly store: Store;
  readonly commitId: CommitId;
  readonly datumId: DatumId;
  readonly nodeId: NodeId;
}

/** A store with one of most things, and nothing wrong. */
async function filledStore(): Promise<Filled> {
  const store = await openFixture();
  let ids: Omit<Filled, 'store'> | undefined;
  store.transact('fill', (transaction) => {
    const datumId = putText(transaction, 'text');
    const nodeId = putLiteral(transaction, datumId);
    const pages = pagesOf(transaction);
    const blobId: DatumId = putRecord(transaction, writeBlob(Buffer.alloc(700_000, 'blob'), pages));
    const keys = Array.from({ length: 3_000 }, (_, index) => `key ${String(index).padStart(5, '0')}`);
    const root = buildTree(
      'map',
      keys.map((key) => [key, blobId] as const),
      pages,
    );
    putRecord(transaction, { type: 'datum', kind: 'map', root });
    const commitId = putCommit(transaction, { dags: { a: putTextDag(transaction, 'text') } });
    ids = { commitId, datumId, nodeId };
  });
  const filled = { store, ...(ids as Omit<Filled, 'store'>) };
  setRef(store, 'main', filled.commitId);
  setRef(store, 'other', filled.commitId);
  setRef(store, 'other', null);
  return filled;
}

/** A map whose top page counts wrongly what is below its second entry; `excised` is a page below the first. */
function wrongTree(store: Store): { excised: PageId; root: DatumId } {
  let excised = '' as PageId;
  let root = '' as DatumId;
  store.transact('harm', (transaction) => {
    const pages = pagesOf(transaction);
    const entries = Array.from(
      { length: 3_000 },
      (_, index) => [`key ${10_000 + index}`, { type: 'datum', kind: 'bool', value: true }] as const,
    );
    const topId = buildTree('map', entries, pages) as PageId;
    const top = decodeRecord(transaction.get('page', topId) as Buffer, 'page');
    const [first, [key, pageId, count], ...rest] = top.entries as unknown as [string, PageId, number][] as [
      [string, PageId, number],
      [string, PageId, number],
    ];
    excised = first[1];
    const wrong = { ...top, entries: [first, [key, pageId, count + 1], ...rest] } as never;
    root = putRecord(transaction, {
      type: 'datum',
      kind: 'map',
      root: putRecord<PageId>(transaction, wrong),
    });
  });
  return { excised, root };
}

describe('verifyStore', () => {
  it('finds nothing in a store that is as it should be, and sums up what it saw', async () => {
    const { store, datumId } = await filledStore();
    const objects = [{ class: 'datum', objectId: datumId } as const];
    applyExcision(store, await planExcision(store, { objects }), { reason: 'r', message: '', actor: 'a' });
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

  it('finds an object whose bytes do not hash to its id [DML-STO-0901]', async () => {
    const { store, nodeId } = await filledStore();
    store.transact('harm', (transaction) =>
      transaction.putRow('objects', objectKey('node', nodeId)!, Buffer.from('rotten')),
    );
    expect(await findingsOf(store)).toEqual([{ code: 'object_damaged', class: 'node', objectId: nodeId }]);
  });

  it('finds an object that is no record of its class [DML-STO-0902]', async () => {
    const { store } = await filledStore();
    const bytes = Buffer.from('no record');
    const datum = encodeRecord({ type: 'datum', kind: 'null' });
    store.transact('harm', (transaction) => {
      transaction.put('datum', bytes);
      transaction.put('dag', datum);
    });
    expect(await findingsOf(store)).toEqual([
      expect.objectContaining({ code: 'object_undecodable', class: 'datum', objectId: hashBytes(bytes) }),
      expect.objectContaining({ code: 'object_undecodable', class: 'dag', objectId: hashBytes(datum) }),
    ]);
  });

  it('finds a link to an object that is absent under its class [DML-STO-0903]', async () => {
    const { store, datumId, nodeId } = await filledStore();
    const absent = '1'.repeat(64) as DatumId;
    let lost = '' as NodeId;
    let misplaced = '' as NodeId;
    store.transact('harm', (transaction) => {
      lost = putLiteral(transaction, absent);
      misplaced = putLiteral(transaction, nodeId as unknown as DatumId);
    });
    const findings = await findingsOf(store);
    expect(findings).toHaveLength(2);
    expect(findings).toEqual(
      expect.arrayContaining([
        { code: 'link_broken', class: 'node', objectId: lost, to: { class: 'datum', objectId: absent } },
        { code: 'link_broken', class: 'node', objectId: misplaced, to: { class: 'datum', objectId: nodeId } },
      ]),
    );
    expect(store.has('datum', datumId)).toBe(true);
  });

  it('finds a ref whose commit is absent or excised [DML-STO-0904]', async () => {
    const { store, commitId } = await filledStore();
    const key = objectKey('commit', commitId)!;
    const facts = {
      class: 'commit',
      objectId: commitId,
      reason: 'r',
      message: '',
      actor: 'a',
      timeMs: 1,
    } as const;
    store.transact('harm', (transaction) => {
      transaction.putRow('objects', key, encodeTombstone(key, facts));
      transaction.putRow('excised', key, encodeJsonRow('excised', key, {}));
    });
    expect(await findingsOf(store)).toEqual([{ code: 'ref_broken', ref: 'refs/heads/main', commitId }]);
    store.transact('harm', (transaction) => {
      transaction.deleteRow('objects', key);
      transaction.deleteRow('excised', key);
    });
    expect(await findingsOf(store)).toContainEqual({ code: 'ref_broken', ref: 'refs/heads/main', commitId });
  });

  it('finds a missing sequence of the journal [DML-STO-0905]', async () => {
    const { store, commitId } = await filledStore();
    store.transact('harm', (transaction) => void transaction.deleteRow('journal', sequenceKey(2)));
    expect(await findingsOf(store)).toEqual([
      { code: 'journal_gap', fromSequence: 2, toSequence: 2 },
      {
        code: 'journal_contradiction',
        sequence: 3,
        ref: 'refs/heads/other',
        expected: null,
        actual: commitId,
      },
    ]);
  });

  it('finds a journal row that contradicts the one before [DML-STO-0906]', async () => {
    const { store, commitId } = await filledStore();
    const key = sequenceKey(4);
    const entry = { sequence: 4, timeMs: 1, actor: 'a', ref: 'refs/heads/main', new: commitId, reason: '' };
    store.transact('harm', (transaction) =>
      transaction.putRow('journal', key, encodeJsonRow('journal', key, { ...entry, old: null })),
    );
    expect(await findingsOf(store)).toEqual([
      {
        code: 'journal_contradiction',
        sequence: 4,
        ref: 'refs/heads/main',
        expected: commitId,
        actual: null,
      },
      { code: 'ref_sequence_wrong', ref: 'refs/heads/main', expected: 4, actual: 1 },
    ]);
  });

  it('finds a ref with another sequence than its newest journal row [DML-STO-0930]', async () => {
    const { store, commitId } = await filledStore();
    store.transact('harm', (transaction) => {
      const row = encodeRef({ name: 'refs/heads/main' as never, commitId, sequence: 2 });
      transaction.putRow('refs', row.key, row.value);
    });
    expect(await findingsOf(store)).toEqual([
      { code: 'ref_sequence_wrong', ref: 'refs/heads/main', expected: 1, actual: 2 },
    ]);
  });

  it('finds refs that differ from what the journal ends with [DML-STO-0907]', async () => {
    const { store, commitId } = await filledStore();
    store.transact('harm', (transaction) => {
      const row = encodeRef({ name: 'refs/heads/extra' as never, commitId, sequence: 3 });
      transaction.putRow('refs', row.key, row.value);
      transaction.deleteRow('refs', refKey('refs/heads/main' as never));
    });
    expect(await findingsOf(store)).toEqual([
      { code: 'ref_unjournaled', ref: 'refs/heads/extra', journaled: null, actual: commitId },
      { code: 'ref_unjournaled', ref: 'refs/heads/main', journaled: commitId, actual: null },
    ]);
  });

  it('finds a search tree that is not the canonical one of its entries [DML-STO-0908]', async () => {
    const { store } = await filledStore();
    let treeId = '';
    let pageId = '';
    store.transact('harm', (transaction) => {
      const dagId = putTextDag(transaction, 'text');
      const entries = ['a', 'b', 'c'].map((name) => [name, dagId] as const) as [string, DagId][];
      const leafIds = [entries.slice(0, 1), entries.slice(1)].map((leaf) =>
        putRecord<PageId>(transaction, { type: 'page', role: 'dags', level: 0, entries: leaf }),
      );
      pageId = putRecord<PageId>(transaction, {
        type: 'page',
        role: 'dags',
        level: 1,
        entries: [
          ['a', leafIds[0]!, 1],
          ['c', leafIds[1]!, 2],
        ],
      });
      treeId = putRecord(transaction, { type: 'tree', dags: pageId as PageId });
    });
    expect(await findingsOf(store)).toEqual([
      expect.objectContaining({ code: 'tree_not_canonical', class: 'tree', objectId: treeId, role: 'dags' }),
    ]);
    expect(pageId).not.toBe('');
  });

  it('finds a blob whose chunks are not its content [DML-STO-0909]', async () => {
    const { store } = await filledStore();
    const blobs: DatumId[] = [];
    store.transact('harm', (transaction) => {
      const blob = (chunks: readonly Buffer[], contentSha256: string): DatumId => {
        for (const chunk of chunks) transaction.put('chunk', chunk);
        const root = chunks.map((chunk) => [hashBytes<'chunk'>(chunk), chunk.length] as const);
        const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        return putRecord(transaction, { type: 'datum', kind: 'blob', sizeBytes, contentSha256, root });
      };
      // Zeros are cut at the greatest length only.
      const [early, rest, whole] = [20_000, 30_000, 50_000].map((size) => Buffer.alloc(size));
      blobs.push(blob([early!, rest!], '2'.repeat(64)));
      blobs.push(blob([early!, rest!], hashBytes(whole!)));
      blob([whole!], hashBytes(whole!));
    });
    const findings = await findingsOf(store);
    expect(findings).toHaveLength(2);
    expect(findings).toContainEqual({
      code: 'blob_wrong',
      class: 'datum',
      objectId: blobs[0],
      reason: 'blob_content',
    });
    expect(findings).toContainEqual({
      code: 'blob_wrong',
      class: 'datum',
      objectId: blobs[1],
      reason: 'blob_chunks',
    });
  });

  it('writes nothing [DML-STO-0910]', async () => {
    const { store } = await filledStore();
    const before = (store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId;
    expect((await verifyStore(store)).objects).toBe(store.engine.tables.objects.getKeysCount());
    expect((store.engine.root.getStats() as { lastTxnId?: number }).lastTxnId).toBe(before);
  });

  it('goes on after every finding, whatever it is about [DML-STO-0911]', async () => {
    const { store, nodeId, datumId } = await filledStore();
    store.transact('harm', (transaction) => {
      transaction.putRow('objects', objectKey('node', nodeId)!, Buffer.from('rotten'));
      transaction.putRow('objects', objectKey('datum', datumId)!, Buffer.from('rotten'));
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
    const { store } = await filledStore();
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
    const { store } = await filledStore();
    const tables = TABLE_NAMES.filter((table) => table !== 'objects' && table !== 'cache');
    for (const table of tables) {
      const key = Buffer.alloc(33, 0xee);
      store.transact('harm', (transaction) => transaction.putRow(table, key, Buffer.from('not sealed')));
      const findings = await findingsOf(store);
      expect(findings).toContainEqual({ code: 'row_damaged', table, keyHex: key.toString('hex') });
      store.transact('mend', (transaction) => void transaction.deleteRow(table, key));
    }
    expect(await findingsOf(store)).toEqual([]);
  });

  it('finds tombstones and excisions that lack each other [DML-STO-0914]', async () => {
    const { store, datumId, nodeId } = await filledStore();
    const unlisted = objectKey('datum', datumId)!;
    const missing = objectKey('node', nodeId)!;
    const facts = {
      class: 'datum',
      objectId: datumId,
      reason: 'r',
      message: '',
      actor: 'a',
      timeMs: 1,
    } as const;
    store.transact('harm', (transaction) => {
      transaction.putRow('objects', unlisted, encodeTombstone(unlisted, facts));
      transaction.putRow('excised', missing, encodeJsonRow('excised', missing, {}));
    });
    expect(await findingsOf(store)).toEqual([
      { code: 'tombstone_unlisted', class: 'datum', objectId: datumId },
      { code: 'tombstone_missing', class: 'node', objectId: nodeId },
    ]);
  });

  it('finds a datum that is linked and should stand in place [DML-STO-0920]', async () => {
    const { store, datumId } = await filledStore();
    const linked: string[] = [];
    store.transact('harm', (transaction) => {
      const pages = pagesOf(transaction);
      const longest = putText(transaction, 'x'.repeat(124));
      const tooLong = putText(transaction, 'x'.repeat(125));
      const attached: DatumId = putRecord(transaction, {
        type: 'datum',
        kind: 'uri',
        value: `dml+exec://dml-worker/${datumId}/f`,
        attachmentDatumId: datumId,
      });
      linked.push(
        putRecord(transaction, { type: 'datum', kind: 'list', root: [tooLong, datumId] }),
        putRecord(transaction, { type: 'datum', kind: 'map', root: [['key', longest]] }),
      );
      putRecord(transaction, { type: 'datum', kind: 'list', root: [tooLong, attached] });
      const many = Array.from({ length: 3_000 }, (_, index) => [`key ${10_000 + index}`, tooLong] as const);
      const root = buildTree('map', [...many, ['last', datumId] as const], pages);
      putRecord(transaction, { type: 'datum', kind: 'map', root });
    });
    const findings = await findingsOf(store);
    expect(new Set(findings.map((finding) => finding.code))).toEqual(new Set(['element_linked']));
    expect(findings).toHaveLength(3);
    expect(findings).toEqual(
      expect.arrayContaining([
        ...linked.map((objectId) => expect.objectContaining({ class: 'datum', objectId })),
        expect.objectContaining({ class: 'page', to: { class: 'datum', objectId: datumId } }),
      ]),
    );
  });

  it('finds a fault behind a page that was excised [DML-STO-0921]', async () => {
    const { store } = await filledStore();
    const { excised, root } = wrongTree(store);
    expect((await findingsOf(store)).map((finding) => finding.code)).toEqual(['tree_not_canonical']);
    const objects = [{ class: 'page', objectId: excised } as const];
    applyExcision(store, await planExcision(store, { objects }), { reason: 'r', message: '', actor: 'a' });
    expect(await findingsOf(store)).toEqual([
      expect.objectContaining({
        code: 'tree_not_canonical',
        class: 'datum',
        objectId: root,
        fault: 'summary',
      }),
    ]);
  });

  it('reads pages that many commits share once [DML-STO-0922]', async () => {
    const { store } = await filledStore();
    const readsOf = async (): Promise<number> => {
      let reads = 0;
      const objects = new Proxy(store.engine.tables.objects, {
        get: (table, name) => {
          if (name === 'getBinaryFast') reads += 1;
          const value: unknown = Reflect.get(table, name, table);
          return typeof value === 'function' ? value.bind(table) : value;
        },
      });
      await verifyStore({ engine: { ...store.engine, tables: { ...store.engine.tables, objects } } });
      return reads;
    };
    let pins: unknown;
    const commitOf = (transaction: WriteTransaction, message: string): CommitId =>
      putRecord(transaction, {
        type: 'commit',
        treeId: putTree(transaction, {}),
        parentCommitIds: [],
        pins: pins as PageId,
        requests: [],
        author: 'a',
        authoredMs: 1,
        committer: 'a',
        committedMs: 1,
        message,
        detailsDatumId: null,
      });
    store.transact('pins', (transaction) => {
      const nodes = Array.from({ length: 2_000 }, (_, index) =>
        putLiteral(transaction, putText(transaction, `${index}`)),
      );
      pins = buildTree(
        'pins',
        nodes.sort().map((nodeId) => [nodeId, nodeId as never] as const),
        pagesOf(transaction),
      );
      commitOf(transaction, 'first');
    });
    const before = await readsOf();
    store.transact('more', (transaction) => {
      for (let index = 0; index < 20; index += 1) commitOf(transaction, `${index}`);
    });
    expect((await readsOf()) - before).toBeLessThan(20 * 10);
  });

  it('can end within one collection or blob, however large [DML-STO-0923]', async () => {
    for (const kind of ['map', 'blob'] as const) {
      const store = await openFixture();
      let objects = 0;
      store.transact('large', (transaction) => {
        const pages = pagesOf(transaction);
        if (kind === 'blob') {
          const content = Buffer.alloc(24 << 20);
          for (let at = 0; at < content.length; at += 4)
            content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
          putRecord(transaction, writeBlob(content, pages));
        } else {
          const entries = Array.from(
            { length: 200_000 },
            (_, index) => [`key ${1_000_000 + index}`, { type: 'datum', kind: 'null' }] as const,
          );
          putRecord(transaction, { type: 'datum', kind: 'map', root: buildTree('map', entries, pages) });
        }
      });
      objects = store.engine.tables.objects.getKeysCount();
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
