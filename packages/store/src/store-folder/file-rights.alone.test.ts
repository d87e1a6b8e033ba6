import { chmodSync, closeSync, fstatSync, lstatSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closedStore, fakeEnvironment, temporaryFolder } from '../../test/fixture-store.ts';
import { compactStore } from '../compact/compact.ts';
import { openStore } from '../open-store.ts';
import { adoptRights } from './file-rights.ts';

/** Rights that the process asks for, and those it may not give. */
const chown = vi.hoisted(() => ({
  asked: [] as (readonly [number, number])[],
  refused: (_uid: number, _gid: number): boolean => false,
}));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const fchownSync: typeof real.fchownSync = (_descriptor, uid, gid) => {
    chown.asked.push([uid, gid]);
    if (chown.refused(uid, gid)) throw Object.assign(new Error('refused'), { code: 'EPERM' });
  };
  return { ...real, fchownSync };
});

let umask: number;
beforeEach(() => {
  umask = process.umask(0o077);
});
afterEach(() => {
  process.umask(umask);
  Object.assign(chown, { asked: [], refused: () => false });
});

const modeOf = (file: string): string => (lstatSync(file).mode & 0o777).toString(8);

describe('the rights of a file that is made again', () => {
  it('are those of the one before after a compaction, whatever the umask [DML-STO-0170]', async () => {
    const path = await closedStore();
    const wanted = { 'data.mdb': '664', 'lock.mdb': '666', stamp: '646' };
    for (const [name, mode] of Object.entries(wanted)) chmodSync(join(path, name), Number.parseInt(mode, 8));
    await compactStore(path, { environment: fakeEnvironment() });
    for (const [name, mode] of Object.entries(wanted))
      expect([name, modeOf(join(path, name))]).toEqual([name, mode]);
  });

  it('are those of the data file where there was none before [DML-STO-0170]', async () => {
    const path = await closedStore();
    chmodSync(join(path, 'data.mdb'), 0o660);
    for (const name of ['lock.mdb', 'stamp']) rmSync(join(path, name));
    await (await openStore(path, { mode: 'write' })).close();
    for (const name of ['lock.mdb', 'stamp']) expect([name, modeOf(join(path, name))]).toEqual([name, '660']);
  });

  const adopted = (rights: {
    mode: number;
    uid: number;
    gid: number;
  }): [string, readonly (readonly [number, number])[]] => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const descriptor = openSync(file, 'r+');
    adoptRights(descriptor, rights);
    closeSync(descriptor);
    return [modeOf(file), chown.asked.splice(0)];
  };
  const uid = process.geteuid?.() ?? 0;

  it('go with owner and group, then with the group alone [DML-STO-0170]', () => {
    expect(adopted({ mode: 0o100640, uid: uid + 1, gid: 4242 })).toEqual(['640', [[uid + 1, 4242]]]);
    chown.refused = (wanted) => wanted !== uid;
    expect(adopted({ mode: 0o100664, uid: uid + 1, gid: 4242 })).toEqual([
      '664',
      [
        [uid + 1, 4242],
        [uid, 4242],
      ],
    ]);
  });

  it('leave out the group that cannot be given [DML-STO-0174]', () => {
    chown.refused = () => true;
    expect(adopted({ mode: 0o100664, uid: uid + 1, gid: 4242 })[0]).toBe('604');
    expect(adopted({ mode: 0o100770, uid, gid: 4242 })[0]).toBe('700');
  });

  it('need no change of owner where it is the same', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const descriptor = openSync(file, 'r+');
    const { uid, gid } = fstatSync(descriptor);
    adoptRights(descriptor, { mode: 0o100606, uid, gid });
    closeSync(descriptor);
    expect([modeOf(file), chown.asked]).toEqual(['606', []]);
  });
});
