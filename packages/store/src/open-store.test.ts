import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type CommitId, DmlError } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef, temporaryFolder } from '../test/fixture-store.ts';
import { Opener } from '../test/opener.ts';
import { putCommit } from '../test/records.ts';
import { compactStore } from './compact/compact.ts';
import { MAX_READERS } from './engine/engine-options.ts';
import { heldEngineCount } from './engine/held-engines.ts';
import { planGc } from './gc/run.ts';
import { openStore } from './open-store.ts';
import { headRef } from './refs/ref-name.ts';
import type { Store } from './store.ts';
import { openPlain } from './store-folder/plain-file.ts';

async function filledStore(path: string): Promise<CommitId> {
  const store = await openStore(path, { mode: 'write', create: true, environment: fakeEnvironment() });
  const commitId = store.transact('fill', (transaction) => putCommit(transaction, {}));
  setRef(store, 'main', commitId as CommitId);
  await store.close();
  return commitId as CommitId;
}

const hashOfFile = (path: string): string =>
  createHash('sha256')
    .update(readFileSync(join(path, 'data.mdb')))
    .digest('hex');

function putOne(store: Store): CommitId {
  return store.transact('fill', (transaction) => putCommit(transaction, {}));
}

/** Takes every place for readers that is left. */
function takeReaders(store: Store): { done(): void }[] {
  const held: { done(): void }[] = [];
  try {
    for (;;) {
      store.engine.root.resetReadTxn();
      held.push(store.engine.root.useReadTransaction());
      store.engine.root.getStats();
      // A reader of another transaction takes a place of its own.
      store.transact('next', (transaction) => transaction.setMeta('created_by', `test ${held.length}`));
    }
  } catch {
    return held;
  }
}

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), 'store');
});

describe('opening a store', () => {
  it('refuses network file systems by their kind [DML-STO-0108]', async () => {
    const on = (type: number) => ({
      ...fakeEnvironment(),
      statFileSystem: () => ({ type, availableBytes: Number.POSITIVE_INFINITY }),
    });
    for (const [type, kind] of [
      [0x6969, 'nfs'],
      [0xff534d42, 'cifs'],
      [0xff534d42 | 0, 'cifs'],
      [0x01021997, '9p'],
      [0x65735546, 'fuse'],
    ] as const) {
      const opening = openStore(path, { mode: 'write', create: true, environment: on(type) });
      await expect(opening).rejects.toMatchObject({ code: 'store_network_filesystem', fields: { kind } });
    }
    const store = await openStore(path, { mode: 'write', create: true, environment: on(0xef53) });
    await store.close();
  });

  it('refuses a store that has lost its data file, and creates none [DML-STO-0160]', async () => {
    for (const lost of [['data.mdb'], ['data.mdb', 'stamp'], ['data.mdb', 'lock.mdb']]) {
      path = join(temporaryFolder(), 'store');
      await filledStore(path);
      for (const name of lost) rmSync(join(path, name));
      const left = readdirSync(path);
      for (const options of [{ mode: 'read' }, { mode: 'write' }, { mode: 'write', create: true }] as const) {
        await expect(openStore(path, options)).rejects.toMatchObject({
          code: 'store_damaged',
          detail: 'data_file_missing',
          fields: { path },
        });
      }
      await expect(compactStore(path)).rejects.toMatchObject({ detail: 'data_file_missing' });
      expect(readdirSync(path)).toEqual(left);
      expect(readdirSync(dirname(path))).toEqual(['store']);
    }
  });

  it('refuses what is no file in the place of one, and waits for none [DML-STO-0161]', async () => {
    await filledStore(path);
    const makePipe = (place: string): void => void execFileSync('mkfifo', [place]);
    const makeFolder = (place: string): void => void mkdirSync(place);
    for (const name of ['data.mdb', 'lock.mdb', 'stamp', 'compacting']) {
      const place = join(path, name);
      const aside = `${place}-aside`;
      const isThere = existsSync(place);
      if (isThere) renameSync(place, aside);
      for (const make of [makePipe, makeFolder]) {
        make(place);
        const refused = { code: 'store_damaged', detail: 'not_a_file', fields: { path: place } };
        for (const mode of ['read', 'write'] as const) {
          await expect(openStore(path, { mode }), name).rejects.toMatchObject(refused);
        }
        await expect(compactStore(path), name).rejects.toMatchObject(refused);
        // Also when it came to stand there after the first look.
        expect(() => openPlain(place, constants.O_RDWR)).toThrow(expect.objectContaining(refused));
        rmSync(place, { recursive: true });
      }
      if (isThere) renameSync(aside, place);
    }
  });

  it('lets the caller refuse a store by who owns it and who may write to it [DML-STO-0171]', async () => {
    await filledStore(path);
    for (const name of ['lock.mdb', 'stamp']) rmSync(join(path, name));
    const before = readFileSync(join(path, 'data.mdb'));
    for (const refused of [path, join(path, 'data.mdb')]) {
      const checkOwner = (each: string, { ino, uid, mode }: Stats): void => {
        const found = statSync(each);
        expect([each, ino, uid, mode]).toEqual([each, found.ino, found.uid, found.mode]);
        if (each === refused) throw new DmlError({ code: 'not_mine', fields: { each } });
      };
      for (const use of [
        () => openStore(path, { mode: 'read', checkOwner }),
        () => openStore(path, { mode: 'write', checkOwner }),
        () => compactStore(path, { checkOwner }),
      ])
        await expect(use()).rejects.toMatchObject({ code: 'not_mine', fields: { each: refused } });
      expect(readdirSync(path)).toEqual(['data.mdb']);
      expect(readFileSync(join(path, 'data.mdb'))).toEqual(before);
    }
    expect(heldEngineCount()).toBe(0);
    const seen: string[] = [];
    await (await openStore(path, { mode: 'write', checkOwner: (each) => void seen.push(each) })).close();
    expect(seen).toEqual([path, join(path, 'data.mdb')]);
  });

  it('never changes a file it opens for reading [DML-STO-0109]', async () => {
    const commitId = await filledStore(path);
    const before = hashOfFile(path);
    const store = await openStore(path, { mode: 'read' });
    expect(store.get('commit', commitId)).toBeDefined();
    expect(store.readRefs()).toHaveLength(1);
    expect(store.isReadOnly).toBe(true);
    const { root, tables } = store.engine;
    const put = (): unknown =>
      root.transactionSync(() => tables.objects.putSync(Buffer.from('a'), Buffer.from('b')));
    expect(put).toThrow();
    await store.close();
    expect(hashOfFile(path)).toBe(before);
  });

  it('refuses to write to a store opened for reading [DML-STO-0110]', async () => {
    const commitId = await filledStore(path);
    const store = await openStore(path, { mode: 'read' });
    const readOnly = expect.objectContaining({ code: 'store_read_only' });
    expect(() => store.transact('write', () => {})).toThrow(readOnly);
    expect(() => setRef(store, 'other', commitId)).toThrow(readOnly);
    expect(() => store.setHead(headRef('x'))).toThrow(readOnly);
    await store.close();
  });

  it('opens on the main thread only [DML-STO-0113]', async () => {
    const environment = { ...fakeEnvironment(), isMainThread: false };
    await expect(openStore(path, { mode: 'write', create: true, environment })).rejects.toMatchObject({
      code: 'store_worker_thread',
    });
  });

  it('says that it is busy when no place for readers is free [DML-STO-0144]', async () => {
    const store = await openFixture();
    const commitId = putOne(store);
    setRef(store, 'main', commitId);
    const held = takeReaders(store);
    // One place shows that the store is open.
    expect(held).toHaveLength(MAX_READERS - 1);
    const busy = { code: 'store_busy', detail: 'readers', fields: { limit: MAX_READERS } };
    expect(() => store.readRefs()).toThrow(expect.objectContaining(busy));
    expect(() => store.get('commit', commitId)).toThrow(expect.objectContaining(busy));
    await expect(planGc(store)).rejects.toMatchObject(busy);
    const open = `import { openStore } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      await openStore(process.argv[1], { mode: 'read' }).catch((error) => console.log(error.code, error.detail));`;
    const args = ['--input-type=module', '-e', open, store.path];
    expect(spawnSync(process.execPath, args, { encoding: 'utf8' })).toMatchObject({
      stdout: 'store_busy readers\n',
      signal: null,
    });
    for (const each of held) each.done();
    expect(store.readRefs()).toHaveLength(1);
  });

  it('shares one open file among the stores of a path [DML-STO-0114]', async () => {
    const first = await openFixture(fakeEnvironment(1), path);
    const second = await openFixture(fakeEnvironment(2), path);
    const reader = await openStore(path, { mode: 'read' });
    expect(heldEngineCount()).toBe(1);
    expect(second.engine).toBe(first.engine);
    first.transact('put', (transaction) => {
      transaction.put('chunk', Buffer.from('shared'));
    });
    await first.close();
    const id = createHash('sha256').update('shared').digest('hex');
    expect(second.get('chunk', id as never)?.toString()).toBe('shared');
    expect(reader.has('chunk', id as never)).toBe(true);
    expect(() => reader.transact('write', () => {})).toThrow(
      expect.objectContaining({ code: 'store_read_only' }),
    );
    await second.close();
    await reader.close();
    expect(heldEngineCount()).toBe(0);
  });

  it('refuses to write a path the process reads [DML-STO-0115]', async () => {
    await filledStore(path);
    const reader = await openStore(path, { mode: 'read' });
    await expect(openStore(path, { mode: 'write' })).rejects.toMatchObject({ code: 'store_open_elsewhere' });
    await reader.close();
    const writer = await openStore(path, { mode: 'write' });
    await writer.close();
  });

  it('refuses every call after close, and closes twice without harm [DML-STO-0116]', async () => {
    const commitId = await filledStore(path);
    const store = await openStore(path, { mode: 'write' });
    await store.close();
    await store.close();
    const calls: readonly ((closed: Store) => unknown)[] = [
      (closed) => closed.get('commit', commitId),
      (closed) => closed.getRecord('commit', commitId),
      (closed) => closed.read('commit', commitId),
      (closed) => closed.has('commit', commitId),
      (closed) => closed.getRef(headRef('main')),
      (closed) => closed.readRefs(),
      (closed) => closed.stateVersion(),
      (closed) => closed.readHolds(),
      (closed) => closed.cacheEntries('00'.repeat(32)),
      (closed) => closed.getMeta('schema'),
      (closed) => closed.head(),
      (closed) => closed.findBlobs('abcd'),
      (closed) => closed.findHolders([]),
      (closed) => closed.resolvePrefix('abcd'),
      (closed) => closed.liveSessions(),
      (closed) => closed.checkpoint(),
      (closed) => closed.transact('write', () => {}),
    ];
    const closed = { code: 'store_closed', fields: { path: realpathSync(path) } };
    for (const call of calls)
      expect(() => call(store), String(call)).toThrow(expect.objectContaining(closed));
    await expect(store.listJournal().next()).rejects.toMatchObject({ code: 'store_closed' });
  });

  it('looks at no page of a marked file, however large, also while others write [DML-STO-1900]', async () => {
    await filledStore(path);
    const open = async (): Promise<{ checked: boolean; pages: number }> => {
      const store = await openStore(path, { mode: 'read' });
      const { checkedPages: checked, pagesRead: pages } = store.engine;
      await store.close();
      return { checked, pages };
    };
    const small = await open();
    expect(small.checked).toBe(false);
    const store = await openStore(path, { mode: 'write' });
    store.transact('grow', (transaction) => {
      for (let index = 0; index < 20_000; index += 1)
        transaction.put('chunk', Buffer.from(`object ${index}`));
    });
    for (let index = 0; index < 50; index += 1)
      setRef(store, `ref-${index}`, store.getRef(headRef('main'))?.commitId as CommitId);
    await store.close();
    expect(await open()).toEqual(small);
    const opener = new Opener(path);
    expect(opener.tell({ kind: 'open' }).at).toBe('opened');
    // As in the middle of a commit of the other process.
    utimesSync(join(path, 'data.mdb'), 1, 1);
    expect(await open()).toEqual(small);
    await opener.kill();
    expect((await open()).checked).toBe(true);
  });
});
