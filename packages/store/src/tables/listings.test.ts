import { type DatumId, hashBytes } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISION_FACTS } from '../../test/excise.ts';
import { type FakeEnvironment, fakeEnvironment, openFixture } from '../../test/fixture-store.ts';
import { textBytes } from '../../test/records.ts';
import { commitTo } from '../../test/streams.ts';
import { compactStore } from '../compact/compact.ts';
import { readRows } from '../engine/reading.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import { runGc } from '../gc/run.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { decodeRow, encodeRow } from './checksummed-row.ts';
import type { ListingChange } from './listings.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const place = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function put(store: Store, number: number, change: Partial<ListingChange> = {}): void {
  store.transact('files', (transaction) => {
    transaction.putListing({
      place: place(number),
      datumIds: [],
      head: bytes(`head ${number}`),
      partCount: 0,
      parts: new Map(),
      ...change,
    });
  });
}

function parts(...texts: string[]): Pick<ListingChange, 'partCount' | 'parts'> {
  return { partCount: texts.length, parts: new Map(texts.map((text, at) => [at, bytes(text)])) };
}

/** The head and the parts of a listing as text; undefined where there is none. */
function look(store: Store, number: number): (string | undefined)[] | undefined {
  const listing = store.readListing(place(number));
  if (listing === undefined) return undefined;
  const texts = Array.from({ length: listing.partCount }, (_, part) =>
    store.readListingPart(place(number), part)?.toString(),
  );
  return [Buffer.from(listing.head).toString(), ...texts];
}

const there = (store: Store, numbers: number[]): number[] =>
  numbers.filter((number) => store.readListing(place(number)) !== undefined);

/** Writes over the last byte of the row of a listing. */
function damage(store: Store, number: number, row: number): void {
  store.transact('damage', (transaction) => {
    const found = readRows(store.engine, 'files').find(
      ({ key }) => key.subarray(0, 32).equals(place(number)) && key.readUInt32BE(32) === row,
    );
    if (!found) throw new Error('no such row');
    found.value[found.value.length - 1]! ^= 1;
    transaction.putRow('files', found.key, found.value);
  });
}

function commitText(text: string): DatumId {
  commitTo(store, { text });
  return hashBytes(textBytes(text)) as DatumId;
}

let environment: FakeEnvironment;
let store: Store;

beforeEach(async () => {
  environment = fakeEnvironment();
  environment.nowMsValue = 100 * DAY_MS;
  store = await openFixture(environment);
});

describe('listings', () => {
  it('hold head, parts, datums and the day of their last use', async () => {
    environment.nowMsValue = 20_000.5 * DAY_MS;
    const datumIds = ['ab'.repeat(32), 'cd'.repeat(32)] as DatumId[];
    put(store, 1, { datumIds, ...parts('one', 'two') });
    put(store, 2);
    expect(store.readListing(place(1))).toMatchObject({ datumIds, partCount: 2, usedDay: 20_000 });
    expect(look(store, 1)).toEqual(['head 1', 'one', 'two']);
    expect(look(store, 2)).toEqual(['head 2']);
    expect(look(store, 3)).toBeUndefined();
    expect(store.readListingPart(place(1), 2)).toBeUndefined();
  });

  it('keep the parts that are not written again, and lose those beyond their number [DML-STO-0586]', async () => {
    put(store, 1, parts('a', 'b', 'c', 'd'));
    put(store, 1, { head: bytes('new'), partCount: 3, parts: new Map([[1, bytes('B')]]) });
    expect(look(store, 1)).toEqual(['new', 'a', 'B', 'c']);
    expect(store.readListingPart(place(1), 3)).toBeUndefined();
    expect(readRows(store.engine, 'files')).toHaveLength(4);
  });

  it('are refused for what is no place', async () => {
    expect(() => put(store, 1, { place: new Uint8Array(31) })).toThrow(
      expect.objectContaining({ code: 'store_misuse' }),
    );
    expect(() => store.readListing(new Uint8Array(33))).toThrow(
      expect.objectContaining({ code: 'store_misuse' }),
    );
  });

  it('read as absent where a row is damaged, and can be written again [DML-STO-0581]', async () => {
    put(store, 1, parts('a', 'b'));
    damage(store, 1, 2);
    expect(look(store, 1)).toEqual(['head 1', 'a', undefined]);
    damage(store, 1, 0);
    expect(store.readListing(place(1))).toBeUndefined();
    put(store, 2);
    const { files } = store.engine.tables;
    const { getBinary } = files;
    files.getBinary = () => {
      throw new Error('MDB_CORRUPTED');
    };
    expect(store.readListing(place(2))).toBeUndefined();
    files.getBinary = getBinary;
    put(store, 1, parts('x'));
    expect(look(store, 1)).toEqual(['head 1', 'x']);
  });

  it('read as absent where the first row is too short for what it says [DML-STO-0581]', async () => {
    put(store, 1, { datumIds: ['ab'.repeat(32) as DatumId], head: bytes('') });
    const [row] = readRows(store.engine, 'files');
    const whole = decodeRow('files', row!.key, row!.value);
    for (let length = 0; length <= whole.length; length += 1) {
      store.transact('cut', (transaction) => {
        transaction.putRow('files', row!.key, encodeRow('files', row!.key, whole.subarray(0, length)));
      });
      const found = store.readListing(place(1));
      if (length < whole.length) expect(found, `${length}`).toBeUndefined();
      else expect(found?.datumIds).toEqual(['ab'.repeat(32)]);
    }
  });

  it('go, the least recently used first, when they take more than 256 MiB [DML-STO-0582]', async () => {
    const part = new Uint8Array(30 * 2 ** 20);
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const number of numbers) {
      environment.nowMsValue += DAY_MS;
      put(store, number, { partCount: 1, parts: new Map([[0, part]]) });
    }
    expect(there(store, numbers)).toEqual(numbers);
    environment.nowMsValue += DAY_MS;
    store.transact('use', (transaction) => transaction.renewListing(place(1)));
    put(store, 9, { partCount: 1, parts: new Map([[0, part.subarray(0, 28 * 2 ** 20)]]) });
    put(store, 10);
    // Down to half of the bound, so that this is not done each time.
    expect(there(store, [...numbers, 9, 10])).toEqual([1, 6, 7, 8, 9, 10]);
  });

  it('note their use, once a day [DML-STO-0587]', async () => {
    put(store, 1, parts('a'));
    const writes: string[] = [];
    const renew = (): number => {
      environment.failpoint = (name) => void writes.push(name);
      store.transact('use', (transaction) => {
        transaction.renewListing(place(1));
        transaction.renewListing(place(2));
      });
      environment.failpoint = undefined;
      return writes.splice(0).filter((name) => name === 'put').length;
    };
    expect(renew()).toBe(0);
    environment.nowMsValue += DAY_MS;
    // Renews the session as well.
    store.transact('empty', () => {});
    expect(renew()).toBe(1);
    expect(store.readListing(place(1))?.usedDay).toBe(Math.floor(environment.nowMsValue / DAY_MS));
    expect(look(store, 1)).toEqual(['head 1', 'a']);
    expect(renew()).toBe(0);
  });

  it('go with a collection when their datums are gone or they were not used [DML-STO-0583]', async () => {
    const kept = commitText('kept');
    const gone = 'ee'.repeat(32) as DatumId;
    put(store, 1, { datumIds: [gone, kept], ...parts('a', 'b') });
    put(store, 2, { datumIds: [gone], ...parts('a', 'b') });
    put(store, 3);
    environment.nowMsValue += 30 * DAY_MS;
    put(store, 4, { datumIds: [kept] });
    await runGc(store);
    expect(there(store, [1, 2, 3, 4])).toEqual([1, 4]);
    expect(look(store, 1)).toEqual(['head 1', 'a', 'b']);
    environment.nowMsValue += DAY_MS;
    await runGc(store);
    expect(there(store, [1, 2, 3, 4])).toEqual([4]);
    expect(readRows(store.engine, 'files')).toHaveLength(1);
  });

  it('go with an excision, in its transaction [DML-STO-0584]', async () => {
    const datumId = commitText('personal');
    put(store, 1, { datumIds: [datumId], ...parts('a') });
    put(store, 2);
    const plan = await planExcision(store, { objects: [{ class: 'datum', objectId: datumId }] });
    environment.failpoint = (name) => {
      if (name === 'excise/before-commit') throw new Error('stopped');
    };
    expect(() => applyExcision(store, plan, EXCISION_FACTS)).toThrow();
    environment.failpoint = undefined;
    expect(there(store, [1, 2])).toEqual([1, 2]);
    const path = store.path;
    await store.close();
    const again = await openStore(path, { mode: 'write', environment });
    applyExcision(again, plan, EXCISION_FACTS);
    expect(readRows(again.engine, 'files')).toEqual([]);
    await again.close();
  });

  it('go with the stub of what is absent, in its transaction [DML-STO-0589]', async () => {
    const present = commitText('present');
    const stub = { class: 'datum', domain: 'dml:elsewhere', timeMs: 1 } as const;
    put(store, 1, { datumIds: [present], ...parts('a') });
    const withhold = (objectId: DatumId): void =>
      store.transact('import', (transaction) => void transaction.putStub({ ...stub, objectId }));
    withhold(present);
    expect(there(store, [1])).toEqual([1]);
    const absent = 'ee'.repeat(32) as DatumId;
    expect(() =>
      store.transact('import', (transaction) => {
        transaction.putStub({ ...stub, objectId: absent });
        throw new Error('stopped');
      }),
    ).toThrow('stopped');
    expect(there(store, [1])).toEqual([1]);
    withhold(absent);
    expect(readRows(store.engine, 'files')).toEqual([]);
  });

  it('are compacted without their damaged rows [DML-STO-0585]', async () => {
    const { path } = store;
    put(store, 1, parts('a', 'b'));
    put(store, 2);
    damage(store, 1, 1);
    await store.close();
    await compactStore(path, { environment });
    const compacted = await openStore(path, { mode: 'read', environment });
    expect(look(compacted, 1)).toEqual(['head 1', undefined, 'b']);
    expect(look(compacted, 2)).toEqual(['head 2']);
    await compacted.close();
  });
});
