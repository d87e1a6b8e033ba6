import { getSystemErrorName } from 'node:util';
import { DmlError } from '@daggerml/object-model';
import { makeLockFile } from '../engine/before-open.ts';
import { DataFile } from '../engine/data-file.ts';
import {
  type AdmitOwner,
  acquireEngine,
  createDataFile,
  type Engine,
  releaseEngine,
  stampFile,
} from '../engine/engine.ts';
import { whileNobodyWrites } from '../engine/newest.ts';
import type { StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { admitSchema } from '../schema.ts';
import { isSessionAlive, listSessions } from '../sessions.ts';
import type { FileRights } from '../store-folder/file-rights.ts';
import { findStore } from '../store-folder/find-store.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import {
  compactionDraft,
  DATA_FILE,
  isCompactionDraft,
  LOCK_FILE,
  removeDraft,
  STAMP_FILE,
} from '../store-folder/places.ts';
import { copyRows } from './copy-rows.ts';
import { lowerMarker, raiseMarker } from './marker.ts';

export interface CompactOptions {
  readonly environment?: StoreEnvironment;
  /** As `openStore` takes it. */
  readonly admitOwner?: AdmitOwner;
  readonly onProgress?: (rows: number) => void;
}

/** What a compaction did. */
export interface CompactReport {
  readonly rows: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Pids that hold a place among the engine's readers; every process that has opened the file does. */
function readerPids(engine: Engine): number[] {
  engine.root.readerCheck();
  const lines = engine.root.readerList().split('\n');
  return lines.map((line) => Number(/^\s*(\d+)\s/.exec(line)?.[1])).filter((pid) => pid > 0);
}

/** Refuses while anybody but this compaction has the store open. */
function assertAlone(engine: Engine, environment: StoreEnvironment): void {
  const { path } = engine;
  const sessions = listSessions(engine).filter((session) => isSessionAlive(session, environment));
  const others = readerPids(engine).filter((pid) => pid !== process.pid);
  // @spec DML-STO-1103
  if (engine.users > 1 || sessions.length > 0 || others.length > 0)
    throw storeError('compaction_refused', { detail: 'open_elsewhere', path });
}

const OWNER_ONLY = 0o700;

/** Removes what this compaction and those that died have built; a draft that cannot go hinders nobody. */
function removeDrafts(folder: HeldFolder): void {
  for (const name of folder.names().filter(isCompactionDraft)) {
    try {
      // @spec DML-STO-1106
      removeDraft(folder, name);
    } catch {
      // The next compaction tries it again.
    }
  }
}

/**
 * Rebuilds a store's data file without free pages and without remains of deleted rows.
 *
 * Nobody may have the store open, this process included, and nobody can open it meanwhile. Needs room for a
 * second copy. Throws `compaction_refused` (`open_elsewhere`, `already_running`), `store_damaged` for a row
 * that is not what the store wrote, `store_full` and `store_write_failed` for what the system refuses, and what
 * opening a store throws; the store then is as it was. With `not_durable`, `store_write_failed` says that the new
 * file is in place and may not outlast a power failure.
 */
export async function compactStore(path: string, options: CompactOptions = {}): Promise<CompactReport> {
  const environment = options.environment ?? nodeEnvironment();
  const found = findStore(path);
  if (found === undefined) throw storeError('store_missing', { path });
  const engine = acquireEngine(found, {
    readOnly: false,
    mapBytes: environment.mapBytes,
    admit: admitSchema(true),
    admitOwner: options.admitOwner,
    failpoint: environment.failpoint,
  });
  const { file } = engine;
  // The engine closes its own.
  const folder = engine.folder.reopen();
  let isMarked = false;
  let isReleased = false;
  try {
    // Of all that hold the lock file at its path one at a time raises its marker.
    whileNobodyWrites(engine, () => raiseMarker(engine, environment));
    isMarked = true;
    environment.failpoint?.('compact/marked');
    assertAlone(engine, environment);
    removeDrafts(folder);
    const name = compactionDraft(environment.randomUuid());
    const rights = rightsIn(folder, file.stats());
    const bytesBefore = file.sizeBytes();
    const rows = await buildDraft(engine, name, { ...options, rights: rights.data });
    environment.failpoint?.('compact/built');
    isReleased = true;
    await releaseEngine(engine);
    // @spec DML-STO-1102
    const bytesAfter = replaceDataFile(folder, name, { environment, rights });
    return { rows, bytesBefore, bytesAfter };
  } catch (cause) {
    throw compactionError(cause, path);
  } finally {
    if (isMarked) tidyUp(folder);
    folder.close();
    if (!isReleased) await releaseEngine(engine);
  }
}

/** What the system or the engine refused, as an error of the store, which is as it was. */
function compactionError(cause: unknown, path: string): unknown {
  if (cause instanceof DmlError) return cause;
  const { code } = cause as { readonly code?: string | number };
  if (code === undefined) return cause;
  // The engine gives numbers, those of the system above zero.
  const errno = typeof code === 'number' && code > 0 ? getSystemErrorName(-code) : String(code);
  // @spec DML-STO-0176
  return storeError('store_write_failed', { label: 'compact', path, errno }, cause);
}

/** What stays is of a compaction that has ended, which hinders nobody once the process has. */
function tidyUp(folder: HeldFolder): void {
  try {
    removeDrafts(folder);
    lowerMarker(folder);
  } catch {
    // The compaction has ended as it did all the same.
  }
}

/** The rights of the files that a compaction makes anew. */
interface StoreRights {
  readonly data: FileRights;
  readonly lock: FileRights;
  readonly stamp: FileRights;
}

function rightsIn(folder: HeldFolder, data: FileRights): StoreRights {
  return { data, lock: folder.look(LOCK_FILE) ?? data, stamp: folder.look(STAMP_FILE) ?? data };
}

async function buildDraft(
  engine: Engine,
  name: string,
  { rights, ...options }: CompactOptions & { readonly rights: FileRights },
): Promise<number> {
  const environment = options.environment ?? nodeEnvironment();
  const { mapBytes, failpoint } = environment;
  // @spec DML-STO-1109
  const afterTransaction = engine.newest.written();
  const draft = engine.folder.makeFolder(name, OWNER_ONLY);
  const target = await createDataFile(draft, { mapBytes, afterTransaction, rights }, () => {}).then(
    () => acquireEngine(draft, { readOnly: false, mapBytes }),
    (error: unknown) => {
      draft.close();
      throw error;
    },
  );
  try {
    return await copyRows(engine, target, environment, (rows) => {
      failpoint?.('compact/copied');
      options.onProgress?.(rows);
    });
  } finally {
    await releaseEngine(target);
  }
}

/**
 * Puts the draft in the data file's place. The stamp goes first, since it speaks of the old file. The engine's
 * lock file goes before the data file: whoever has opened it has opened the old data file or finds the lock file
 * gone from its path, so nobody uses the new data file under it. Both are made anew, here or by whoever opens the
 * store next.
 *
 * @spec DML-STO-1105
 */
function replaceDataFile(
  folder: HeldFolder,
  draftName: string,
  { environment, rights }: { readonly environment: StoreEnvironment; readonly rights: StoreRights },
): number {
  folder.removeFile(STAMP_FILE);
  environment.syncDirectory(folder.reach(''));
  environment.failpoint?.('compact/unstamped');
  // @spec DML-STO-1112
  folder.removeFile(LOCK_FILE);
  environment.failpoint?.('compact/unlocked');
  const draft = folder.folder(draftName);
  draft.rename(DATA_FILE, DATA_FILE, folder);
  draft.close();
  makeDurable(folder, environment);
  environment.failpoint?.('compact/renamed');
  const bytes = folder.look(DATA_FILE)?.size ?? 0;
  try {
    makeLockFile(folder, rights.lock);
    const file = new DataFile(folder);
    try {
      stampFile(folder, file, rights.stamp);
    } finally {
      file.close();
    }
  } catch {
    // The next opening makes both.
  }
  environment.failpoint?.('compact/stamped');
  return bytes;
}

/** What is written from now on is lost with the new file if its name is not durable. */
function makeDurable(folder: HeldFolder, environment: StoreEnvironment): void {
  try {
    environment.syncDirectory(folder.reach(''));
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    // @spec DML-STO-0177
    const facts = { label: 'compact', path: folder.path, errno, detail: 'not_durable' };
    throw storeError('store_write_failed', facts, cause);
  }
}
