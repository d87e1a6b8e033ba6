import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommitId } from '@daggerml/object-model';
import { afterTests } from '@daggerml/testkit';
import type { ProcessProbe, StoreEnvironment } from '../src/environment.ts';
import { nodeEnvironment } from '../src/node-environment.ts';
import { openStore } from '../src/open-store.ts';
import { headRef, type RefName } from '../src/refs/ref-name.ts';
import type { Store } from '../src/store.ts';

/** An environment whose clock, processes and failpoints are under a test's control. */
export interface FakeEnvironment extends Omit<StoreEnvironment, 'failpoint' | 'syncDirectory'> {
  syncDirectory: StoreEnvironment['syncDirectory'];
  nowMsValue: number;
  readonly deadPids: Set<number>;
  failpoint: ((name: string) => void) | undefined;
}

/** No system gives out this number, so it is none of those that tests choose. */
const OTHERWISE_UNUSED_PID = 5_000_000;

/** Returns an environment that plays the process `pid`. */
export function fakeEnvironment(pid: number = OTHERWISE_UNUSED_PID): FakeEnvironment {
  const deadPids = new Set<number>();
  const environment: FakeEnvironment = {
    ...nodeEnvironment(),
    nowMsValue: 1_000_000,
    deadPids,
    failpoint: undefined,
    process: { pid, startTime: `${pid}`, bootId: 'boot', pidNamespace: 'pid' },
    nowMs: () => environment.nowMsValue,
    probe: (probed): ProcessProbe =>
      deadPids.has(probed) ? { state: 'dead' } : { state: 'alive', startTime: `${probed}` },
    // The kernel knows of one process here; the others are played.
    holdsSlot: (pid) => !deadPids.has(pid),
  };
  return environment;
}

/** Returns an environment of waits with a clock that only pauses move on, each by `stepMs`. */
export function fakeWaits(
  stepMs: number,
  whenPaused: (pauses: number) => void = () => {},
): Pick<StoreEnvironment, 'monotonicMs' | 'pause' | 'sleep'> {
  let pauses = 0;
  const pause = (): void => {
    pauses += 1;
    whenPaused(pauses);
  };
  return {
    monotonicMs: () => pauses * stepMs,
    pause,
    sleep: async (_, signal) => {
      signal?.throwIfAborted();
      pause();
    },
  };
}

/** Folder in memory, where a test of many thousand transactions does not wait for a disk. */
const MEMORY_FOLDER = '/dev/shm';

/** Returns a folder that is gone after the test, in memory where the machine has such a place. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'dml-store-'));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store for the length of the test, a fresh one unless a path is given. */
export async function openFixture(
  environment: StoreEnvironment = fakeEnvironment(),
  path: string = join(temporaryFolder(), 'store'),
): Promise<Store> {
  const store = await openStore(path, { mode: 'write', create: true, program: 'test', environment });
  afterTests('test', () => store.close());
  return store;
}

/** Creates a store that nobody has open, and returns its path. */
export async function closedStore(): Promise<string> {
  const store = await openFixture();
  await store.close();
  return store.path;
}

/** Moves a ref wherever it stands; fails the test's setup when that does not work. */
export function setRef(
  at: Pick<Store, 'getRef' | 'updateRef'>,
  ref: RefName | string,
  next: CommitId | null,
): void {
  const name = ref.startsWith('refs/') ? (ref as RefName) : headRef(ref);
  const expected = at.getRef(name)?.commitId ?? null;
  const result = at.updateRef({ ref: name, expected, next, actor: 'test', reason: 'test' });
  if (!result.applied) throw new Error('ref moved underneath');
}
