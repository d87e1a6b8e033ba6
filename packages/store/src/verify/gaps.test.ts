import {
  buildTree,
  type ChunkId,
  type DatumId,
  decodeRecord,
  encodeRecord,
  hashBytes,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { excise } from '../../test/excise.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture } from '../../test/fixture-store.ts';
import { NEWER_CLASS_BYTE, NEWER_RECORDS } from '../../test/newer-records.ts';
import { contentOf, mapEntries, pagesOf, putLiteral, putRecord, putText } from '../../test/records.ts';
import { withhold } from '../../test/rows.ts';
import type { ObjectName } from '../excision/plan.ts';
import { encodeStub } from '../objects/stubs.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

describe('a verification of a store with stubs', () => {
  it('finds nothing wrong with what links to something withheld [DML-STO-0842]', async () => {
    const withheld: ObjectName[] = [];
    store.transact('fill', (transaction) => {
      const sink = pagesOf(transaction);
      const datumId = putText(transaction, 'withheld');
      putLiteral(transaction, datumId);
      withheld.push({ class: 'datum', objectId: datumId });
      const blob = writeBlob(contentOf(400_000), sink);
      putRecord(transaction, blob);
      withheld.push({ class: 'chunk', objectId: (blob.root as readonly [ChunkId, number][])[1]![0] });
      const root = buildTree('map', mapEntries(3_000), sink) as PageId;
      putRecord(transaction, { type: 'datum', kind: 'map', root });
      const top = decodeRecord(transaction.get('page', root) as Buffer, 'page');
      withheld.push({ class: 'page', objectId: (top.entries[1] as unknown as [string, PageId])[1] });
    });
    expect(await findingsOf(store)).toEqual([]);
    for (const name of withheld) withhold(store, name);
    expect(await findingsOf(store)).toEqual([]);
    store.transact('lose', (transaction) => {
      for (const name of withheld)
        transaction.deleteRow('stubs', objectKey(name.class, name.objectId) as Buffer);
    });
    const codes = new Set((await findingsOf(store)).map((finding) => finding.code));
    expect([...codes].sort()).toEqual(['blob_wrong', 'link_broken', 'tree_not_canonical']);
  });

  it('finds the stub of an object that is present or excised [DML-STO-0843]', async () => {
    const ids = store.transact('fill', (transaction) =>
      ['present', 'excised'].map((text) => putText(transaction, text)),
    );
    await excise(store, { class: 'datum', objectId: ids[1]! });
    expect(await findingsOf(store)).toEqual([]);
    store.transact('harm', (transaction) => {
      for (const objectId of ids) {
        const key = objectKey('datum', objectId) as Buffer;
        const facts = { class: 'datum', objectId, domain: 'did:key:z6Mk', timeMs: 1 } as const;
        transaction.putRow('stubs', key, encodeStub(key, facts));
      }
    });
    const findings = await findingsOf(store);
    expect(findings).toHaveLength(2);
    expect(findings).toEqual(
      expect.arrayContaining(ids.map((objectId) => ({ code: 'stub_outdated', class: 'datum', objectId }))),
    );
  });
});

describe('a verification of a store with objects of a newer format', () => {
  it('finds them as such, and nothing wrong with what links to them [DML-STO-0934]', async () => {
    const expected: object[] = [];
    store.transact('fill', (transaction) => {
      for (const { class: objectClass, bytes } of NEWER_RECORDS) {
        transaction.put(objectClass, bytes);
        expected.push({ code: 'object_newer', class: objectClass, objectId: hashBytes(bytes) });
      }
      const [, kind, , , page] = NEWER_RECORDS.map(({ bytes }) => hashBytes(bytes));
      putLiteral(transaction, kind as DatumId);
      putRecord(transaction, { type: 'datum', kind: 'list', root: [kind as DatumId] });
      putRecord(transaction, { type: 'datum', kind: 'list', root: page as PageId });
      const sha256 = hashBytes(Buffer.from('content'));
      putRecord(transaction, {
        type: 'datum',
        kind: 'blob',
        sizeBytes: 7,
        contentSha256: sha256,
        root: page as PageId,
      });
    });
    const findings = await findingsOf(store);
    expect(findings).toHaveLength(expected.length);
    expect(findings).toEqual(expect.arrayContaining(expected));
  });

  it('finds those of a class that it does not know [DML-STO-0933]', async () => {
    const bytes = encodeRecord({ type: 'datum', kind: 'null' });
    const id = Buffer.from(hashBytes(bytes), 'hex');
    const keyOf = (first: number, tail: Buffer = id): Buffer => Buffer.concat([Buffer.from([first]), tail]);
    store.transact('fill', (transaction) => {
      transaction.putRow('objects', keyOf(NEWER_CLASS_BYTE), bytes);
      transaction.putRow('objects', keyOf(255), bytes);
    });
    const newer = { code: 'object_newer', class: 'unknown', objectId: hashBytes(bytes) };
    expect(await findingsOf(store)).toEqual([newer, newer]);
    // Neither are keys that no version has.
    store.transact('harm', (transaction) => {
      transaction.putRow('objects', keyOf(7), bytes);
      transaction.putRow('objects', keyOf(NEWER_CLASS_BYTE, id.subarray(1)), bytes);
    });
    const codes = (await findingsOf(store)).map((finding) => finding.code);
    expect(codes.filter((code) => code === 'object_key_invalid')).toHaveLength(2);
    expect(codes.filter((code) => code === 'object_newer')).toHaveLength(2);
  });
});
