import { fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closedStore, fakeEnvironment } from '../../../test/fixture-store.ts';
import { openStore } from '../../open-store.ts';
import { HeldFolder } from '../../store-folder/held-folder.ts';
import { prepareOpening } from './preflight.ts';

/** Answer of the system to whoever opens a file of this name. */
const refusal = vi.hoisted(() => ({ name: 'lock.mdb', errno: '' }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const openSync: typeof real.openSync = (path, flags, mode) => {
    if (refusal.errno !== '' && String(path).endsWith(refusal.name))
      throw Object.assign(new Error('refused'), { code: refusal.errno, syscall: 'open' });
    return real.openSync(path, flags, mode);
  };
  return { ...real, openSync };
});

afterEach(() => {
  Object.assign(refusal, { name: 'lock.mdb', errno: '' });
});

it.each([
  ['lock.mdb', 'EACCES', 'store_unwritable'],
  ['lock.mdb', 'ENOSPC', 'store_unwritable'],
  ['data.mdb', 'EMFILE', 'store_unreadable'],
  ['/store', 'ENFILE', 'store_unreadable'],
])(
  '%s that cannot be had (%s) is reported before the engine opens [DML-STO-0180] [DML-STO-0184]',
  async (name, errno, code) => {
    const path = await closedStore();
    const environment = fakeEnvironment();
    Object.assign(refusal, { name, errno });
    const steps: string[] = [];
    environment.failpoint = (step) => void steps.push(step);
    for (const mode of ['read', 'write'] as const)
      await expect(openStore(path, { mode, environment })).rejects.toMatchObject({
        code,
        fields: { path, errno },
      });
    // The engine opens after this one.
    expect(steps).not.toContain('open/prepared');
    refusal.errno = '';
    const store = await openStore(path, { mode: 'read', environment });
    expect(store.readRefs()).toEqual([]);
    await store.close();
  },
);

describe('a lock file that may not be written', () => {
  it('is done without on a read-only mount, to read [DML-STO-0163]', async () => {
    const path = await closedStore();
    const asked: number[] = [];
    const mount = (isReadOnly: boolean) => (descriptor: number) => {
      asked.push(fstatSync(descriptor).ino);
      return isReadOnly;
    };
    const folder = HeldFolder.open(path);
    const refused = (errno: string, code = 'store_unwritable') =>
      expect.objectContaining({ code, detail: 'prepare', fields: { path, errno } });
    expect(prepareOpening(folder, true, mount(true))).toBe(true);
    for (const errno of ['EACCES', 'EROFS']) {
      refusal.errno = errno;
      expect(prepareOpening(folder, true, mount(true)), errno).toBe(false);
      expect(() => prepareOpening(folder, false, mount(true)), errno).toThrow(refused(errno));
    }
    refusal.errno = 'EACCES';
    expect(() => prepareOpening(folder, true, mount(false))).toThrow(refused('EACCES'));
    expect(new Set(asked)).toEqual(new Set([statSync(join(path, 'data.mdb')).ino]));
    refusal.errno = 'EMFILE';
    expect(() => prepareOpening(folder, true, mount(true))).toThrow(refused('EMFILE', 'store_unreadable'));
    folder.close();
  });
});
