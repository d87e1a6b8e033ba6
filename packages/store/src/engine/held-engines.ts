import { accessSync, constants, lstatSync } from 'node:fs';
import { DmlError } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { DATA_FILE } from '../store-folder/places.ts';
import type { FileIdentity } from '../store-folder/plain-file.ts';
import { type Engine, type EngineOpening, openEngine } from './engine.ts';
import { locateDamage, openError, readError } from './engine-error.ts';
import type { WriteEnvironment } from './lock-file.ts';
import { openFile } from './open-root.ts';
import { openTables } from './tables.ts';
import { runBlocking, runWaiting } from './waiting.ts';

/** Engines of this thread; one process must not open a data file or a lock file twice. */
const engines = new Set<Engine>();
/** Openings that are under way, by the identity of their data file. */
const openings = new Map<string, Promise<unknown>>();

function assertAccess(folder: HeldFolder, readOnly: boolean): void {
  const mode = readOnly ? constants.R_OK : constants.R_OK | constants.W_OK;
  try {
    accessSync(folder.reach(DATA_FILE), mode);
    if (!readOnly) accessSync(folder.reach(''), mode);
  } catch (cause) {
    // What the system says of a link is about what it leads to.
    folder.assertPlain(DATA_FILE);
    const { path } = folder;
    // @spec DML-STO-0181
    throw readOnly ? readError(cause, { path }) : openError(cause, { path });
  }
}

/** Returns the engine that has a data file open, or an older one of the same path. */
function findEngine(path: string, identity: FileIdentity): Engine | undefined {
  for (const engine of engines) if (engine.file.isFile(identity) || engine.path === path) return engine;
  return undefined;
}

function share(engine: Engine, { readOnly, checkUsers }: EngineOpening): Engine {
  // @spec DML-STO-0115
  if (engine.readOnly && !readOnly) throw storeError('store_open_elsewhere', { path: engine.path });
  checkUsers?.(engine);
  // @spec DML-STO-0114
  engine.users += 1;
  return engine;
}

/**
 * Resolves with the engine of a folder, opened when this process has not; balanced by `releaseEngine`. Takes over
 * the folder, which is closed as well when this rejects. Waits for others as openings do. Rejects with
 * `session_lost` and `replaced` while this process still holds files of the path that others have replaced.
 */
export async function acquireEngine(folder: HeldFolder, opening: EngineOpening): Promise<Engine> {
  const { path } = folder;
  try {
    assertAccess(folder, opening.readOnly);
    const identity: FileIdentity = lstatSync(folder.reach(DATA_FILE), { bigint: true });
    const key = `${identity.dev} ${identity.ino}`;
    for (let other = openings.get(key); other !== undefined; other = openings.get(key))
      await other.catch(() => {});
    const held = findEngine(path, identity);
    if (held?.file.isFile(identity)) {
      const shared = share(held, opening);
      folder.close();
      return shared;
    }
    if (held !== undefined) {
      opening.checkUsers?.(held);
      // Two descriptors of one lock file must not meet in a process: closing one gives up the locks of the other.
      // @spec DML-STO-0545
      throw storeError('session_lost', { path, detail: 'replaced' });
    }
    const opened = runWaiting(openEngine(folder, opening), opening.environment, opening.signal)
      .then((engine) => {
        engines.add(engine);
        return engine;
      })
      .finally(() => openings.delete(key));
    openings.set(key, opened);
    return await opened;
  } catch (cause) {
    folder.close();
    if (cause instanceof DmlError) throw locateDamage(cause, path);
    if (opening.signal?.aborted) throw cause;
    throw openError(cause, { path, detail: 'engine_open' });
  }
}

/**
 * Stops writing for good and opens the file again for reading: after some failures the engine refuses even reads.
 * When that fails too, reads report it.
 */
export function poisonEngine(engine: Engine, cause: unknown, environment: WriteEnvironment): void {
  engine.poison = cause;
  try {
    void engine.root.close();
    const { folder, file, lock } = engine;
    const files = { folder, dataFile: file.descriptor, lockFile: lock.descriptor };
    const opened = runBlocking(openFile(files, { readOnly: true }, environment), environment);
    // @spec DML-STO-0130
    engine.root = opened.begin();
    engine.place = opened.place;
    engine.holders = opened.holders;
    engine.tables = openTables(engine.root);
  } catch (error) {
    engine.unreadable = openError(error, { path: engine.path, detail: 'engine_open' });
  }
}

/**
 * Releases an engine; the last user closes the file. All is closed when this returns, before anybody can open
 * the file again: closing the lock file later would give up the locks of that opening.
 */
export function releaseEngine(engine: Engine): void {
  engine.users -= 1;
  if (engine.users > 0) return;
  engines.delete(engine);
  void engine.root.close();
  engine.lock.close();
  engine.cleanMarkers?.close();
  engine.file.close();
  engine.folder.close();
}

/** Returns how many engines this thread holds; what a test looks at to see that none leaked. */
export function heldEngineCount(): number {
  return engines.size;
}
