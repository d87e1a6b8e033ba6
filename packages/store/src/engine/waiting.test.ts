import type { DatumId } from '@daggerml/object-model';
import { describe, expect, it, vi } from 'vitest';
import { fakeWaits, openFixture, temporaryFolder } from '../../test/fixture-store.ts';
import { Opener } from '../../test/opener.ts';
import { putText } from '../../test/records.ts';
import { commitTo } from '../../test/streams.ts';
import { backupStore } from '../backup/backup.ts';
import { compactStore } from '../compact/compact.ts';
import type { StoreEnvironment, Waiting } from '../environment.ts';
import { runGc } from '../gc/run.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { openStore } from '../open-store.ts';
import { sessionKey } from '../sessions/sessions.ts';
import type { Store } from '../store.ts';
import { heldEngineCount } from './held-engines.ts';

const REAL_PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Waits that an observer heard of, in order. */
interface Told {
  readonly waits: Waiting[];
  readonly blocked: string[];
}

/** A store with one commit, another process that is in a transaction of it, and what waits of ours do. */
async function scene(
  overrides: Partial<StoreEnvironment> = {},
): Promise<{ store: Store; opener: Opener; told: Told }> {
  const told: Told = { waits: [], blocked: [] };
  const environment = nodeEnvironment({
    onWait: (waiting) => told.waits.push(waiting),
    whileBlocked: () => {
      told.blocked.push('begin');
      return () => told.blocked.push('end');
    },
    ...overrides,
  });
  const store = await openFixture(environment, `${temporaryFolder()}/store`);
  commitTo(store, {});
  const opener = new Opener(store.path);
  expect(opener.tell({ kind: 'open', mode: 'write' }).at).toBe('opened');
  expect(opener.tell({ kind: 'hold', text: 'theirs' }).at).toBe('holding');
  return { store, opener, told };
}

/** Puts one text and says which transaction of the engine that was. */
function put(store: Store, text: string): DatumId {
  return store.transact('put', (transaction) => putText(transaction, text));
}

describe('a transaction during one of another process', () => {
  it('does not enter the engine before that one has ended [DML-STO-0754]', async () => {
    let theirs: DatumId | undefined;
    let enter: ReturnType<typeof vi.spyOn> | undefined;
    const entered: number[] = [];
    const waits = fakeWaits(10, (pauses) => {
      entered.push(enter?.mock.calls.length ?? -1);
      if (pauses === 20) theirs = opener.tell({ kind: 'go' }).datumId;
    });
    const { store, opener } = await scene(waits);
    enter = vi.spyOn(store.engine.root, 'transactionSync');
    expect(store.engine.lock.writer()).toBe(opener.pid);
    const mine = put(store, 'mine');
    expect(entered).toEqual(new Array(20).fill(0));
    expect(enter).toHaveBeenCalledTimes(1);
    expect(store.has('datum', theirs as DatumId)).toBe(true);
    expect(opener.tell({ kind: 'has', datumId: mine }).has).toBe(true);
  });

  it('tells after a second, once, for whom it waits [DML-STO-0750] [DML-STO-0756]', async () => {
    const toldAt: number[] = [];
    const waits = fakeWaits(100, (pauses) => {
      toldAt.push(told.waits.length);
      if (pauses === 40) opener.tell({ kind: 'go' });
    });
    const { store, opener, told } = await scene(waits);
    put(store, 'mine');
    expect(toldAt.indexOf(1)).toBe(10);
    expect(told.waits).toEqual([{ reason: 'write_lock', path: store.path, pid: opener.pid }]);
    // A short wait is not worth a word.
    expect(opener.tell({ kind: 'hold', text: 'again' }).at).toBe('holding');
    let pauses = 0;
    Object.assign(
      store.environment,
      fakeWaits(100, () => {
        pauses += 1;
        if (pauses === 9) opener.tell({ kind: 'go' });
      }),
    );
    put(store, 'mine too');
    expect(told.waits).toHaveLength(1);
  });

  it('tells of a process that nobody here can see as one of another namespace [DML-STO-0756]', async () => {
    const unseen = { lockWaitMs: 0, probe: () => ({ state: 'dead' }) as const };
    const { store, opener } = await scene({ ...fakeWaits(1_000), ...unseen });
    expect(() => put(store, 'mine')).toThrow(
      expect.objectContaining({ fields: expect.objectContaining({ pid: opener.pid, namespace: 'another' }) }),
    );
    opener.tell({ kind: 'go' });
  });

  it('ends as store_busy when nothing has changed for a minute [DML-STO-0751]', async () => {
    let pauses = 0;
    const waits = fakeWaits(1_000, (count) => {
      pauses = count;
    });
    const { store, opener } = await scene(waits);
    const version = store.stateVersion();
    const busy = (waitedMs: number) =>
      expect.objectContaining({
        code: 'store_busy',
        detail: 'write_lock',
        fields: { path: store.path, pid: opener.pid, waitedMs },
      });
    expect(() => put(store, 'mine')).toThrow(busy(60_000));
    expect(pauses).toBe(60);
    // As long as others get on with their work it is worth to wait.
    const turns: number[] = [];
    Object.assign(store.environment, {
      lockWaitMs: 10_000,
      ...fakeWaits(1_000, (count) => {
        if (count % 8 !== 0 || turns.length === 3) return;
        turns.push(count);
        opener.tell({ kind: 'go' });
        opener.tell({ kind: 'hold', text: `theirs ${count}` });
      }),
    });
    expect(() => put(store, 'mine')).toThrow(busy(10_000));
    expect(turns).toEqual([8, 16, 24]);
    opener.tell({ kind: 'go' });
    expect(store.stateVersion()).toBe(version);
    expect(store.has('datum', put(store, 'mine'))).toBe(true);
  });

  it('says when it begins to block the thread and when that ends [DML-STO-0752]', async () => {
    const waits = fakeWaits(5, (pauses) => {
      if (pauses === 1) expect(told.blocked).toEqual([]);
      if (pauses === 4) expect(told.blocked).toEqual(['begin']);
      if (pauses === 9) opener.tell({ kind: 'go' });
    });
    const { store, opener, told } = await scene(waits);
    put(store, 'mine');
    expect(told.blocked).toEqual(['begin', 'end']);
    expect(opener.tell({ kind: 'hold', text: 'again' }).at).toBe('holding');
    Object.assign(store.environment, { lockWaitMs: 50 });
    expect(() => put(store, 'mine')).toThrow(expect.objectContaining({ code: 'store_busy' }));
    expect(told.blocked).toEqual(['begin', 'end', 'begin', 'end']);
  });

  it('goes on when that process was killed in the middle of its transaction [DML-STO-0758]', async () => {
    const waits = fakeWaits(1, (pauses) => {
      if (pauses === 5) opener.child.kill('SIGKILL');
      Atomics.wait(REAL_PAUSE, 0, 0, 1);
    });
    const { store, opener } = await scene(waits);
    const before = store.engine.txnId.written();
    const mine = put(store, 'mine');
    expect(store.has('datum', mine)).toBe(true);
    expect(store.engine.txnId.written()).toBe(before + 1);
    expect(store.engine.lock.writer()).toBe(0);
  });

  it('can be tried again when it ended before it began [DML-STO-0757]', async () => {
    const { store, opener } = await scene({ ...fakeWaits(1_000), lockWaitMs: 2_000 });
    for (let round = 0; round < 2; round += 1)
      expect(() => put(store, 'mine')).toThrow(expect.objectContaining({ code: 'store_busy' }));
    opener.tell({ kind: 'go' });
    const look = vi.spyOn(store.engine.txnId, 'written').mockImplementationOnce(() => {
      throw Object.assign(new Error('refused'), { code: 'EIO', syscall: 'read' });
    });
    const fields = expect.objectContaining({ errno: 'EIO' });
    expect(() => put(store, 'mine')).toThrow(expect.objectContaining({ code: 'store_unreadable', fields }));
    look.mockRestore();
    expect(store.engine.poison).toBeUndefined();
    expect(store.has('datum', put(store, 'mine'))).toBe(true);
  });

  it('does not keep a store from being closed, nor does a session that was lost [DML-STO-0543]', async () => {
    let pauses = 0;
    const waits = fakeWaits(100, (count) => {
      pauses = count;
    });
    const { store, opener } = await scene(waits);
    await store.close();
    expect(pauses).toBe(10);
    opener.tell({ kind: 'go' });
    const lost = await openFixture(nodeEnvironment(), store.path);
    put(lost, 'mine');
    const key = sessionKey(lost.sessionId);
    const other = await openFixture(nodeEnvironment(), store.path);
    other.transact('force', (transaction) => void transaction.deleteRow('sessions', key));
    await lost.close();
    expect(() => put(lost, 'late')).toThrow(expect.objectContaining({ code: 'store_closed' }));
  });
});

describe('waiting without blocking the thread', () => {
  it('is what openings, collections, compactions and backups do, until their signal ends them [DML-STO-0753]', async () => {
    const { store, opener } = await scene();
    const { path } = store;
    await store.close();
    const held = heldEngineCount();
    const inside = async (
      environment: StoreEnvironment,
      work: (host: Store) => Promise<unknown>,
    ): Promise<unknown> => {
      // The opening has to get through first: only the work is to wait.
      opener.tell({ kind: 'go' });
      const host = await openStore(path, { mode: 'write', environment });
      opener.tell({ kind: 'hold', text: 'for the work' });
      return work(host).finally(() => host.close());
    };
    const works: ((environment: StoreEnvironment, signal?: AbortSignal) => Promise<unknown>)[] = [
      async (environment, signal) => (await openStore(path, { mode: 'write', environment, signal })).close(),
      (environment, signal) => inside(environment, (host) => runGc(host, { ...(signal && { signal }) })),
      async (environment, signal) => compactStore(path, { environment, ...(signal && { signal }) }),
      (environment, signal) =>
        inside(environment, (host) =>
          backupStore(host, `${path}.backup/store`, { ...(signal && { signal }) }),
        ),
    ];
    for (const work of works) {
      const controller = new AbortController();
      const reason = new Error('interrupted');
      let sleeps = 0;
      const waits = fakeWaits(10, (count) => {
        sleeps = count;
        if (count === 5) controller.abort(reason);
      });
      const blocks = vi.fn();
      const environment = nodeEnvironment({ ...waits, pause: blocks, lockWaitMs: 60_000 });
      await expect(work(environment, controller.signal)).rejects.toBe(reason);
      expect(sleeps).toBe(5);
      expect(heldEngineCount()).toBe(held);
    }
    // And when nobody ends them they go on once the lock is free.
    for (const work of works) {
      const waits = fakeWaits(10, (count) => {
        if (count === 5) opener.tell({ kind: 'go' });
      });
      const ended = await work(nodeEnvironment(waits)).catch((error: { detail: string }) => error.detail);
      // The other process still has the store open.
      expect(ended === 'open_elsewhere').toBe(work === works[2]);
      opener.tell({ kind: 'hold', text: 'again' });
    }
  });
});
