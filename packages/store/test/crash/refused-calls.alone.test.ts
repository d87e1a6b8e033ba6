import { rmSync } from 'node:fs';
import type { CommitId } from '@daggerml/object-model';
import { rounds } from '@daggerml/testkit';
import { describe, expect, it, vi } from 'vitest';
import { compactStore } from '../../src/compact/compact.ts';
import { heldEngineCount } from '../../src/engine/held-engines.ts';
import { runGc } from '../../src/gc/run.ts';
import { openStore } from '../../src/open-store.ts';
import { headRef } from '../../src/refs/ref-name.ts';
import { verifyStore } from '../../src/verify/verify-store.ts';
import { fakeEnvironment, setRef, temporaryFolder } from '../fixture-store.ts';
import { putCommit, putText } from '../records.ts';
import { disarm, refuse } from '../refusing-fs.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

vi.mock('node:fs', async (importOriginal) =>
  (await import('../refusing-fs.ts')).refusingFs(await importOriginal()),
);

const ERRNOS = ['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EAGAIN', 'ENOSPC'] as const;
const MAIN = headRef('main');

/** State of a round before a call was refused. */
interface Round {
  readonly path: string;
  /** The commit that `transact` said is kept. */
  acknowledged?: CommitId;
}

async function commitOne(round: Round, create = false): Promise<void> {
  const environment = fakeEnvironment();
  const store = await openStore(round.path, { mode: 'write', create, environment });
  try {
    round.acknowledged = store.transact('commit', (transaction) => {
      const parent = transaction.getRef(MAIN)?.commitId;
      const parents = parent === undefined ? [] : [parent];
      const next = putCommit(transaction, { message: 'next', parents });
      setRef(transaction, MAIN, next);
      return next;
    });
  } finally {
    await store.close();
  }
}

/** Everything a program does with a store; each is begun again for every call that is refused in it. */
const WORKS: Readonly<Record<string, (round: Round) => Promise<unknown>>> = {
  create: (round) => commitOne(round, true),
  commit: (round) => commitOne(round),
  read: async ({ path }) => {
    const store = await openStore(path, { mode: 'read', environment: fakeEnvironment() });
    try {
      expect(store.readRefs().length).toBeGreaterThan(0);
      for await (const entry of store.listJournal()) expect(entry.ref).toBe(MAIN);
      expect((await verifyStore(store)).findings).toBe(0);
    } finally {
      await store.close();
    }
  },
  collect: async ({ path }) => {
    const store = await openStore(path, { mode: 'write', environment: fakeEnvironment() });
    try {
      await runGc(store);
    } finally {
      await store.close();
    }
  },
  compact: ({ path }) => compactStore(path, { environment: fakeEnvironment() }),
};

interface Failure {
  readonly code: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Runs a work with its n-th call refused; returns the call and how the work ended. */
async function runRefused(
  work: (round: Round) => Promise<unknown>,
  round: Round,
  [nth, errno]: readonly [number, string],
): Promise<{ call: string | undefined; failure: Failure | undefined }> {
  refuse(nth, errno);
  let failure: Failure | undefined;
  try {
    await work(round);
  } catch (error) {
    failure = error as Failure;
  }
  return { call: disarm(), failure };
}

async function filledStore(): Promise<string> {
  const path = `${temporaryFolder()}/store`;
  const store = await openStore(path, { mode: 'write', create: true, environment: fakeEnvironment() });
  store.transact('fill', (transaction) => {
    for (let index = 0; index < 50; index += 1) putText(transaction, `garbage ${index}`);
    const next = putCommit(transaction, { message: 'base' });
    transaction.updateRef({ ref: MAIN, expected: null, next, actor: 'ada', reason: 'test' });
  });
  store.checkpoint();
  await store.close();
  return path;
}

/** The store is whole, and what was acknowledged is there. */
async function expectWhole({ path, acknowledged }: Round, where: string): Promise<void> {
  const store = await openStore(path, { mode: 'write', create: true, environment: fakeEnvironment() });
  try {
    expect((await verifyStore(store)).findings, where).toBe(0);
    if (acknowledged !== undefined) expect(store.has('commit', acknowledged), where).toBe(true);
  } finally {
    await store.close();
  }
}

describe('a call that the system refuses once', () => {
  it.each(Object.keys(WORKS))(
    'is reported as what it is, wherever it comes in a %s [DML-STO-0180] [DML-STO-0184]',
    async (name) => {
      const work = WORKS[name] as (round: Round) => Promise<unknown>;
      let refused = 0;
      for (let nth = 1; ; nth += rounds(3, 1)) {
        const path = name === 'create' ? `${temporaryFolder()}/store` : await filledStore();
        const errno = ERRNOS[nth % ERRNOS.length] as string;
        const round: Round = { path };
        const { call, failure } = await runRefused(work, round, [nth, errno]);
        if (call === undefined) break;
        refused += 1;
        const where = `${name}, call ${nth}, ${call}, ${errno}: ${String(failure)}`;
        expect(heldEngineCount(), where).toBe(0);
        if (failure !== undefined) {
          expect(failure.code, where).toMatch(
            /^store_(unreadable|unwritable|missing|write_failed|close_failed|full)$/,
          );
          expect(failure.fields.errno, where).toBe(errno);
        }
        await expectWhole(round, where);
        rmSync(path, { recursive: true });
      }
      expect(refused).toBeGreaterThan(rounds(7, 20));
    },
  );
});

describe('what a refused call does not make untrue', () => {
  it('a store that is there is not missing where it may not be read [DML-STO-0181]', async () => {
    const path = await filledStore();
    for (const call of ['realpathSync', 'openSync', 'accessSync'])
      for (const errno of ['EACCES', 'EPERM', 'EIO']) {
        refuse(1, errno, call);
        const opened = openStore(path, { mode: 'read', environment: fakeEnvironment() });
        await expect(opened).rejects.toMatchObject({ code: 'store_unreadable', fields: { path, errno } });
        expect(disarm()).toBe(call);
      }
    rmSync(path, { recursive: true });
    const opened = openStore(path, { mode: 'read', environment: fakeEnvironment() });
    await expect(opened).rejects.toMatchObject({ code: 'store_missing' });
  });

  it('a commit is one though the stamp cannot be written after it [DML-STO-0186]', async () => {
    const path = await filledStore();
    let refused = 0;
    for (let nth = 1, isOver = false; !isOver; nth += 1) {
      const environment = fakeEnvironment();
      const store = await openStore(path, { mode: 'write', environment });
      environment.failpoint = (name) => {
        if (name === 'commit/after-commit') refuse(nth, 'EIO');
      };
      const next = store.transact('commit', (transaction) => putCommit(transaction, { message: `${nth}` }));
      isOver = disarm() === undefined;
      if (!isOver) refused += 1;
      expect(store.has('commit', next)).toBe(true);
      environment.failpoint = undefined;
      store.transact('later', (transaction) => void putText(transaction, `later ${nth}`));
      await store.close();
    }
    expect(refused).toBeGreaterThan(2);
  });

  it('what was committed is kept though closing fails, and that is what is said [DML-STO-0182]', async () => {
    const path = await filledStore();
    const environment = fakeEnvironment(7);
    const store = await openStore(path, { mode: 'write', environment });
    const next = store.transact('commit', (transaction) => putCommit(transaction, { message: 'kept' }));
    environment.failpoint = (name) => {
      if (name === 'close/before-commit')
        throw Object.assign(new Error('sync'), { code: 'EIO', syscall: 'fdatasync' });
    };
    await expect(store.close()).rejects.toMatchObject({
      code: 'store_close_failed',
      fields: { path, errno: 'EIO' },
    });
    expect(heldEngineCount()).toBe(0);
    expect(() => store.transact('late', () => {})).toThrow(expect.objectContaining({ code: 'store_closed' }));
    await store.close();
    // The row that stayed goes with the next writer.
    const later = fakeEnvironment(8);
    later.deadPids.add(7);
    const again = await openStore(path, { mode: 'write', environment: later });
    expect(again.has('commit', next)).toBe(true);
    again.transact('more', () => {});
    later.deadPids.clear();
    expect(again.liveSessions().map(({ sessionId }) => sessionId)).toEqual([again.sessionId]);
    await again.close();
  });
});
