import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DmlError } from '@daggerml/object-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededBytes, seededRandom } from '../../test/crash/damage-runs.ts';
import { buildVariedStore, checkBytes, damageOf, readerOf } from '../../test/damage.ts';
import { fakeEnvironment, temporaryFolder } from '../../test/fixture-store.ts';
import { planGc, runGc } from '../gc/run.ts';
import { openStore } from '../open-store.ts';
import { headRef } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import { objectKey } from '../tables/keyspace.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { readNewestMeta } from './meta-page.ts';
import { PageGuard } from './page-guard.ts';
import { iterateRows } from './reading.ts';
import { TABLE_NAMES, type TableName } from './tables.ts';

const PAGE = 4096;

let path: string;
let ids: string[];
let whole: Buffer;

/** Copies the store, without its stamp, with bytes of its file. */
function copyOf(bytes: Buffer = whole): string {
  const copy = join(temporaryFolder(), 'store');
  mkdirSync(copy);
  writeFileSync(join(copy, 'data.mdb'), bytes);
  return copy;
}

/** Opens a store as a large one is opened that nobody vouches for, and closes it after the body. */
async function withStore<T>(
  copy: string,
  mode: 'read' | 'write',
  body: (store: Store) => T | Promise<T>,
): Promise<T> {
  const store = await openStore(copy, { mode, environment: { ...fakeEnvironment(), wholeCheckPages: 0 } });
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}

function isWhole(copy: string, mode: 'read' | 'write' = 'read'): Promise<boolean> {
  return withStore(copy, mode, ({ engine }) => engine.trust.isWhole);
}

/** Reads every row of every table; the damage that was met, or `none`. */
function readEverything({ engine }: Store): string {
  try {
    for (const table of TABLE_NAMES) for (const _ of iterateRows(engine, table));
    return 'none';
  } catch (error) {
    if (error instanceof DmlError && error.code === 'store_damaged') return error.detail ?? '';
    throw error;
  }
}

describe('pages of a file that nobody vouches for', () => {
  beforeAll(async () => {
    path = join(mkdtempSync(join(tmpdir(), 'dml-trust-')), 'store');
    ids = await buildVariedStore(path);
    whole = readFileSync(join(path, 'data.mdb'));
  });
  afterAll(() => rmSync(dirname(path), { recursive: true, force: true }));

  const keyOf = (id: string): Buffer => objectKey('chunk', id as never) as Buffer;

  it('are looked at before they are used, each of them [DML-STO-0870]', async () => {
    const { lastPage, pageBytes } = readNewestMeta(readerOf(whole), whole.length);
    let found = 0;
    for (let page = 2; page <= lastPage; page += 3) {
      const bytes = Buffer.from(whole);
      // A page that says it is another one: the engine would take it as it is.
      bytes.writeUInt32LE(page ^ 1, page * pageBytes);
      const expected = damageOf(bytes);
      const copy = copyOf(bytes);
      const met = await withStore(copy, 'read', readEverything).catch((error: DmlError) => error.detail);
      if (expected !== 'none' && met !== 'none') found += 1;
      // The list of free pages is of no use to those who only read.
      if (expected === 'none') expect(met, `page ${page}`).toBe('none');
      else if (met === 'none') {
        const write = (): Promise<void> =>
          withStore(copy, 'write', (store) =>
            store.transact('write', (transaction) => void transaction.put('chunk', Buffer.from('new'))),
          );
        await expect(write(), `page ${page}`).rejects.toMatchObject({ code: 'store_damaged' });
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(25);
  });

  it('are looked at no further than they are needed [DML-STO-0117]', async () => {
    const [small, large] = [copyOf(), copyOf()];
    await withStore(large, 'write', (store) => {
      store.transact('grow', (transaction) => {
        for (let index = 0; index < 20_000; index += 1)
          transaction.put('chunk', Buffer.from(`object ${index}`));
      });
    });
    for (const mode of ['read', 'write'] as const) {
      rmSync(join(small, 'stamp'), { force: true });
      rmSync(join(large, 'stamp'), { force: true });
      const pagesOf = (copy: string): Promise<number> =>
        withStore(copy, mode, ({ engine }) => engine.pagesRead);
      const [few, many] = [await pagesOf(small), await pagesOf(large)];
      expect(many - few).toBeLessThanOrEqual(2);
      expect(many).toBeLessThan(40);
    }
  });

  it('are vouched for only when all were looked at [DML-STO-0871]', async () => {
    const copy = copyOf();
    expect(await isWhole(copy)).toBe(false);
    await withStore(copy, 'write', (store) =>
      store.transact('write', (transaction) => void transaction.put('chunk', Buffer.from('new'))),
    );
    // What it has written is its own; the rest nobody has seen.
    expect(await isWhole(copy)).toBe(false);
    await withStore(copy, 'write', (store) => verifyStore(store));
    expect(await isWhole(copy)).toBe(true);
    // A small file is looked at whole, as always.
    rmSync(join(copy, 'stamp'));
    const store = await openStore(copy, { mode: 'write', environment: fakeEnvironment() });
    expect([store.engine.checkedPages, store.engine.trust.isWhole]).toEqual([true, true]);
    await store.close();
    expect(await isWhole(copy)).toBe(true);
  });

  it.each([
    ['objects', 'journal', 'snapshots', 'cache', 'attempts', 'stubs', 'files'],
    ['refs', 'meta', 'recents', 'sessions', 'pins', 'excised'],
  ] as const)('are all looked at before a row of %s and the like goes [DML-STO-0872]', async (...tables) => {
    const isLarge = tables.includes('objects' as never);
    for (const table of tables as readonly TableName[]) {
      await withStore(copyOf(), 'write', (store) => {
        store.transact('put', (transaction) =>
          transaction.putRow(table, Buffer.from('key'), Buffer.from('1')),
        );
        expect(store.engine.trust.isWhole, table).toBe(false);
        store.transact('delete', (transaction) => void transaction.deleteRow(table, Buffer.from('key')));
        expect(store.engine.trust.isWhole, table).toBe(isLarge);
      });
    }
  });

  it('are all looked at by a collection and a verification [DML-STO-0873]', async () => {
    for (const body of [planGc, runGc, verifyStore])
      await withStore(copyOf(), 'write', async (store) => {
        expect(store.engine.trust.isWhole).toBe(false);
        await body(store);
        expect(store.engine.trust.isWhole).toBe(true);
      });
    const bytes = Buffer.from(whole);
    const { main, pageBytes } = readNewestMeta(readerOf(whole), whole.length);
    expect(main.depth).toBe(1);
    const page = lastLeafPage(bytes, pageBytes);
    bytes.writeUInt32LE(page ^ 1, page * pageBytes);
    const damaged = copyOf(bytes);
    for (const body of [planGc, verifyStore])
      await expect(withStore<unknown>(damaged, 'write', (store) => body(store))).rejects.toMatchObject({
        code: 'store_damaged',
        fields: { path: realpathSync(damaged) },
      });
  });

  it('that are damaged undo a transaction, and leave the store usable [DML-STO-0874]', async () => {
    const bytes = Buffer.from(whole);
    const page = lastLeafPage(bytes, PAGE);
    const id = ids.find((each) =>
      whole.subarray(page * PAGE, (page + 1) * PAGE).includes(keyOf(each)),
    ) as string;
    bytes.writeUInt32LE(page ^ 1, page * PAGE);
    const copy = copyOf(bytes);
    await withStore(copy, 'write', (store) => {
      const damaged = { code: 'store_damaged', fields: { path: realpathSync(copy), tree: 'objects' } };
      const other = Buffer.from('not what the id says');
      for (const isCaught of [false, true])
        expect(() =>
          store.transact('meets', (transaction) => {
            transaction.setMeta('head', headRef('never'));
            const put = (): void => transaction.putRow('objects', keyOf(id), other);
            if (isCaught) expect(put).toThrow('damaged');
            else put();
          }),
        ).toThrow(expect.objectContaining(damaged));
      expect(store.head()).toBe('refs/heads/main');
      expect(() => store.get('chunk', id as never)).toThrow(expect.objectContaining(damaged));
      store.transact('goes on', (transaction) => transaction.setMeta('head', headRef('later')));
      expect(store.head()).toBe('refs/heads/later');
    });
  });

  it('may be any that the engine itself leaves [DML-STO-0154]', async () => {
    const copy = copyOf();
    const random = seededRandom(9);
    for (let round = 0; round < 20; round += 1) {
      rmSync(join(copy, 'stamp'), { force: true });
      await withStore(copy, 'write', (store) => {
        for (let work = 0; work < 3; work += 1)
          store.transact('work', (transaction) => {
            for (let index = Math.floor(random() ** 3 * 150); index > 0; index -= 1)
              transaction.put('chunk', seededBytes(random, Math.floor(random() ** 4 * 20_000)));
            if (random() < 0.1)
              for (const key of [...store.engine.tables.objects.getKeys({ limit: 100 })])
                transaction.deleteRow('objects', Buffer.from(key));
          });
        if (random() < 0.5) store.checkpoint();
        expect(readEverything(store)).toBe('none');
      });
      expect(checkBytes(readFileSync(join(copy, 'data.mdb')))).toBeGreaterThan(0);
    }
  });

  it('may have been freed since they were looked at [DML-STO-0154]', async () => {
    const copy = copyOf();
    const store = await openStore(copy, { mode: 'write', environment: fakeEnvironment() });
    let bytes = readFileSync(join(copy, 'data.mdb'));
    const guard = new PageGuard({
      readAt: (target, length, position) => readerOf(bytes)(target, length, position),
      readMeta: () => readNewestMeta(readerOf(bytes), bytes.length),
      newestTransactionId: () => readNewestMeta(readerOf(bytes), bytes.length).transactionId,
    });
    guard.touchRange('objects');
    for (let round = 0; round < 20; round += 1) {
      store.transact('delete', (transaction) => {
        for (const key of [...store.engine.tables.objects.getKeys({ limit: 40 })])
          transaction.deleteRow('objects', Buffer.from(key));
      });
      store.transact(
        'put',
        (transaction) =>
          void transaction.put(
            'chunk',
            seededBytes(() => round / 20, 9000),
          ),
      );
    }
    await store.close();
    bytes = readFileSync(join(copy, 'data.mdb'));
    expect(() => guard.touchFreePages()).not.toThrow();
    for (const table of TABLE_NAMES) expect(() => guard.touchRange(table)).not.toThrow();
  });

  it('are not both free and in use [DML-STO-0870]', () => {
    const meta = readNewestMeta(readerOf(whole), whole.length);
    const page = meta.free.root * meta.pageBytes;
    const node = page + 24 + whole.readUInt16LE(page + 24);
    const list = node + 8 + whole.readUInt16LE(node + 6);
    const bytes = Buffer.from(whole);
    bytes.writeBigInt64LE(BigInt(lastLeafPage(whole, meta.pageBytes)), list + 8);
    const guardOf = (): PageGuard =>
      new PageGuard({
        readAt: readerOf(bytes),
        readMeta: () => readNewestMeta(readerOf(bytes), bytes.length),
        newestTransactionId: () => meta.transactionId,
      });
    const shared = expect.objectContaining({ code: 'store_damaged', detail: 'page_shared' });
    const usedFirst = guardOf();
    usedFirst.touchRange('objects');
    expect(() => usedFirst.touchFreePages()).toThrow(shared);
    const freedFirst = guardOf();
    freedFirst.touchFreePages();
    expect(() => freedFirst.touchRange('objects')).toThrow(shared);
  });

  it('are those of a copy, however it was made [DML-STO-0870]', async () => {
    const copy = join(temporaryFolder(), 'store');
    mkdirSync(copy);
    copyFileSync(join(path, 'data.mdb'), join(copy, 'data.mdb'));
    copyFileSync(join(path, 'stamp'), join(copy, 'stamp'));
    expect(await isWhole(copy)).toBe(false);
  });

  /** Returns a page of objects. */
  function lastLeafPage(bytes: Buffer, pageBytes: number): number {
    const { lastPage } = readNewestMeta(readerOf(bytes), bytes.length);
    for (let page = lastPage; page > 1; page -= 1) {
      const body = whole.subarray(page * pageBytes, (page + 1) * pageBytes);
      const isLeaf = body.readUInt16LE(18) === 2;
      const other = Buffer.from(whole);
      other.writeUInt32LE(page ^ 1, page * pageBytes);
      if (isLeaf && ids.some((id) => body.includes(keyOf(id))) && damageOf(other) !== 'none') return page;
    }
    throw new Error('there is no page of objects');
  }
});
