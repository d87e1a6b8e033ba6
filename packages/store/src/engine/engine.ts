import { accessSync, constants, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DmlError } from '@daggerml/object-model';
import { type StoreErrorFields, storeError } from '../errors.ts';
import { prepareOpening } from './before-open.ts';
import { DataFile } from './data-file.ts';
import { writeEmptyDataFile } from './empty-data-file.ts';
import type { MetaPage } from './meta-page.ts';
import { NewestTransaction } from './newest.ts';
import { openRoot, type Root } from './open-root.ts';
import { checkPages } from './page-check.ts';
import { busyError } from './reader-places.ts';
import { StampWriter, sameStamp } from './stamp.ts';
import { type AdmitFile, openTables, type Tables } from './tables.ts';

/** How an engine is opened. */
export interface EngineOpening {
  readonly readOnly: boolean;
  /** Address space to reserve at first; the engine maps more when the file outgrows it. */
  readonly mapBytes?: number | undefined;
  /** Refuses a file by its `meta` rows before anything in it changes. */
  readonly admit?: AdmitFile | undefined;
  /** Called at the named moments of an opening. */
  readonly failpoint?: ((name: string) => void) | undefined;
}

/** One open data file of this process, shared by every `Store` opened on the same path. */
export interface Engine {
  readonly path: string;
  readonly readOnly: boolean;
  root: Root;
  tables: Tables;
  readonly file: DataFile;
  readonly newest: NewestTransaction;
  readonly pageBytes: number;
  /** Whether this open had to look at every page. */
  readonly checkedPages: boolean;
  /** How many plain reads of the file opening took. */
  readonly pagesRead: number;
  readonly stamps: StampWriter | undefined;
  /** Why writing has stopped for good in this process; undefined while it has not. */
  poison: unknown;
  /** The label of the write transaction that is running, if any. */
  writing: string | undefined;
  /** Hands the engine what the running transaction still holds back; reads call it first. */
  drain: (() => void) | undefined;
  users: number;
}

const CHECK_ATTEMPTS = 5;

/** Engines of this thread by real path; one process must not map a data file twice. */
const engines = new Map<string, Engine>();

/** Walks all pages of the newest state, which a reader's place keeps from being reused meanwhile. */
function checkAllPages(root: Root, file: DataFile): void {
  // @spec DML-STO-0154
  const pin = root.useReadTransaction();
  try {
    root.getStats();
    for (let attempt = 1; ; attempt += 1) {
      let meta: MetaPage | undefined;
      try {
        meta = file.readMeta();
        checkPages(file.readAt, meta);
        return;
      } catch (error) {
        // A meta page read while another process replaces it looks torn; a file at rest does not change.
        if (attempt === CHECK_ATTEMPTS || meta === undefined) throw error;
        if (file.describe(meta.pageBytes).transactionId === meta.transactionId) throw error;
      }
    }
  } finally {
    pin.done();
  }
}

function openEngine(path: string, opening: EngineOpening): Engine {
  const file = new DataFile(path);
  let root: Root | undefined;
  let stamps: StampWriter | undefined;
  let newest: NewestTransaction | undefined;
  try {
    const { meta, isStamped } = file.readStampedMeta();
    if (!opening.readOnly) stamps = new StampWriter(path);
    opening.failpoint?.('open/file-held');
    prepareOpening(path, opening.readOnly);
    // Held before the engine opens the two files: what is at their paths afterwards is what the engine has opened.
    newest = new NewestTransaction(path, file, meta.pageBytes);
    opening.failpoint?.('open/lock-held');
    root = openRoot(path, opening);
    opening.failpoint?.('open/reading');
    newest.settle();
    // @spec DML-STO-0152
    if (!isStamped) {
      const before = file.describe(meta.pageBytes);
      // @spec DML-STO-0158
      checkAllPages(root, file);
      const after = file.describe(meta.pageBytes);
      if (sameStamp(before, after)) stamps?.write(after);
    }
    const tables = openTables(root, opening.admit);
    return {
      path,
      readOnly: opening.readOnly,
      root,
      tables,
      file,
      newest,
      pageBytes: meta.pageBytes,
      checkedPages: !isStamped,
      pagesRead: file.reads,
      stamps,
      poison: undefined,
      writing: undefined,
      drain: undefined,
      users: 1,
    };
  } catch (error) {
    void root?.close();
    newest?.close();
    stamps?.close();
    file.close();
    throw error;
  }
}

/** How a data file is created. */
export interface DataFileCreation {
  readonly mapBytes: number | undefined;
  /** The transaction that those of the new file follow; 0 by default. */
  readonly afterTransaction?: number;
}

/** Creates the data file of a new store in an existing folder, fills it in one transaction and closes it. */
export async function createDataFile(
  path: string,
  creation: DataFileCreation,
  fill: (tables: Tables) => void,
): Promise<void> {
  writeEmptyDataFile(path, creation.afterTransaction ?? 0);
  const root = openRoot(path, { readOnly: false, mapBytes: creation.mapBytes });
  try {
    const tables = openTables(root);
    root.transactionSync(() => fill(tables));
  } finally {
    await root.close();
  }
  const file = new DataFile(path);
  const stamps = new StampWriter(path);
  stamps.write(file.describe(file.readMeta().pageBytes));
  stamps.close();
  file.close();
}

function assertAccess(path: string, readOnly: boolean): void {
  const mode = readOnly ? constants.R_OK : constants.R_OK | constants.W_OK;
  try {
    accessSync(join(path, 'data.mdb'), mode);
    if (!readOnly) accessSync(path, mode);
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    throw storeError(readOnly ? 'store_missing' : 'store_unwritable', { path, errno }, cause);
  }
}

/** Says of which store a look at its file has found it damaged. */
function placed(error: DmlError, path: string): DmlError {
  if (error.code !== 'store_damaged' || error.fields.path !== undefined) return error;
  const { detail, fields, cause } = error;
  // @spec DML-STO-0162
  return storeError(
    'store_damaged',
    { ...(fields as StoreErrorFields), ...(detail && { detail }), path },
    cause,
  );
}

/** Yields the engine of a path, opening it when this process has not; balanced by `releaseEngine`. */
export function acquireEngine(path: string, opening: EngineOpening): Engine {
  assertAccess(path, opening.readOnly);
  const real = realpathSync(path);
  const held = engines.get(real);
  if (held !== undefined) {
    // @spec DML-STO-0115
    if (held.readOnly && !opening.readOnly) throw storeError('store_open_elsewhere', { path: real });
    // @spec DML-STO-0114
    held.users += 1;
    return held;
  }
  let engine: Engine;
  try {
    engine = openEngine(real, opening);
  } catch (cause) {
    if (cause instanceof DmlError) throw placed(cause, real);
    throw busyError(cause) ?? storeError('store_damaged', { path: real, detail: 'engine_open' }, cause);
  }
  engines.set(real, engine);
  return engine;
}

/**
 * Stops writing for good and opens the file anew for reading: after some failures the engine refuses even reads.
 * When that fails too, reads report it.
 */
export function poisonEngine(engine: Engine, cause: unknown): void {
  engine.poison = cause;
  try {
    void engine.root.close();
    // @spec DML-STO-0130
    engine.root = openRoot(engine.path, { readOnly: true });
    engine.tables = openTables(engine.root);
  } catch {
    // The first failure is the one to report.
  }
}

/** Records that the store itself left the data file as it is now. */
export function stampEngine(engine: Engine): void {
  engine.stamps?.write(engine.file.describe(engine.pageBytes));
}

/** Gives an engine back; the last user closes the file. */
export async function releaseEngine(engine: Engine): Promise<void> {
  engine.users -= 1;
  if (engine.users > 0) return;
  engines.delete(engine.path);
  await engine.root.close();
  engine.newest.close();
  engine.stamps?.close();
  engine.file.close();
}

/** Yields how many engines this thread holds; what a test looks at to see that none leaked. */
export function heldEngineCount(): number {
  return engines.size;
}
