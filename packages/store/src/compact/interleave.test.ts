import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, setRef, temporaryFolder } from '../../test/fixture-store.ts';
import { putCommit, putText } from '../../test/records.ts';
import { childProgram } from '../crash/damage-runs.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { openStore } from '../open-store.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { compactStore } from './compact.ts';

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
/** How long the other process may take for one step, the start of Node included, before it counts as stuck. */
const PATIENCE_MS = 600_000;
const STEPS = ['unmarked', 'file-held', 'lock-held', 'prepared', 'reading'].length;
/** Where a compaction stands when the opening goes on; before and after are no failpoints. */
const MOMENTS = ['before', 'marked', 'built', 'unlocked', 'renamed', 'stamped', 'after'] as const;

interface Answer {
  readonly at?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly datumId?: DatumId;
  readonly has?: boolean;
}

/** Another process that opens a store step by step as it is told; telling blocks until it has answered. */
class Opener {
  readonly #folder: string = temporaryFolder();
  readonly child: ChildProcess;
  #turn = 0;

  constructor(path: string) {
    const program = [childProgram('opener'), path, this.#folder];
    this.child = spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(this.child);
  }

  tell(order: object): Answer {
    this.#turn += 1;
    const draft = join(this.#folder, 'draft');
    writeFileSync(draft, JSON.stringify(order));
    renameSync(draft, join(this.#folder, `order-${this.#turn}`));
    const file = join(this.#folder, `answer-${this.#turn}`);
    const endMs = performance.now() + PATIENCE_MS;
    while (!existsSync(file)) {
      if (performance.now() > endMs) throw new Error('the other process does not answer');
      Atomics.wait(PAUSE, 0, 0, 0.2);
    }
    return JSON.parse(readFileSync(file, 'utf8')) as Answer;
  }
}

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Every way in which the steps of an opening fall on moments of a compaction, in order. */
function* schedules(from = 0, steps = STEPS): Generator<number[]> {
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
  store.transact('commit', (transaction) => {
    const next = putCommit(transaction, {});
    transaction.updateRef({
      ref: 'refs/heads/main' as never,
      expected: null,
      next,
      actor: 'ada',
      reason: 'test',
    });
  });
  await store.close();
  return path;
}

/** Lets one opening meet one compaction; yields what became of both. */
async function meet(path: string, opener: Opener, schedule: readonly number[], mode: 'read' | 'write') {
  let last = opener.tell({ kind: 'open', mode });
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

describe('an opening beside a compaction', () => {
  it('uses the files that others use, or none, however their steps fall [DML-STO-1104]', async () => {
    const path = await filledStore();
    const opener = new Opener(path);
    const outcomes = new Map<string, number>();
    let number = 0;
    for (const schedule of schedules()) {
      number += 1;
      const mode = number % 4 === 0 ? 'read' : 'write';
      const outcome = await meet(path, opener, schedule, mode);
      const name = `${outcome.compacted} ${outcome.opened}`;
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
      const where = `${mode} ${schedule.map((moment) => MOMENTS[moment]).join(' ')}: ${name}`;
      const store = await openStore(path, { mode: 'write' });
      let mine = '' as DatumId;
      store.transact('mine', (transaction) => {
        mine = putText(transaction, `mine ${number}`);
      });
      if (outcome.opened === 'opened') {
        expect(opener.tell({ kind: 'has', datumId: mine }).has, where).toBe(true);
        if (mode === 'write') {
          const { datumId } = opener.tell({ kind: 'put', text: `theirs ${number}` });
          expect(store.has('datum', datumId as DatumId), where).toBe(true);
        }
        opener.tell({ kind: 'close' });
      }
      expect((await verifyStore(store)).findings, where).toBe(0);
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
    // The opening holds the lock file when a compaction removes it and fails before it renames.
    expect(opener.tell({ kind: 'open', mode: 'write' }).at).toBe('open/unmarked');
    for (const at of ['open/file-held', 'open/lock-held', 'open/prepared'])
      expect(opener.tell({ kind: 'go' }).at).toBe(at);
    const environment = nodeEnvironment({
      failpoint: (name) => {
        if (name === 'compact/unlocked') throw new Error(name);
      },
    });
    await expect(compactStore(path, { environment })).rejects.toThrow('compact/unlocked');
    const store = await openStore(path, { mode: 'write' });
    opener.tell({ kind: 'go' });
    const refused = { at: 'refused', code: 'store_busy', detail: 'replaced' };
    expect(opener.tell({ kind: 'go' })).toEqual(refused);
    expect(statSync(join(path, 'data.mdb')).ino).toBe(inode);
    store.transact('after', (transaction) => void putText(transaction, 'after'));
    await store.close();
  });

  it('meets no lock file under the new data file that spoke of the old one [DML-STO-1112]', async () => {
    const path = await filledStore();
    const seen: Record<string, boolean> = {};
    const environment = nodeEnvironment({
      failpoint: (name) => {
        if (name.startsWith('compact/')) seen[name] = existsSync(join(path, 'lock.mdb'));
      },
    });
    await compactStore(path, { environment });
    expect(seen).toMatchObject({
      'compact/unstamped': true,
      'compact/unlocked': false,
      'compact/renamed': false,
    });
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
    let before = store.engine.newest.written();
    await store.close();
    for (let round = 0; round < 3; round += 1) {
      await compactStore(path, { environment: fakeEnvironment() });
      const again = await openFixture(fakeEnvironment(), path);
      const after = again.engine.newest.written();
      expect(after).toBeGreaterThan(before);
      again.transact('more', (transaction) => void putText(transaction, `more ${round}`));
      expect(again.engine.newest.written()).toBe(after + 1);
      setRef(again, 'main', null);
      before = again.engine.newest.written();
      expect((await verifyStore(again)).findings).toBe(0);
      await again.close();
    }
  });
});
