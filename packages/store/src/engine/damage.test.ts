import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hashBytes } from '@daggerml/object-model';
import { rounds } from '@daggerml/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DAMAGES, runDamage, seededBytes, seededRandom } from '../../test/crash/damage-runs.ts';
import { buildVariedStore, checkBytes, damageOf, readerOf } from '../../test/damage.ts';
import { fakeEnvironment, temporaryFolder } from '../../test/fixture-store.ts';
import { openStore } from '../open-store.ts';
import { HeldFolder } from '../store-folder/held-folder.ts';
import { readCleanMarker, vouchesFor } from './clean-marker.ts';
import { readNewestMeta } from './meta-page.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

function poke(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

function eachPage(bytes: Buffer, damage: (page: Buffer) => void): Buffer {
  for (let at = 2 * 4096; at < bytes.length; at += 4096) damage(bytes.subarray(at, at + 4096));
  return bytes;
}

let path: string;
let ids: string[];
let whole: Buffer;

function freshCopy(): string {
  const copy = join(temporaryFolder(), 'store');
  mkdirSync(copy);
  copyFileSync(join(path, 'data.mdb'), join(copy, 'data.mdb'));
  return copy;
}

describe('damaged data files', () => {
  beforeAll(async () => {
    // Not one of the folders that go after each test.
    path = join(mkdtempSync(join(tmpdir(), 'dml-damage-')), 'store');
    ids = await buildVariedStore(path);
    whole = readFileSync(join(path, 'data.mdb'));
  });
  afterAll(() => rmSync(dirname(path), { recursive: true, force: true }));

  it('are refused before mapping when their meta pages are not whole and consistent [DML-STO-0151]', async () => {
    const cases: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
      ['empty', (bytes) => bytes.subarray(0, 0)],
      ['one page', (bytes) => bytes.subarray(0, 4096)],
      ['one byte short of two pages', (bytes) => bytes.subarray(0, 4096 + 100)],
      ['text', () => Buffer.from('this is no data file'.repeat(1000))],
      ['zeroes', (bytes) => Buffer.alloc(bytes.length)],
      ['first meta zeroed', (bytes) => bytes.fill(0, 0, 4096)],
      ['second meta zeroed', (bytes) => bytes.fill(0, 4096, 8192)],
      ['transactions that do not follow', (bytes) => poke(bytes, 152, (bytes[152] as number) ^ 4)],
      ['page size', (bytes) => poke(bytes, 49, 0x20)],
      ['roots beyond the file', (bytes) => poke(poke(bytes, 142, 1), 4096 + 142, 1)],
    ];
    for (const [name, damage] of cases) {
      const copy = freshCopy();
      writeFileSync(join(copy, 'data.mdb'), damage(Buffer.from(whole)));
      for (const mode of ['read', 'write'] as const) {
        await expect(openStore(copy, { mode }), name).rejects.toMatchObject({ code: 'store_damaged' });
      }
    }
  });

  it('are refused with the path of their store [DML-STO-0162]', async () => {
    const pages: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
      ['file_short', (bytes) => bytes.subarray(0, 4096)],
      ['meta_magic', (bytes) => bytes.fill(0, 0, 4096)],
      ['page_kind', (bytes) => eachPage(bytes, (page) => page.writeUInt16LE(0xffff, 18))],
    ];
    for (const [detail, damage] of pages) {
      const copy = freshCopy();
      writeFileSync(join(copy, 'data.mdb'), damage(Buffer.from(whole)));
      const refused = { code: 'store_damaged', detail, fields: { path: realpathSync(copy) } };
      await expect(openStore(copy, { mode: 'read' }), detail).rejects.toMatchObject(refused);
    }
  });

  it('are looked at page by page unless a clean marker vouches for them [DML-STO-1901]', async () => {
    const copy = freshCopy();
    const opened = async (mode: 'read' | 'write'): Promise<boolean> => {
      const store = await openStore(copy, { mode });
      const { checkedPages } = store.engine;
      await store.close();
      return checkedPages;
    };
    expect(await opened('read')).toBe(true);
    expect(await opened('write')).toBe(true);
    expect(await opened('write')).toBe(false);
    expect(await opened('read')).toBe(false);
    // Written to by another program, though to the same bytes, until the clock of the file system has moved on.
    const descriptor = openSync(join(copy, 'data.mdb'), 'r+');
    const changedNs = (): bigint => fstatSync(descriptor, { bigint: true }).ctimeNs;
    for (const before = changedNs(); changedNs() === before; )
      writeSync(descriptor, whole, 0, whole.length, 0);
    closeSync(descriptor);
    expect(await opened('read')).toBe(true);
    writeFileSync(join(copy, 'stamp'), 'torn');
    expect(await opened('write')).toBe(true);
    // A copy, however it was made.
    const copied = freshCopy();
    copyFileSync(join(path, 'stamp'), join(copied, 'stamp'));
    const store = await openStore(copied, { mode: 'read' });
    expect(store.engine.checkedPages).toBe(true);
    await store.close();
    // What opening alone would not notice.
    const damaged = freshCopy();
    const { main, free } = readNewestMeta(readerOf(whole), whole.length);
    const renumber = (page: Buffer): void => {
      const number = page.readUInt32LE(0);
      if (number !== main.root && number !== free.root) poke(page, 0, (page[0] as number) ^ 1);
    };
    writeFileSync(join(damaged, 'data.mdb'), eachPage(Buffer.from(whole), renumber));
    for (const mode of ['read', 'write'] as const)
      await expect(openStore(damaged, { mode })).rejects.toMatchObject({
        code: 'store_damaged',
        detail: 'page_number',
      });
  });

  const marker = { device: '1', inode: '2', sizeBytes: '8192', changedNs: '5', transactionId: 7 };
  it.each([
    ['as it was', {}, false, true],
    ['changed by nobody who has it open', { changedNs: '6' }, false, false],
    ['longer, by nobody who has it open', { sizeBytes: '12288' }, false, false],
    ['with newer transactions than anybody has marked', { changedNs: '6', transactionId: 8 }, false, false],
    ['changed while others have it open', { changedNs: '6', sizeBytes: '12288' }, true, true],
    ['shorter', { changedNs: '6', sizeBytes: '4096', transactionId: 8 }, true, false],
    ['another file', { inode: '3', transactionId: 8 }, true, false],
    ['on another device', { device: '9', transactionId: 8 }, true, false],
  ])('are vouched for by a marker: %s [DML-STO-1902]', (_, change, isShared, isVouched) => {
    expect(vouchesFor(marker, { ...marker, ...change }, () => isShared)).toBe(isVouched);
  });

  it('are refused for every page in use that is not as it should be [DML-STO-0153]', () => {
    expect(checkBytes(whole)).toBeGreaterThan(1300);
    const random = seededRandom(11);
    const kinds = Object.values(DAMAGES);
    const found = new Set<string>();
    for (let round = 0; round < 700; round += 1) {
      const bytes = Buffer.from(whole);
      const keep = (kinds[round % kinds.length] as (typeof kinds)[number])(bytes, random);
      found.add(damageOf(bytes.subarray(0, keep)));
    }
    expect([...found]).toEqual(expect.arrayContaining(['page_number', 'node_offset', 'root_page']));
    // The page whose rows are the named trees, taken apart field by field.
    const page = readNewestMeta(readerOf(whole), whole.length).main.root * 4096;
    const node = page + 24 + whole.readUInt16LE(page + 24);
    const cases: readonly (readonly [number, number, RegExp])[] = [
      [page, 1, /root_page/],
      [page + 8 + 4, 1, /root_transaction/],
      [page + 18, 1, /page_kind/],
      [page + 18, 4, /page_kind/],
      [page + 20, 1, /page_bounds/],
      [page + 21, 0xff, /page_bounds/],
      [page + 20, 2, /page_fill|node_offset|tree_counts|page_bounds/],
      [page + 22, 2, /page_fill|node_offset/],
      [page + 23, 0xff, /page_bounds/],
      [page + 24, 1, /node_offset/],
      [page + 25, 0x80, /node_offset/],
      [node + 2, 1, /node_size/],
      [node + 4, 4, /node_flags/],
      [node + 6, 1, /page_fill|node_size/],
      [node + 8, 0x80, /key_order/],
      [node + 8 + whole.readUInt16LE(node + 6) + 6, 1, /tree_depth|page_kind/],
      [node + 8 + whole.readUInt16LE(node + 6) + 32, 1, /tree_counts/],
      [node + 8 + whole.readUInt16LE(node + 6) + 46, 1, /tree_depth|page_range/],
    ];
    for (const [at, mask, detail] of cases) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ mask;
      expect(damageOf(bytes), `${at - page} ${mask}`).toMatch(detail);
    }
  });

  it('are refused when their free list names a page in use or none at all [DML-STO-0153]', () => {
    const meta = readNewestMeta(readerOf(whole), whole.length);
    const page = meta.free.root * 4096;
    const words: number[] = [];
    for (let index = 0; index < whole.readUInt16LE(page + 20) / 2; index += 1) {
      const node = page + 24 + whole.readUInt16LE(page + 24 + index * 2);
      const list = node + 8 + whole.readUInt16LE(node + 6);
      for (let word = 1; word <= whole.readUInt32LE(list); word += 1) words.push(list + word * 8);
    }
    expect(words.length).toBeGreaterThan(0);
    const withWord = (at: number, value: number): string => {
      const bytes = Buffer.from(whole);
      bytes.writeBigInt64LE(BigInt(value), at);
      return damageOf(bytes);
    };
    for (const at of words) {
      expect(withWord(at, meta.main.root)).toMatch(/page_shared|free_list/);
      expect(withWord(at, meta.lastPage + 1)).toMatch(/page_shared|free_list/);
      expect(withWord(at, 1)).toMatch(/page_shared|free_list/);
    }
  });

  it('are refused when a page stands in another’s place or serves two trees [DML-STO-0153]', () => {
    const meta = readNewestMeta(readerOf(whole), whole.length);
    const page = meta.main.root * 4096;
    const rootOf = (index: number): number => {
      const node = page + 24 + whole.readUInt16LE(page + 24 + index * 2);
      return node + 8 + whole.readUInt16LE(node + 6) + 40;
    };
    const count = whole.readUInt16LE(page + 20) / 2;
    const roots = Array.from({ length: count }, (_, index) => index).filter(
      (index) => whole.readInt32LE(rootOf(index)) !== -1,
    );
    const [first, second] = roots as [number, number];
    const bytes = Buffer.from(whole);
    whole.copy(bytes, rootOf(second), rootOf(first), rootOf(first) + 8);
    expect(damageOf(bytes)).toMatch(/page_shared|page_kind|tree_counts/);
    const swapped = Buffer.from(whole);
    const at = (index: number): number => whole.readUInt32LE(rootOf(index)) * 4096;
    whole.copy(swapped, at(second), at(first), at(first) + 4096);
    expect(damageOf(swapped)).toBe('page_number');
  });

  it('are told from every file the engine leaves, after commits of any size [DML-STO-0154]', async () => {
    const copy = join(temporaryFolder(), 'store');
    const store = await openStore(copy, { mode: 'write', create: true, environment: fakeEnvironment() });
    const random = seededRandom(5);
    for (let round = 0; round < 120; round += 1) {
      store.transact('work', (transaction) => {
        const count = Math.floor(random() ** 3 * 300);
        for (let index = 0; index < count; index += 1) {
          const size = random() < 0.1 ? Math.floor(random() * 30_000) : Math.floor(random() * 300);
          transaction.put('chunk', seededBytes(random, size));
        }
        if (random() < 0.3) {
          for (const key of [...store.engine.tables.objects.getKeys({ limit: 200 })].filter(
            () => random() < 0.7,
          )) {
            transaction.deleteRow('objects', Buffer.from(key as Uint8Array));
          }
        }
      });
      if (random() < 0.2) store.checkpoint();
      expect(damageOf(readFileSync(join(copy, 'data.mdb')))).toBe('none');
    }
    await store.close();
    for (const mode of ['read', 'write'] as const) {
      rmSync(join(copy, 'stamp'));
      const unmarked = await openStore(copy, { mode });
      expect(unmarked.engine.checkedPages).toBe(true);
      await unmarked.close();
      if (mode === 'read') writeFileSync(join(copy, 'stamp'), '');
    }
  });

  it('are refused when they are older than their stamp [DML-STO-0155]', async () => {
    const copy = freshCopy();
    const store = await openStore(copy, { mode: 'write' });
    store.transact('more', (transaction) => {
      transaction.put('chunk', Buffer.from('acknowledged'));
    });
    await store.close();
    expect(readCleanMarker(HeldFolder.open(copy))?.transactionId).toBeGreaterThan(0);
    copyFileSync(join(path, 'data.mdb'), join(copy, 'data.mdb'));
    for (const mode of ['read', 'write'] as const) {
      await expect(openStore(copy, { mode })).rejects.toMatchObject({
        code: 'store_damaged',
        detail: 'rolled_back',
      });
    }
  });

  it('yield right bytes, an absence or an error, never a signal [DML-STO-0158] [DML-STO-0159]', () => {
    const files = rounds(42, 126);
    const figures = runDamage({ store: path, work: temporaryFolder(), ids, files, seed: 20_261 });
    process.stdout.write(`damaged files: ${JSON.stringify(figures)}\n`);
    expect(figures.signals).toEqual([]);
    expect(figures.wrong).toEqual([]);
    expect(Object.values(figures.answers).reduce((sum, count) => sum + count, 0)).toBe(files);
    expect(Object.keys(figures.answers).length).toBeGreaterThan(2);
    expect(hashBytes(whole)).toBe(hashBytes(readFileSync(join(path, 'data.mdb'))));
  });
});
