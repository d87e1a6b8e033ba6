import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fakeEnvironment, openFixture, temporaryFolder } from '../../test/fixture-store.ts';
import { putText } from '../../test/records.ts';
import { runGc } from '../gc/run.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { HeldFolder } from './held-folder.ts';

/** True when the system has the folder of descriptors. */
const proc = vi.hoisted(() => ({ isThere: true }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const lstatSync = ((path, options) =>
    !proc.isThere && String(path).startsWith('/proc/')
      ? undefined
      : real.lstatSync(path, options as never)) as typeof real.lstatSync;
  return { ...real, lstatSync };
});

const _UUID = '00112233-4455-6677-8899-aabbccddeeff';
const GONE = { code: 'store_gone' };

function put(store: Store): void {
  store.transact('put', (transaction) => void putText(transaction, `kept ${Math.random()}`));
}

describe('a store whose folder is gone', () => {
  it.each([
    ['moved', (folder: string) => renameSync(folder, `${folder}-aside`)],
    ['deleted', (folder: string) => rmSync(folder, { recursive: true })],
  ])('and was %s refuses transactions with what it is [DML-STO-0172]', async (_how, remove) => {
    const path = join(temporaryFolder(), 'repository', 'store');
    const store = await openStore(path, { mode: 'write', create: true, environment: fakeEnvironment() });
    put(store);
    const version = store.stateVersion();
    remove(dirname(path));
    const gone = expect.objectContaining({ ...GONE, fields: { path } });
    expect(() => put(store)).toThrow(gone);
    await expect(runGc(store)).rejects.toThrow(gone);
    expect(() => store.checkpoint()).toThrow(gone);
    expect(store.stateVersion()).toBe(version);
    await expect(store.close()).rejects.toThrow(gone);
    await store.close();
  });
});

describe('a folder without descriptors to reach it by', () => {
  it('is reached by its path for as long as it stands there [DML-STO-0172]', async () => {
    proc.isThere = false;
    try {
      const path = join(temporaryFolder(), 'repository', 'store');
      const environment = fakeEnvironment();
      const store = await openFixture(environment, path);
      put(store);
      const held = HeldFolder.open(path);
      expect([held.isPinned, held.reach('stamp')]).toEqual([false, join(path, 'stamp')]);
      renameSync(path, `${path}-aside`);
      mkdirSync(path);
      expect(() => held.names()).toThrow(expect.objectContaining(GONE));
      rmSync(path, { recursive: true });
      expect(() => held.names()).toThrow(expect.objectContaining(GONE));
      renameSync(`${path}-aside`, path);
      expect(held.names()).toContain('data.mdb');
      held.close();
    } finally {
      proc.isThere = true;
    }
  });
});
