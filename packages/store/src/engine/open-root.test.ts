import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  closedStore,
  fakeEnvironment,
  fakeWaits,
  openFixture,
  temporaryFolder,
} from '../../test/fixture-store.ts';
import { Opener } from '../../test/opener.ts';
import { putText } from '../../test/records.ts';
import type { Waiting } from '../environment.ts';
import { openStore } from '../open-store.ts';
import { HeldFolder } from '../store-folder/held-folder.ts';
import { LockFile } from './lock-file.ts';

/** Kind of lock that the engine makes, and the value of the C library for a destroyed one. */
const LOCK_KIND = 0x90;
const DESTROYED = -1;
const HEAD_BYTES = 128;

/** Leaves the locks of a file as the last user leaves them to the process that waits to be the next. */
function destroyLocks(path: string): number {
  const descriptor = openSync(join(path, 'lock.mdb'), 'r+');
  const head = Buffer.alloc(HEAD_BYTES);
  readSync(descriptor, head, 0, HEAD_BYTES, 0);
  let count = 0;
  for (let at = 0; at < HEAD_BYTES; at += 4) {
    if (head.readInt32LE(at) !== LOCK_KIND) continue;
    count += 1;
    head.writeInt32LE(DESTROYED, at);
  }
  writeSync(descriptor, head, 0, HEAD_BYTES, 0);
  closeSync(descriptor);
  return count;
}

it.each(['read', 'write'] as const)(
  'opening to %s outlasts locks that the user before has destroyed [DML-STO-0118]',
  async (mode) => {
    const path = join(temporaryFolder(), 'store');
    const first = await openFixture(fakeEnvironment(), path);
    first.transact('put', (transaction) => void putText(transaction, 'kept'));
    await first.close();
    const holder = new Opener(path);
    expect(holder.tell({ kind: 'open', mode: 'read' }).at).toBe('opened');
    expect(destroyLocks(path)).toBe(3);
    // Opening does not give way to timers, so another process ends the one that holds the file.
    const mark = `${path}.ending`;
    const script = 'sleep 0.3; touch "$1"; kill -9 "$2"';
    const killer = spawn('sh', ['-c', script, 'sh', mark, `${holder.pid}`], { stdio: 'ignore' });
    const store = await openStore(path, { mode, environment: fakeEnvironment() });
    expect(existsSync(mark)).toBe(true);
    if (mode === 'write') store.transact('put', (transaction) => void putText(transaction, 'later'));
    expect(store.readRefs()).toEqual([]);
    await store.close();
    if (killer.exitCode === null) await once(killer, 'close');
  },
);

it('a lock file that has just gone is not left to the engine to make [DML-STO-0165]', async () => {
  const path = await closedStore();
  const folder = HeldFolder.open(path);
  rmSync(join(path, 'lock.mdb'));
  expect(() => new LockFile(folder, true)).toThrowError(
    expect.objectContaining({ code: 'store_busy', detail: 'replaced' }),
  );
  folder.close();
});

it('waits for locks that are destroyed while others hold the file, and ends as a wait does [DML-STO-0118]', async () => {
  const path = await closedStore();
  const holder = new Opener(path);
  expect(holder.tell({ kind: 'open', mode: 'read' }).at).toBe('opened');
  destroyLocks(path);
  const told: string[] = [];
  const onWait = ({ reason }: Waiting): void => void told.push(reason);
  const environment = { ...fakeEnvironment(), ...fakeWaits(100), lockWaitMs: 1_500, onWait };
  await expect(openStore(path, { mode: 'read', environment })).rejects.toMatchObject({
    code: 'store_busy',
    detail: 'locks',
    fields: { path },
  });
  expect(told).toEqual(['locks']);
  await holder.kill();
  const store = await openStore(path, { mode: 'read', environment: fakeEnvironment() });
  expect(store.readRefs()).toEqual([]);
  await store.close();
});
