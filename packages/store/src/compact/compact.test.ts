import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type DatumId, hashBytes } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXCISED, excise } from '../../test/excise.ts';
import { type FakeEnvironment, fakeEnvironment, temporaryFolder } from '../../test/fixture-store.ts';
import { NEWER_CLASS_BYTE } from '../../test/newer-records.ts';
import { Opener } from '../../test/opener.ts';
import { putText, textBytes } from '../../test/records.ts';
import { spoilObject } from '../../test/rows.ts';
import { commitTo } from '../../test/streams.ts';
import { readRows, refreshSnapshot } from '../engine/reading.ts';
import { TABLE_NAMES } from '../engine/tables.ts';
import { runGc } from '../gc/run.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { encodeJsonRow } from '../tables/checksummed-row.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { compactStore } from './compact.ts';

type Contents = Record<string, string[]>;

function contentsOf(store: Store): Contents {
  refreshSnapshot(store.engine);
  const contents: Contents = {};
  for (const table of TABLE_NAMES)
    contents[table] = readRows(store.engine, table).map(
      (row) => `${row.key.toString('hex')}=${row.value.toString('hex')}`,
    );
  return contents;
}

async function contentsAt(path: string, isSound = true): Promise<Contents> {
  const store = await openStore(path, { mode: 'read', environment });
  try {
    if (isSound) expect(await verifyStore(store)).toMatchObject({ findings: 0, leftovers: 0 });
    return contentsOf(store);
  } finally {
    await store.close();
  }
}

let environment: FakeEnvironment;
/** Path of a closed store with a head and much that was deleted, and what is in it. */
let path: string;
let contents: Contents;

beforeEach(async () => {
  environment = fakeEnvironment();
  path = join(temporaryFolder(), 'store');
  const store = await openStore(path, { mode: 'write', create: true, environment });
  commitTo(store, { text: 'kept' });
  store.transact('fill', (transaction) => {
    for (let index = 0; index < 5_000; index += 1) putText(transaction, `garbage ${index}`.repeat(20));
  });
  store.checkpoint();
  await runGc(store);
  await store.close();
  contents = await contentsAt(path);
});

describe('compactStore', () => {
  it('keeps the rows of every table [DML-STO-1101]', async () => {
    const report = await compactStore(path, { environment: fakeEnvironment() });
    expect(await contentsAt(path)).toEqual(contents);
    expect(report.rows).toBe(Object.values(contents).flat().length);
  });

  it('keeps rows of tables that are rarely used, and objects of a newer format [DML-STO-1101]', async () => {
    const store = await openStore(path, { mode: 'write' });
    store.transact('fill', (transaction) => {
      const objectId = putText(transaction, 'pinned');
      transaction.putHold({ class: 'datum', objectId, owner: 'ada', reason: 'r', expiresMs: null });
      transaction.putCacheEntry('1'.repeat(64), '2'.repeat(64));
      transaction.putStub({ class: 'datum', objectId: '3'.repeat(64) as DatumId, domain: 'x:y', timeMs: 1 });
      for (const table of ['attempts', 'excised', 'files'] as const) {
        const key = Buffer.alloc(16, table);
        transaction.putRow(table, key, encodeJsonRow(table, key, { of: table }));
      }
      const bytes = Buffer.from([0x83, 1, NEWER_CLASS_BYTE, 1]);
      const id = Buffer.from(hashBytes(bytes), 'hex');
      transaction.putRow('objects', Buffer.concat([Buffer.from([NEWER_CLASS_BYTE]), id]), bytes);
    });
    await store.close();
    const contents = await contentsAt(path, false);
    for (const table of TABLE_NAMES)
      if (table !== 'sessions' && table !== 'recents') expect(contents[table], table).not.toEqual([]);
    await compactStore(path, { environment: fakeEnvironment() });
    expect(await contentsAt(path, false)).toEqual(contents);
  });

  it('fills the pages of the file [DML-STO-1108]', async () => {
    const path = join(temporaryFolder(), 'store');
    const store = await openStore(path, { mode: 'write', create: true });
    store.transact('fill', (transaction) => {
      for (let index = 0; index < 20_000; index += 1) putText(transaction, `text ${index}`.padEnd(80, '.'));
    });
    store.checkpoint();
    refreshSnapshot(store.engine);
    const rows = readRows(store.engine, 'objects');
    const bytes = rows.reduce((sum, row) => sum + row.key.length + row.value.length, 0);
    await store.close();
    const report = await compactStore(path);
    expect(report.rows).toBeGreaterThan(20_000);
    expect(report.bytesBefore / bytes).toBeGreaterThan(1.5);
    expect(report.bytesAfter / bytes).toBeLessThan(1.3);
  });

  it('removes the bytes of what was excised from the file [DML-STO-0804]', async () => {
    const path = join(temporaryFolder(), 'store');
    const store = await openStore(path, { mode: 'write', create: true, environment });
    const secret = 'a secret that must not stay anywhere';
    const datumId = hashBytes<'datum'>(textBytes(secret));
    commitTo(store, { text: secret });
    await excise(store, { class: 'datum', objectId: datumId });
    await store.close();
    const hasSecret = () => readFileSync(join(path, 'data.mdb')).includes(Buffer.from(secret));
    expect(hasSecret()).toBe(true);
    await compactStore(path, { environment });
    expect(hasSecret()).toBe(false);
    const reader = await openStore(path, { mode: 'read', environment });
    expect(() => reader.get('datum', datumId)).toThrow(EXCISED);
    await reader.close();
  });

  it('is refused while another process has the store open, and changes nothing [DML-STO-1103]', async () => {
    const refusal = { code: 'compaction_refused', detail: 'open_elsewhere' };
    const inode = statSync(join(path, 'data.mdb')).ino;
    const opener = new Opener(path);
    for (const mode of ['read', 'write'] as const) {
      expect(opener.tell({ kind: 'open', mode }).at).toBe('opened');
      await expect(compactStore(path), mode).rejects.toMatchObject(refusal);
      expect(existsSync(join(path, 'compacting'))).toBe(false);
      opener.tell({ kind: 'close' });
    }
    expect(statSync(join(path, 'data.mdb')).ino).toBe(inode);
    await compactStore(path);
    expect(statSync(join(path, 'data.mdb')).ino).not.toBe(inode);
  });

  it('is refused while this process has the store open, and changes nothing', async () => {
    const refusal = { code: 'compaction_refused', detail: 'open_elsewhere' };
    const inode = statSync(join(path, 'data.mdb')).ino;
    for (const mode of ['read', 'write'] as const) {
      const other = await openStore(path, { mode });
      const code = mode === 'read' ? { code: 'store_open_elsewhere' } : refusal;
      await expect(compactStore(path)).rejects.toMatchObject(code);
      await other.close();
    }
    expect(statSync(join(path, 'data.mdb')).ino).toBe(inode);
    expect(existsSync(join(path, 'compacting'))).toBe(false);
    await compactStore(path);
  });

  it('keeps others from opening the store while it runs [DML-STO-1104]', async () => {
    const outcomes: Promise<string>[] = [];
    environment.failpoint = (name) => {
      if (!name.startsWith('compact/')) return;
      const opened = openStore(path, { mode: 'write', environment: fakeEnvironment() });
      outcomes.push(
        opened.then(
          async (store) => store.close().then(() => 'opened'),
          (error: { code: string; detail?: string }) => `${error.code}/${error.detail}`,
        ),
      );
    };
    await compactStore(path, { environment }).catch(() => undefined);
    const seen = await Promise.all(outcomes);
    expect(seen.length).toBeGreaterThanOrEqual(1);
    expect(new Set(seen)).toEqual(new Set(['store_busy/compacting']));
  });

  it('is refused to go on with while the process holds what was replaced [DML-STO-0545]', async () => {
    const store = await openStore(path, { mode: 'read', environment });
    copyFileSync(join(path, 'data.mdb'), join(path, 'copy'));
    renameSync(join(path, 'copy'), join(path, 'data.mdb'));
    const lost = { code: 'session_lost', detail: 'replaced', fields: { path } };
    for (const mode of ['read', 'write'] as const)
      await expect(openStore(path, { mode, environment })).rejects.toMatchObject(lost);
    await store.close();
    await (await openStore(path, { mode: 'write', environment })).close();
  });

  it('leaves the old or the new store whole wherever it fails [DML-STO-1105]', async () => {
    const names: string[] = [];
    const recording = fakeEnvironment();
    recording.failpoint = (name) => void names.push(name);
    await compactStore(path, { environment: recording });
    const steps = [...new Set(names.filter((name) => name.startsWith('compact/')))];
    expect(steps).toEqual([
      'compact/marked',
      'compact/copied',
      'compact/built',
      'compact/unstamped',
      'compact/renamed',
      'compact/stamped',
    ]);
    for (const step of steps) {
      const environment = fakeEnvironment();
      environment.failpoint = (name) => {
        if (name === step) throw new Error(step);
      };
      await expect(compactStore(path, { environment })).rejects.toThrow(step);
      expect(await contentsAt(path), step).toEqual(contents);
    }
  });

  it('replaces the data file by one rename of a file that is whole and durable by then [DML-STO-1102]', async () => {
    const before = statSync(join(path, 'data.mdb')).ino;
    const seen: string[] = [];
    let built = Buffer.alloc(0);
    environment.failpoint = (name) => {
      if (!name.startsWith('compact/')) return;
      seen.push(name);
      const draft = readdirSync(path).find((entry) => entry.startsWith('compact-'));
      if (name === 'compact/built') built = readFileSync(join(path, draft as string, 'data.mdb'));
      if (name === 'compact/renamed')
        expect(readFileSync(join(path, 'data.mdb')).equals(built), 'nothing is written behind it').toBe(true);
    };
    const syncDirectory = (folder: string): void => {
      if (realpathSync(folder) !== realpathSync(path)) return;
      const isNew = statSync(join(path, 'data.mdb')).ino !== before;
      const marked = readdirSync(path).includes('stamp') ? 'stamped' : 'unstamped';
      seen.push(`sync with the ${isNew ? 'new' : 'old'} file, ${marked}`);
    };
    await compactStore(path, { environment: { ...environment, syncDirectory } });
    // Whether a sync is left for later shows in the flags of the meta pages: 8 alone means that none is.
    for (const page of [0, 4096]) expect(built.readUInt16LE(page + 52)).toBe(8);
    expect(seen.slice(seen.indexOf('compact/built'))).toEqual([
      'compact/built',
      'sync with the old file, unstamped',
      'compact/unstamped',
      'sync with the new file, unstamped',
      'compact/renamed',
      'compact/stamped',
    ]);
    expect(await contentsAt(path)).toEqual(contents);
  });

  it('removes the draft and the lock of one that died [DML-STO-1106]', async () => {
    const died = { process: fakeEnvironment(77).process };
    writeFileSync(join(path, 'compacting'), JSON.stringify(died));
    const left = join(path, `compact-${crypto.randomUUID()}`);
    mkdirSync(left);
    writeFileSync(join(left, 'data.mdb'), 'half');
    await expect(compactStore(path, { environment })).rejects.toMatchObject({ detail: 'already_running' });
    environment.deadPids.add(77);
    await compactStore(path, { environment });
    expect(readdirSync(path).filter((name) => name.startsWith('compact'))).toEqual([]);
    expect(await contentsAt(path)).toEqual(contents);
  });

  it('is undone before it writes what may not fit [DML-STO-0175]', async () => {
    const before = readFileSync(join(path, 'data.mdb'));
    const names = readdirSync(path);
    let bytesCopied = 0;
    environment.failpoint = (name) => {
      if (name === 'compact/copied') bytesCopied += 1;
    };
    for (const availableBytes of [0, 4 * 2 ** 20]) {
      const statFileSystem = () => ({ type: 0xef53, availableBytes });
      const compaction = compactStore(path, { environment: { ...environment, statFileSystem } });
      await expect(compaction).rejects.toMatchObject({ code: 'store_full', fields: { availableBytes } });
    }
    expect([bytesCopied, readdirSync(path)]).toEqual([0, names]);
    expect(readFileSync(join(path, 'data.mdb')).equals(before)).toBe(true);
    const enough = () => ({ type: 0xef53, availableBytes: 2 ** 30 });
    await compactStore(path, { environment: { ...environment, statFileSystem: enough } });
    expect(await contentsAt(path)).toEqual(contents);
  });

  it.each([
    ['a system call', { code: 'EIO', syscall: 'fsync' }, 'compact/copied'],
    ['the engine', { code: 28 }, 'compact/copied'],
    ['a system call late', { code: 'EDQUOT', syscall: 'unlink' }, 'compact/unstamped'],
  ])('leaves the store as it was when %s fails, and says why [DML-STO-0176]', async (_what, facts, at) => {
    const before = readFileSync(join(path, 'data.mdb'));
    environment.failpoint = (name) => {
      if (name === at) throw Object.assign(new Error('refused'), facts);
    };
    await expect(compactStore(path, { environment })).rejects.toMatchObject({
      code: 'store_write_failed',
      fields: { path, label: 'compact', errno: facts.code === 28 ? 'ENOSPC' : facts.code },
    });
    expect(readdirSync(path).filter((name) => name.startsWith('compact'))).toEqual([]);
    expect(readFileSync(join(path, 'data.mdb')).equals(before)).toBe(true);
    environment.failpoint = undefined;
    expect(await contentsAt(path)).toEqual(contents);
  });

  it('says that the new file is in place when that may not outlast a power failure [DML-STO-0177]', async () => {
    const inode = statSync(join(path, 'data.mdb')).ino;
    const syncDirectory = (): void => {
      if (statSync(join(path, 'data.mdb')).ino !== inode)
        throw Object.assign(new Error('refused'), { code: 'EIO', syscall: 'fsync' });
    };
    const refusal = { code: 'store_write_failed', detail: 'not_durable', fields: { path, errno: 'EIO' } };
    const compaction = compactStore(path, { environment: { ...environment, syncDirectory } });
    await expect(compaction).rejects.toMatchObject(refusal);
    expect(statSync(join(path, 'data.mdb')).ino).not.toBe(inode);
    expect(await contentsAt(path)).toEqual(contents);
  });

  it('hinders nobody once it has ended, whatever namespace it was in [DML-STO-1117]', async () => {
    const environment = nodeEnvironment();
    const mine = environment.process;
    // A process that lives and does not use the store, and one nobody here can look at; neither has a place.
    const ended = [
      { ...mine, pid: process.ppid },
      { ...mine, pid: 1, pidNamespace: 'pid:[another]' },
      { ...mine, pid: 4_000_001, bootId: 'another', pidNamespace: '' },
    ];
    for (const compactor of ended) {
      writeFileSync(join(path, 'compacting'), JSON.stringify({ process: compactor }));
      for (const mode of ['read', 'write'] as const)
        await (await openStore(path, { mode, environment })).close();
    }
    await compactStore(path, { environment });
    expect(existsSync(join(path, 'compacting'))).toBe(false);
    expect(await contentsAt(path)).toEqual(contents);
  });

  it('refuses a store with damaged objects and leaves it as it was [DML-STO-1107]', async () => {
    const store = await openStore(path, { mode: 'write', environment });
    spoilObject(store, 'node', '3'.repeat(64) as never);
    await store.close();
    const before = readFileSync(join(path, 'data.mdb'));
    await expect(compactStore(path, { environment })).rejects.toMatchObject({ code: 'store_damaged' });
    expect(readFileSync(join(path, 'data.mdb')).equals(before)).toBe(true);
    expect(readdirSync(path).filter((name) => name.startsWith('compact'))).toEqual([]);
  });
});
