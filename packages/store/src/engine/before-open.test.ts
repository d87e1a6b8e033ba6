import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeEnvironment, temporaryFolder } from '../../test/fixture-store.ts';
import { openStore } from '../open-store.ts';
import { prepareOpening } from './before-open.ts';

/** What the system says to whoever opens a lock file. */
const refusal = vi.hoisted(() => ({ errno: '' }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const openSync: typeof real.openSync = (path, flags, mode) => {
    if (refusal.errno !== '' && String(path).endsWith('lock.mdb'))
      throw Object.assign(new Error('refused'), { code: refusal.errno });
    return real.openSync(path, flags, mode);
  };
  return { ...real, openSync };
});

afterEach(() => {
  refusal.errno = '';
});

describe('a lock file that may not be written', () => {
  it('is done without on a read-only mount, to read [DML-STO-0163]', async () => {
    const path = join(temporaryFolder(), 'store');
    const environment = fakeEnvironment();
    await (await openStore(path, { mode: 'write', create: true, environment })).close();
    const asked: string[] = [];
    const mount = (isReadOnly: boolean) => (file: string) => {
      asked.push(file);
      return isReadOnly;
    };
    const refused = (errno: string) =>
      expect.objectContaining({ code: 'store_unwritable', detail: 'prepare', fields: { path, errno } });
    for (const errno of ['EACCES', 'EROFS']) {
      refusal.errno = errno;
      expect(() => prepareOpening(path, true, mount(true)), errno).not.toThrow();
      expect(() => prepareOpening(path, false, mount(true)), errno).toThrow(refused(errno));
    }
    refusal.errno = 'EACCES';
    expect(() => prepareOpening(path, true, mount(false))).toThrow(refused('EACCES'));
    expect(new Set(asked)).toEqual(new Set([join(path, 'data.mdb')]));
    refusal.errno = 'EMFILE';
    expect(() => prepareOpening(path, true, mount(true))).toThrow(refused('EMFILE'));
  });
});
