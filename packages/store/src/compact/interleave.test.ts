import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { rounds } from '@daggerml/testkit';
import { describe, expect, it, vi } from 'vitest';
import { fakeEnvironment, openFixture, setRef, temporaryFolder } from '../../test/fixture-store.ts';
import { Opener } from '../../test/opener.ts';
import { putText } from '../../test/records.ts';
import { commitTo } from '../../test/streams.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { openStore } from '../open-store.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { compactStore } from './compact.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const STOPS = ['open/begun', 'open/file-held', 'open/prepared', 'open/placed', 'open/reading'] as const;
/** Moments of a compaction at which the opening goes on; before and after are no failpoints. */
const MOMENTS = ['before', 'marked', 'built', 'unstamped', 'renamed', 'stamped', 'after'] as const;

/** Every way in which the steps of an opening fall on moments of a compaction, in order. */
function* schedules(from = 0, steps: number = STOPS.length): Generator<number[]> {
  if (steps === 0) {
    yield [];
    return;
  }
  for (let moment = from; moment < MOMENTS.length; moment += 1)
    for (const rest of schedules(moment, steps - 1)) yield [moment, ...rest];
}

async function filledStore(): Promise<string> {
  const path = join(temporaryFolder(), 'store');
  const store = await openStore(path, { mode: 'write', create: true });
  store.transact('fill', (transaction) => {
    for (let index = 0; index < 200; index += 1) putText(transaction, `text ${index}`);
  });
  commitTo(store, {});
  await store.close();
  return path;
}

/** Lets one opening meet one compaction; returns what became of both. */
async function meet(path: string, opener: Opener, schedule: readonly number[], mode: 'read' | 'write') {
  let last = opener.tell({ kind: 'open', mode, stops: STOPS });
  const queue = [...schedule];
  const goOn = (moment: number): void => {
    while (queue[0] !== undefined && queue[0] <= moment) {
      queue.shift();
      if (last.at?.startsWith('open/')) last = opener.tell({ kind: 'go' });
    }
  };
  goOn(0);
  const environment = nodeEnvironment({
    failpoint: (name) => goOn(MOMENTS.findIndex((moment) => name === `compact/${moment}`)),
  });
  let compacted = 'compacted';
  try {
    await compactStore(path, { environment });
  } catch (error) {
    compacted = (error as { code: string }).code;
  }
  goOn(MOMENTS.length - 1);
  return { compacted, opened: last.at === 'opened' ? 'opened' : `${last.code}/${last.detail}` };
}

describe('an opening during a compaction', () => {
  it('uses the files that others use, or none, however their steps fall [DML-STO-1104]', async () => {
    const path = await filledStore();
    const opener = new Opener(path);
    const outcomes = new Map<string, number>();
    // Any that shares no factor with the 7 moments and the 4 rounds of modes.
    const stride = rounds(5, 1);
    let number = 0;
    for (const schedule of schedules()) {
      number += 1;
      if (number % stride !== 0) continue;
      const mode = number % 4 === 0 ? 'read' : 'write';
      const outcome = await meet(path, opener, schedule, mode);
      const name = `${outcome.compacted} ${outcome.opened}`;
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
      const where = `${mode} ${schedule.map((moment) => MOMENTS[moment]).join(' ')}: ${name}`;
      const store = await openStore(path, { mode: 'write' });
      const mine = store.transact('mine', (transaction) => putText(transaction, `mine ${number}`));
      if (outcome.opened === 'opened') {
        expect(opener.tell({ kind: 'has', datumId: mine }).has, where).toBe(true);
        if (mode === 'write') {
          const { datumId } = opener.tell({ kind: 'put', text: `theirs ${number}` });
          expect(store.has('datum', datumId as DatumId), where).toBe(true);
        }
        opener.tell({ kind: 'close' });
      }
      expect(await verifyStore(store), where).toMatchObject({ findings: 0, leftovers: 0 });
      await store.close();
    }
    expect(opener.child.exitCode).toBeNull();
    expect(number).toBe(462);
    expect([...outcomes.keys()].sort()).toEqual([
      'compacted opened',
      'compacted store_busy/compacting',
      'compacted store_busy/replaced',
      'compaction_refused opened',
    ]);
  });

  it('is refused when the lock file it opened is gone, though the data file stayed [DML-STO-1110]', async () => {
    const path = await filledStore();
    const opener = new Opener(path);
    const inode = statSync(join(path, 'data.mdb')).ino;
    const stops = ['open/lock-held', 'open/placed'];
    expect(opener.tell({ kind: 'open', mode: 'write', stops }).at).toBe('open/lock-held');
    // Somebody removes the lock file by hand while the opening holds it.
    rmSync(join(path, 'lock.mdb'));
    const store = await openStore(path, { mode: 'write' });
    expect(opener.tell({ kind: 'go' }).at).toBe('open/placed');
    const refused = { at: 'refused', code: 'store_busy', detail: 'replaced' };
    expect(opener.tell({ kind: 'go' })).toMatchObject(refused);
    expect(statSync(join(path, 'data.mdb')).ino).toBe(inode);
    store.transact('after', (transaction) => void putText(transaction, 'after'));
    await store.close();
  });

  it('meets the same lock file before, during and after [DML-STO-1116]', async () => {
    const path = await filledStore();
    const lock = join(path, 'lock.mdb');
    const inode = statSync(lock).ino;
    const seen: number[] = [];
    const environment = nodeEnvironment({
      failpoint: (name) => {
        if (name.startsWith('compact/')) seen.push(statSync(lock).ino);
      },
    });
    await compactStore(path, { environment });
    const store = await openStore(path, { mode: 'read' });
    seen.push(statSync(lock).ino);
    await store.close();
    expect(seen.length).toBeGreaterThan(5);
    expect(new Set(seen)).toEqual(new Set([inode]));
  });
});

describe('a writer that the compaction does not see', () => {
  /** A process that has the store open and has lost the lock by which others see it. */
  async function unseen(path: string): Promise<Opener> {
    const opener = new Opener(path);
    expect(opener.tell({ kind: 'open', mode: 'write' }).at).toBe('opened');
    expect(opener.tell({ kind: 'put', text: 'before' }).datumId).toBeDefined();
    opener.tell({ kind: 'lose' });
    return opener;
  }

  it('has what it committed during the copy kept, as nothing is replaced [DML-STO-1114]', async () => {
    const path = await filledStore();
    const opener = await unseen(path);
    const inode = statSync(join(path, 'data.mdb')).ino;
    let datumId: DatumId | undefined;
    const environment = nodeEnvironment({
      failpoint: (name) => {
        if (name === 'compact/built') datumId = opener.tell({ kind: 'put', text: 'meanwhile' }).datumId;
      },
    });
    await expect(compactStore(path, { environment })).rejects.toMatchObject({
      code: 'compaction_refused',
      detail: 'changed',
    });
    expect(statSync(join(path, 'data.mdb')).ino).toBe(inode);
    const store = await openStore(path, { mode: 'read' });
    expect(store.has('datum', datumId as DatumId)).toBe(true);
    await store.close();
  });

  it('waits for the lock while the file is replaced, and is refused then [DML-STO-1113] [DML-STO-0542]', async () => {
    const path = await filledStore();
    const opener = await unseen(path);
    const writers: (number | undefined)[] = [];
    const environment = nodeEnvironment({
      failpoint: (name) => {
        if (!['compact/unstamped', 'compact/renamed', 'compact/stamped'].includes(name)) return;
        writers.push(opener.tell({ kind: 'writer' }).writer);
        if (name === 'compact/stamped') opener.order({ kind: 'put', text: 'lost' });
      },
    });
    await compactStore(path, { environment });
    expect(writers).toEqual([process.pid, process.pid, process.pid]);
    expect(opener.answer()).toMatchObject({ at: 'refused', code: 'session_lost', detail: 'replaced' });
    const store = await openStore(path, { mode: 'write' });
    store.transact('after', (transaction) => void putText(transaction, 'after'));
    expect((await verifyStore(store)).findings).toBe(0);
    await store.close();
  });
});

describe('two compactions', () => {
  it('do not both replace what one of them has replaced already [DML-STO-1111]', async () => {
    const path = await filledStore();
    const data = join(path, 'data.mdb');
    const slow = fakeEnvironment();
    let inode = 0;
    slow.failpoint = (name) => {
      if (name !== 'open/reading' || inode !== 0) return;
      writeFileSync(`${data}-new`, readFileSync(data));
      renameSync(`${data}-new`, data);
      inode = statSync(data).ino;
    };
    await expect(compactStore(path, { environment: slow })).rejects.toMatchObject({
      code: 'compaction_refused',
      detail: 'replaced',
    });
    expect(statSync(data).ino).toBe(inode);
    expect(existsSync(join(path, 'compacting'))).toBe(false);
  });
});

describe('a compacted file', () => {
  it('counts its transactions on from those of the file before [DML-STO-1109]', async () => {
    const store = await openFixture(fakeEnvironment());
    for (let round = 0; round < 5; round += 1) {
      store.transact('commit', (transaction) => void putText(transaction, `${round}`));
    }
    const { path } = store;
    let before = store.engine.txnId.written();
    await store.close();
    for (let round = 0; round < 3; round += 1) {
      await compactStore(path, { environment: fakeEnvironment() });
      const again = await openFixture(fakeEnvironment(), path);
      const after = again.engine.txnId.written();
      expect(after).toBeGreaterThan(before);
      again.transact('more', (transaction) => void putText(transaction, `more ${round}`));
      expect(again.engine.txnId.written()).toBe(after + 1);
      setRef(again, 'main', null);
      before = again.engine.txnId.written();
      expect(await verifyStore(again)).toMatchObject({ findings: 0, leftovers: 0 });
      await again.close();
    }
  });
});
