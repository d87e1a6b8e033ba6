import { describe, expect, it, vi } from 'vitest';
import { closedStore, fakeEnvironment, fakeWaits } from '../../../test/fixture-store.ts';
import type { Waiting } from '../../environment.ts';
import { openStore } from '../../open-store.ts';
import { heldEngineCount } from '../held-engines.ts';
import type * as places from './reader-slots.ts';

/** Number of refusals of the lock of this process's number to come, their error, and whether locks are listed. */
const kernel = vi.hoisted(() => ({ refusals: 0, errno: 0, hasLocks: true }));

vi.mock('./reader-slots.ts', async (importOriginal) => {
  const original = await importOriginal<typeof places>();
  return {
    ...original,
    takeReaderSlot: (env: object) => {
      if (kernel.refusals === 0) return original.takeReaderSlot(env);
      kernel.refusals -= 1;
      // As the engine reports what the system answers.
      throw Object.assign(new Error('refused'), { code: kernel.errno });
    },
    slotHolders: (root: Parameters<typeof original.slotHolders>[0]) =>
      kernel.hasLocks ? original.slotHolders(root) : undefined,
  };
});

const EAGAIN = 11;
const EACCES = 13;

describe('an opening whose number another process has', () => {
  it.each([EAGAIN, EACCES])('waits for its place and goes on, error %i [DML-STO-0755]', async (errno) => {
    const path = await closedStore();
    for (const mode of ['read', 'write'] as const) {
      Object.assign(kernel, { refusals: 30, errno });
      const told: Waiting[] = [];
      const onWait = (waiting: Waiting): void => void told.push(waiting);
      const store = await openStore(path, {
        mode,
        environment: { ...fakeEnvironment(), ...fakeWaits(50), onWait },
      });
      expect(kernel.refusals).toBe(0);
      expect(told).toEqual([{ reason: 'process_number', path, pid: process.pid, namespace: 'another' }]);
      expect(store.readRefs()).toEqual([]);
      await store.close();
    }
  });

  it('ends as every wait does, with nothing left open', async () => {
    const path = await closedStore();
    Object.assign(kernel, { refusals: 1_000, errno: EAGAIN });
    const environment = { ...fakeEnvironment(), ...fakeWaits(1_000) };
    await expect(openStore(path, { mode: 'write', environment })).rejects.toMatchObject({
      code: 'store_busy',
      detail: 'process_number',
      fields: { path, pid: process.pid, namespace: 'another', waitedMs: 60_000 },
    });
    expect(kernel.refusals).toBe(1_000 - 61);
    kernel.refusals = 0;
    expect(heldEngineCount()).toBe(0);
    await (await openStore(path, { mode: 'write', environment })).close();
  });
});

describe('an opening without locks', () => {
  it('is refused where the lock file can be written [DML-STO-0185]', async () => {
    const path = await closedStore();
    for (const mode of ['read', 'write'] as const) {
      kernel.hasLocks = false;
      await expect(openStore(path, { mode })).rejects.toMatchObject({
        code: 'store_unreadable',
        detail: 'no_locks',
      });
      kernel.hasLocks = true;
      expect(heldEngineCount()).toBe(0);
      await (await openStore(path, { mode })).close();
    }
  });
});
