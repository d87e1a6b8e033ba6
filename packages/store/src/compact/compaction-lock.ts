import type { Engine, OpenDataFile } from '../engine/engine.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { isThisProcess, Liveness } from '../sessions/liveness.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { COMPACTION_LOCK_FILE, unfinished } from '../store-folder/places.ts';

/** Content of the lock, which is never half written. */
interface CompactionLock {
  readonly process: ProcessIdentity;
}

/** Returns who took the compaction lock last; undefined when there is none that a compaction has made. */
function readCompactionLock(folder: HeldFolder): ProcessIdentity | undefined {
  try {
    const lock = folder.readFile(COMPACTION_LOCK_FILE).toString('utf8');
    return (JSON.parse(lock) as Partial<CompactionLock>).process;
  } catch {
    return undefined;
  }
}

/** Stores that this process compacts now. */
const compacting = new Set<string>();

/** Checks whether a living process compacts the store. */
function isCompacting(file: OpenDataFile, environment: StoreEnvironment): boolean {
  const compactor = readCompactionLock(file.folder);
  if (compactor === undefined) return false;
  if (isThisProcess(compactor, environment)) return compacting.has(file.path);
  // @spec DML-STO-1117
  return new Liveness(file, environment).isAlive(compactor);
}

/**
 * Takes the compaction lock for this process; throws `compaction_refused` while another process compacts. Called
 * inside a transaction of the engine, so that no two do this at once.
 */
export function takeCompactionLock(engine: Engine, environment: StoreEnvironment): void {
  const { folder, path } = engine;
  if (isCompacting(engine, environment))
    throw storeError('compaction_refused', { detail: 'already_running', path });
  const draft = unfinished(COMPACTION_LOCK_FILE, environment.randomUuid());
  const lock: CompactionLock = { process: environment.process };
  try {
    folder.writeNewFile(draft, JSON.stringify(lock));
    // The lock is never half written.
    folder.rename(draft, COMPACTION_LOCK_FILE);
    compacting.add(path);
  } finally {
    folder.removeFile(draft);
  }
}

/** Releases the compaction lock of this process. */
export function releaseCompactionLock(folder: HeldFolder): void {
  compacting.delete(folder.path);
  folder.removeFile(COMPACTION_LOCK_FILE);
}

/**
 * Refuses a store that a living process compacts.
 *
 * A compaction takes its lock before it looks for other users, and an opening looks for the lock after it
 * has become a user that the kernel lists. So one of the two sees the other; and an opening that was too slow for
 * either finds another data file at the path. The lock file, which holds the list, stays the same.
 */
export function assertNotCompacting(file: OpenDataFile, environment: StoreEnvironment): void {
  // @spec DML-STO-1104
  if (isCompacting(file, environment))
    throw storeError('store_busy', { path: file.path, detail: 'compacting' });
}
