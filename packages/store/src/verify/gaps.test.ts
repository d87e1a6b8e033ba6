import {
  buildTree,
  type ChunkId,
  type DatumId,
  decodeRecord,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import { NEWER_CLASS_BYTE, NEWER_RECORDS } from '../../test/newer-records.ts';
import { pagesOf, putLiteral, putRecord, putText } from '../../test/records.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import { encodeStub } from '../objects/stubs.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { Finding } from './finding.ts';
import { verifyStore } from './verify-store.ts';

async function findingsOf(store: Store): Promise<Finding[]> {
  const findings: Finding[] = [];
  const list = (finding: Finding): void => void findings.push(finding);
  await verifyStore(store, { onFinding: list, onLeftover: list });
  return findings;
}

function withhold(store: Store, objectClass: ObjectClass, objectId: ObjectId): void {
  store.transact('withhold', (transaction) => {
    transaction.deleteRow('objects', objectKey(objectClass, objectId) as Buffer);
    transaction.putStub({ class: objectClass, objectId, domain: 'did:key:z6Mk', timeMs: 1 });
  });
}

describe('a verification of a store with stubs', () => {
  it('finds nothing wrong with what links to something withheld [DML-STO-0842]', async () => {
    const store = await openFixture();
    const withheld: [ObjectClass, ObjectId][] = [];
    store.transact('fill', (transaction) => {
      const sink = pagesOf(transaction);
      const datumId = putText(transaction, 'withheld');
      putLiteral(transaction, datumId);
      withheld.push(['datum', datumId]);
      const content = Buffer.alloc(400_000);
      for (let at = 0; at < content.length; at += 4)
        content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
      const blob = writeBlob(content, sink);
      putRecord(transaction, blob);
      withheld.push(['chunk', (blob.root as readonly [ChunkId, number][])[1]![0]]);
      const entries = Array.from(
        { length: 3_000 },
        (_, index) => [`key ${10_000 + index}`, { type: 'datum', kind: 'bool', value: true }] as const,
      );
      const root = buildTree('map', entries, sink) as PageId;
      putRecord(transaction, { type: 'datum', kind: 'map', root });
      const top = decodeRecord(transaction.get('page', root) as Buffer, 'page');
      withheld.push(['page', (top.entries[1] as unknown as [string, PageId])[1]]);
    });
    expect(await findingsOf(store)).toEqual([]);
    for (const [objectClass, objectId] of withheld) withhold(store, objectClass, objectId);
    expect(await findingsOf(store)).toEqual([]);
    for (const [objectClass, objectId] of withheld)
      store.transact('lose', (transaction) => {
        transaction.deleteRow('stubs', objectKey(objectClass, objectId) as Buffer);
      });
    const codes = new Set((await findingsOf(store)).map((finding) => finding.code));
    expect([...codes].sort()).toEqual(['blob_wrong', 'link_broken', 'tree_not_canonical']);
  });

  it('finds the stub of an object that is present or excised [DML-STO-0843]', async () => {
    const store = await openFixture();
    const ids: DatumId[] = [];
    store.transact('fill', (transaction) => {
      for (const text of ['present', 'excised']) ids.push(putText(transaction, text));
    });
    const objects = [{ class: 'datum', objectId: ids[1]! }] as const;
    applyExcision(store, await planExcision(store, { objects }), { reason: 'r', message: '', actor: 'a' });
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
    const store = await openFixture();
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
    const store = await openFixture();
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
