import {
  decodeRecord,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISED, EXCISION_FACTS, excise } from '../../test/excise.ts';
import { findingsOf } from '../../test/findings.ts';
import { openFixture, setRef } from '../../test/fixture-store.ts';
import { putCommit, putLiteral, putText, textBytes } from '../../test/records.ts';
import { keysOf, loseObject, watchedEngine } from '../../test/rows.ts';
import { StreamObjects } from '../../test/streams.ts';
import { readRow } from '../engine/reading.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import { liftExcision } from '../excision/lift.ts';
import { listWritesRows, readWritesRow } from '../sessions/session-writes.ts';
import type { Store } from '../store.ts';
import { decodeRow } from '../tables/checksummed-row.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { StubFacts } from './stubs.ts';

const DOMAIN = 'did:key:z6Mk';

function stubOf(objectClass: ObjectClass, objectId: ObjectId, timeMs = 7): StubFacts {
  return { class: objectClass, objectId, domain: DOMAIN, timeMs };
}

/** Puts stubs and says of each whether it was stored. */
function putStubs(store: Store, ...stubs: StubFacts[]): boolean[] {
  return store.transact('stubs', (transaction) => stubs.map((stub) => transaction.putStub(stub)));
}

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

describe('stubs', () => {
  it('are not stored of what is present or excised [DML-STO-0831]', async () => {
    const [present, excised] = store.transact('fill', (transaction) => {
      const datumId = putText(transaction, 'present');
      // One that the same transaction has just put.
      expect(transaction.putStub(stubOf('datum', datumId))).toBe(false);
      return [datumId, putText(transaction, 'excised')];
    });
    await excise(store, { class: 'datum', objectId: excised });
    const row = readRow(store.engine, 'objects', objectKey('datum', excised) as Buffer);
    expect(putStubs(store, stubOf('datum', present), stubOf('datum', excised))).toEqual([false, false]);
    expect(keysOf(store, 'stubs')).toEqual([]);
    expect(store.get('datum', present)).toEqual(textBytes('present'));
    expect(readRow(store.engine, 'objects', objectKey('datum', excised) as Buffer)).toEqual(row);
  });

  it('hold what is present like a put [DML-STO-0835]', async () => {
    const present = store.transact('fill', (transaction) => putText(transaction, 'present'));
    store.checkpoint();
    expect(listWritesRows(store.engine, 0)).toEqual([]);
    putStubs(store, stubOf('datum', present));
    const [row] = listWritesRows(store.engine, 0);
    expect(readWritesRow(store.engine, row!)).toEqual(objectKey('datum', present));
  });

  it('stand under the key of what is absent, the last one counts [DML-STO-0832]', async () => {
    const objectId = hashBytes<'datum'>(textBytes('absent'));
    expect(putStubs(store, stubOf('datum', objectId, 7))).toEqual([true]);
    expect(store.getStub('datum', objectId)).toEqual(stubOf('datum', objectId, 7));
    const later = { ...stubOf('datum', objectId, 8), domain: 'https://example.org/' };
    expect(putStubs(store, later)).toEqual([true]);
    expect(store.getStub('datum', objectId)).toEqual(later);
    expect(store.getStub('node', objectId as never)).toBeUndefined();
    const key = objectKey('datum', objectId) as Buffer;
    const row = readRow(store.engine, 'stubs', key) as Buffer;
    expect(decodeRecord(decodeRow('stubs', key, row))).toEqual({
      type: 'stub',
      objectClass: 'datum',
      objectId,
      domain: 'https://example.org/',
      timeMs: 8,
    });
    expect(keysOf(store, 'stubs')).toHaveLength(1);
  });

  it('pass on to what an object lacks that takes the place of its stub [DML-STO-0850]', async () => {
    // In a batch of small objects, and too large for one.
    for (const message of ['', 'x'.repeat(5_000)]) {
      const store = await openFixture();
      const absent = new StreamObjects();
      const parents = ['parent', 'other'].map((text) => putCommit(absent, { message: text }));
      const detailsDatumId = putText(absent, 'details');
      const commitId = putCommit(absent, { parents, message, detailsDatumId });
      const known = { ...stubOf('commit', parents[1]!, 1), domain: 'https://example.org/' };
      putStubs(store, stubOf('commit', commitId, 9), known);
      store.transact('fill', (transaction) => putCommit(transaction, { parents, message, detailsDatumId }));
      expect(store.get('commit', commitId)).toEqual(Buffer.from(absent.records.at(-1)!));
      expect(keysOf(store, 'stubs')).toHaveLength(3);
      for (const stub of [stubOf('commit', parents[0]!, 9), known, stubOf('datum', detailsDatumId, 9)])
        expect(store.getStub(stub.class, stub.objectId)).toEqual(stub);
      setRef(store, 'main', commitId);
      expect(await findingsOf(store)).toEqual([]);
      // What comes later, in any order, takes its place.
      store.transact('rest', (transaction) => {
        putCommit(transaction, { message: 'other' });
        putText(transaction, 'details');
      });
      expect(store.getStub('datum', detailsDatumId)).toBeUndefined();
    }
  });

  it('are refused for no object and for no domain', async () => {
    const objectId = hashBytes<'datum'>(textBytes('absent'));
    const wrong: readonly (readonly [object, string])[] = [
      [{ class: 'stub' }, 'object_class'],
      [{ objectId: 'abc' }, 'object_id'],
      [{ domain: 'no uri' }, 'uri_syntax'],
    ];
    for (const [member, detail] of wrong)
      expect(() => putStubs(store, { ...stubOf('datum', objectId), ...(member as object) })).toThrow(
        expect.objectContaining({ name: 'DmlError', detail }),
      );
    expect(keysOf(store, 'stubs')).toEqual([]);
    expect(putStubs(store, stubOf('datum', objectId))).toEqual([true]);
  });

  it('go in the transaction that puts the object [DML-STO-0833]', async () => {
    const small = textBytes('small');
    const large = Buffer.alloc(100_000, 'chunk');
    const later = textBytes('put later');
    const names = [
      ['datum', hashBytes(small)],
      ['chunk', hashBytes(large)],
      ['datum', hashBytes(later)],
    ] as const;
    putStubs(store, ...names.map(([objectClass, id]) => stubOf(objectClass, id)));
    expect(() =>
      store.transact('undone', (transaction) => {
        transaction.put('datum', small);
        throw new Error('undo');
      }),
    ).toThrow('undo');
    expect(keysOf(store, 'stubs')).toHaveLength(3);
    store.transact('put', (transaction) => {
      transaction.put('datum', small);
      transaction.put('chunk', large);
    });
    expect(keysOf(store, 'stubs')).toEqual([objectKey('datum', names[2][1])]);
    expect(store.get('datum', names[0][1])).toEqual(small);
    // A stub of the same transaction, in a store that had none when it began.
    const other = await openFixture();
    other.transact('both', (transaction) => {
      transaction.put('datum', small);
      transaction.putStub(stubOf('datum', names[2][1]));
      transaction.put('datum', later);
    });
    expect(keysOf(other, 'stubs')).toEqual([]);
  });

  it('cost one look in a transaction where there are none [DML-STO-0834]', async () => {
    let looks = 0;
    const { tables } = store.engine;
    const watched = watchedEngine(store.engine, 'stubs', () => {
      looks += 1;
    });
    Object.assign(store.engine, { tables: watched.tables });
    store.transact('put', (transaction) => {
      for (let index = 0; index < 500; index += 1) putText(transaction, `${index}`.padEnd(index * 10, '.'));
    });
    Object.assign(store.engine, { tables });
    expect(looks).toBe(1);
  });

  it('are named by a read that finds nothing, and by no other [DML-STO-0836]', async () => {
    const withheld = hashBytes<'datum'>(textBytes('withheld'));
    const missing = hashBytes<'datum'>(textBytes('missing'));
    putStubs(store, stubOf('datum', withheld));
    expect(() => store.read('datum', withheld)).toThrow(
      expect.objectContaining({
        code: 'object_withheld',
        fields: { class: 'datum', objectId: withheld, domain: DOMAIN },
      }),
    );
    expect(() => store.read('datum', missing)).toThrow(expect.objectContaining({ code: 'object_missing' }));
    expect(store.get('datum', withheld)).toBeUndefined();
    expect(store.getRecord('datum', withheld)).toBeUndefined();
    expect(store.has('datum', withheld)).toBe(false);
    store.transact('look', (transaction) => {
      expect(transaction.get('datum', withheld)).toBeUndefined();
      expect(transaction.retain('datum', withheld)).toBe(false);
    });
  });

  it('stand in for what a commit links when a ref moves to it [DML-STO-0837]', async () => {
    const whole = store.transact('fill', (transaction) => putCommit(transaction, {}));
    const { treeId } = store.getRecord('commit', whole)!;
    loseObject(store, 'tree', treeId);
    expect(() => setRef(store, 'main', whole)).toThrow(
      expect.objectContaining({ code: 'ref_target_missing' }),
    );
    putStubs(store, stubOf('tree', treeId));
    setRef(store, 'main', whole);
    expect(store.getRef('refs/heads/main' as never)?.commitId).toBe(whole);
    // A commit that is withheld itself is none to move to.
    const absent = hashBytes<'commit'>(Buffer.from('absent'));
    putStubs(store, stubOf('commit', absent));
    expect(() => setRef(store, 'other', absent)).toThrow(
      expect.objectContaining({ code: 'ref_target_missing' }),
    );
  });
});

describe('excision of what is withheld', () => {
  it('puts the tombstone in the place of the stub [DML-STO-0844]', async () => {
    const bytes = textBytes('withheld');
    const objectId = hashBytes<'datum'>(bytes);
    const objects = [{ class: 'datum', objectId }] as const;
    await expect(planExcision(store, { objects })).rejects.toMatchObject({ code: 'object_missing' });
    putStubs(store, stubOf('datum', objectId));
    const plan = await planExcision(store, { objects });
    expect(plan).toMatchObject({ excise: objects, exciseBytes: 0, excised: [] });
    applyExcision(store, plan, EXCISION_FACTS);
    expect(keysOf(store, 'stubs')).toEqual([]);
    expect(() => store.get('datum', objectId)).toThrow(EXCISED);
    expect(() => store.transact('come', (transaction) => transaction.put('datum', bytes))).toThrow(EXCISED);
  });

  it('is lifted for what links to something withheld [DML-STO-0845]', async () => {
    const datumId = hashBytes<'datum'>(textBytes('withheld'));
    const node = encodeRecord({ type: 'node', kind: 'literal', datumId });
    store.transact('fill', (transaction) => void putLiteral(transaction, datumId));
    await excise(store, { class: 'node', objectId: hashBytes(node) });
    expect(() => liftExcision(store, 'node', node)).toThrow(
      expect.objectContaining({ detail: 'incomplete' }),
    );
    putStubs(store, stubOf('datum', datumId));
    liftExcision(store, 'node', node);
    expect(store.has('node', hashBytes(node))).toBe(true);
  });
});
