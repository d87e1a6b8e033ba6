import { DmlError } from '@daggerml/object-model';
import { createDataFile, markFileClean } from '../engine/create-data-file.ts';
import type { CheckOwner, Engine } from '../engine/engine.ts';
import { errnoOf } from '../engine/engine-error.ts';
import { acquireEngine, releaseEngine } from '../engine/held-engines.ts';
import { whenWritable } from '../engine/lock-file.ts';
import { whileNobodyWrites } from '../engine/workarounds/lock-file-txn-id.ts';
import type { StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { Liveness } from '../sessions/liveness.ts';
import type { FileRights } from '../store-folder/file-rights.ts';
import { findStore } from '../store-folder/find-store.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import {
  CLEAN_MARKER_FILE,
  compactionDraft,
  DATA_FILE,
  isCompactionDraft,
  removeDraft,
} from '../store-folder/places.ts';
import { checkSchema } from '../tables/schema.ts';
import { releaseCompactionLock, takeCompactionLock } from './compaction-lock.ts';
import { copyRows } from './copy-rows.ts';

export interface CompactOptions {
  readonly environment?: StoreEnvironment;
  /** As `openStore` takes it. */
  readonly checkOwner?: CheckOwner;
  readonly onProgress?: (rows: number) => void;
  /** Ends the compaction between two steps. */
  readonly signal?: AbortSignal | undefined;
}

/** Result of a compaction. */
export interface CompactReport {
  readonly rows: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Refuses while anybody but this compaction has the store open. */
function assertAlone(engine: Engine, environment: StoreEnvironment): void {
  // @spec DML-STO-1103
  if (engine.users > 1 || new Liveness(engine, environment).hasOthers())
    throw storeError('compaction_refused', { detail: 'open_elsewhere', path: engine.path });
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
 * Nobody may have the store open, this process included, and nobody can open it until it ends. Needs room for a
 * second copy. Throws `compaction_refused` (`open_elsewhere`, `already_running`, `changed`), `store_damaged` for a
 * row that is not what the store wrote, `store_full` and `store_write_failed` for what the system refuses, and what
 * opening a store throws; the store then is as it was. With `not_durable`, `store_write_failed` says that the new
 * file is in place and may not outlast a power failure.
 */
export async function compactStore(path: string, options: CompactOptions = {}): Promise<CompactReport> {
  const environment = options.environment ?? nodeEnvironment();
  const { signal } = options;
  const found = findStore(path);
  if (found === undefined) throw storeError('store_missing', { path });
  const engine = await acquireEngine(found, {
    readOnly: false,
    environment,
    mapBytes: environment.mapBytes,
    checkMeta: checkSchema,
    checkOwner: options.checkOwner,
    failpoint: environment.failpoint,
    signal,
  });
  const { file, folder } = engine;
  let isMarked = false;
  try {
    await whenWritable(engine, environment, signal);
    // Of all that hold the lock file at its path one at a time takes the compaction lock.
    // @spec DML-STO-1111
    whileNobodyWrites(engine, environment, () => takeCompactionLock(engine, environment));
    isMarked = true;
    environment.failpoint?.('compact/marked');
    assertAlone(engine, environment);
    removeDrafts(folder);
    const name = compactionDraft(environment.randomUuid());
    const data = file.stats();
    const rights = { data, marker: folder.look(CLEAN_MARKER_FILE) ?? data };
    const newest = engine.txnId.written();
    const rows = await buildDraft(engine, name, { ...options, rights: data });
    environment.failpoint?.('compact/built');
    await whenWritable(engine, environment, signal);
    let bytesAfter = 0;
    // @spec DML-STO-1113
    whileNobodyWrites(engine, environment, () => {
      // @spec DML-STO-1114
      if (engine.txnId.written() !== newest)
        throw storeError('compaction_refused', { detail: 'changed', path: folder.path });
      bytesAfter = replaceDataFile(folder, name, { environment, rights });
    });
    return { rows, bytesBefore: data.size, bytesAfter };
  } catch (cause) {
    throw compactionError(cause, path);
  } finally {
    if (isMarked) tidyUp(folder);
    releaseEngine(engine);
  }
}

/** Returns the store's error for what the system or the engine refused; the store is as it was. */
function compactionError(cause: unknown, path: string): unknown {
  // A compaction has no session to lose: another one was faster.
  if (cause instanceof DmlError && cause.code === 'session_lost')
    return storeError('compaction_refused', { detail: 'replaced', path }, cause);
  const errno = cause instanceof DmlError ? undefined : errnoOf(cause);
  // @spec DML-STO-0176
  return errno === undefined
    ? cause
    : storeError('store_write_failed', { label: 'compact', path, errno }, cause);
}

/** Removes the lock and the drafts as far as possible; what stays hinders nobody. */
function tidyUp(folder: HeldFolder): void {
  try {
    releaseCompactionLock(folder);
    removeDrafts(folder);
  } catch {
    // The compaction ended as it did all the same.
  }
}

async function buildDraft(
  engine: Engine,
  name: string,
  { rights, ...options }: CompactOptions & { readonly rights: FileRights },
): Promise<number> {
  const environment = options.environment ?? nodeEnvironment();
  const { mapBytes, failpoint } = environment;
  // @spec DML-STO-1109
  const afterTransaction = engine.txnId.written();
  const draft = engine.folder.makeFolder(name, OWNER_ONLY);
  try {
    await createDataFile(draft, { mapBytes, environment, afterTransaction, rights }, () => {});
  } catch (error) {
    draft.close();
    throw error;
  }
  const target = await acquireEngine(draft, { readOnly: false, environment, mapBytes });
  try {
    return await copyRows(engine, target, environment, (rows) => {
      options.signal?.throwIfAborted();
      failpoint?.('compact/copied');
      options.onProgress?.(rows);
    });
  } finally {
    releaseEngine(target);
  }
}

/** The rights of the files that a compaction makes. */
interface StoreRights {
  readonly data: FileRights;
  readonly marker: FileRights;
}

/**
 * Puts the draft in the data file's place, while nobody can write. The clean marker goes first, since it is of the old
 * file; it is made again here or by whoever opens the store next. The engine's lock file stays: whoever has opened
 * it, and whoever will, is in one list with this process and takes turns with it. Returns the bytes of the new file.
 */
function replaceDataFile(
  folder: HeldFolder,
  draftName: string,
  { environment, rights }: { readonly environment: StoreEnvironment; readonly rights: StoreRights },
): number {
  folder.removeFile(CLEAN_MARKER_FILE);
  environment.syncDirectory(folder.reach(''));
  environment.failpoint?.('compact/unstamped');
  const draft = folder.folder(draftName);
  let bytes: number;
  try {
    bytes = draft.look(DATA_FILE)?.size ?? 0;
    // @spec DML-STO-1102 DML-STO-1105 DML-STO-1116
    draft.rename(DATA_FILE, DATA_FILE, folder);
  } finally {
    draft.close();
  }
  makeDurable(folder, environment);
  environment.failpoint?.('compact/renamed');
  markFileClean(folder, rights.marker);
  environment.failpoint?.('compact/stamped');
  return bytes;
}

/** Syncs the folder: later writes would be lost with the new file if its name were not durable. */
function makeDurable(folder: HeldFolder, environment: StoreEnvironment): void {
  try {
    environment.syncDirectory(folder.reach(''));
  } catch (cause) {
    const errno = errnoOf(cause) ?? 'unknown';
    // @spec DML-STO-0177
    const facts = { label: 'compact', path: folder.path, errno, detail: 'not_durable' };
    throw storeError('store_write_failed', facts, cause);
  }
}
