import { accessSync, constants, type Stats } from 'node:fs';
import { DmlError } from '@daggerml/object-model';
import { type StoreErrorFields, storeError } from '../errors.ts';
import type { FileRights } from '../store-folder/file-rights.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { DATA_FILE } from '../store-folder/places.ts';
import { systemError } from '../store-folder/system-error.ts';
import { prepareOpening } from './before-open.ts';
import { DataFile } from './data-file.ts';
import { NEW_PAGE_BYTES, writeEmptyDataFile } from './empty-data-file.ts';
import type { EngineFiles } from './gate.ts';
import type { MetaPage } from './meta-page.ts';
import { NewestTransaction } from './newest.ts';
import { openRoot, type Root } from './open-root.ts';
import { checkPages } from './page-check.ts';
import { busyError } from './reader-places.ts';
import { StampWriter, sameStamp } from './stamp.ts';
import { type AdmitFile, openTables, type Tables } from './tables.ts';

/** Looks at the store folder or its data file, as this process holds it, and throws when it is not to be used. */
export type AdmitOwner = (path: string, stats: Stats) => void;

/** How an engine is opened. */
export interface EngineOpening {
  readonly readOnly: boolean;
  /** Address space to reserve at first; the engine maps more when the file outgrows it. */
  readonly mapBytes?: number | undefined;
  /** Refuses a file by its `meta` rows before anything in it changes. */
  readonly admit?: AdmitFile | undefined;
  /** Refuses files by who owns them and who may write to them, before anything of them is used. */
  readonly admitOwner?: AdmitOwner | undefined;
  /** Called at the named moments of an opening. */
  readonly failpoint?: ((name: string) => void) | undefined;
}

/** One open data file of this process, shared by every `Store` opened on the same path. */
export interface Engine {
  readonly path: string;
  readonly folder: HeldFolder;
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

/** The files of a store as the engine is to open them. */
function engineFiles(folder: HeldFolder, file: DataFile, newest: NewestTransaction): EngineFiles {
  return { folder, dataFile: file.descriptor, lockFile: newest.lockFile };
}

function openEngine(folder: HeldFolder, opening: EngineOpening): Engine {
  const file = new DataFile(folder);
  let root: Root | undefined;
  let stamps: StampWriter | undefined;
  let newest: NewestTransaction | undefined;
  try {
    // @spec DML-STO-0171
    opening.admitOwner?.(folder.path, folder.stats());
    opening.admitOwner?.(folder.pathOf(DATA_FILE), file.stats());
    const { meta, isStamped } = file.readStampedMeta();
    if (!opening.readOnly) stamps = StampWriter.open(folder);
    opening.failpoint?.('open/file-held');
    prepareOpening(folder, opening.readOnly);
    // Held before the engine opens the two files: what is at their paths afterwards is what the engine has opened.
    newest = new NewestTransaction(folder, file, meta.pageBytes);
    opening.failpoint?.('open/lock-held');
    root = openRoot(engineFiles(folder, file, newest), opening);
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
      path: folder.path,
      folder,
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
  /** What the new file is to be like; as files of the process are by default. */
  readonly rights?: FileRights | undefined;
}

/** Creates the data file of a new store in an existing folder, fills it in one transaction and closes it. */
export async function createDataFile(
  folder: HeldFolder,
  creation: DataFileCreation,
  fill: (tables: Tables) => void,
): Promise<void> {
  writeEmptyDataFile(folder, creation.afterTransaction ?? 0, creation.rights);
  const file = new DataFile(folder);
  try {
    prepareOpening(folder, false);
    const newest = new NewestTransaction(folder, file, NEW_PAGE_BYTES);
    try {
      const root = openRoot(engineFiles(folder, file, newest), {
        readOnly: false,
        mapBytes: creation.mapBytes,
      });
      try {
        const tables = openTables(root);
        root.transactionSync(() => fill(tables));
      } finally {
        await root.close();
      }
    } finally {
      newest.close();
    }
    stampFile(folder, file);
  } finally {
    file.close();
  }
}

/** Writes the stamp of a data file that nobody uses; with rights of its own where they are given. */
export function stampFile(folder: HeldFolder, file: DataFile, rights?: FileRights): void {
  const stamps = StampWriter.open(folder, rights);
  stamps?.write(file.describe(file.readMeta().pageBytes));
  stamps?.close();
}

function assertAccess(folder: HeldFolder, readOnly: boolean): void {
  const mode = readOnly ? constants.R_OK : constants.R_OK | constants.W_OK;
  try {
    accessSync(folder.reach(DATA_FILE), mode);
    if (!readOnly) accessSync(folder.reach(''), mode);
  } catch (cause) {
    // What the system says of a link is about what it leads to.
    folder.assertPlain(DATA_FILE);
    const errno = String((cause as NodeJS.ErrnoException).code);
    throw storeError(readOnly ? 'store_missing' : 'store_unwritable', { path: folder.path, errno }, cause);
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

/**
 * Yields the engine of a folder, opening it when this process has not; balanced by `releaseEngine`. Takes over the
 * folder, which is closed as well when this throws.
 */
export function acquireEngine(folder: HeldFolder, opening: EngineOpening): Engine {
  const { path } = folder;
  try {
    assertAccess(folder, opening.readOnly);
    const held = engines.get(path);
    if (held === undefined) {
      const engine = openEngine(folder, opening);
      engines.set(path, engine);
      return engine;
    }
    // @spec DML-STO-0115
    if (held.readOnly && !opening.readOnly) throw storeError('store_open_elsewhere', { path });
    // @spec DML-STO-0114
    held.users += 1;
    folder.close();
    return held;
  } catch (cause) {
    folder.close();
    if (cause instanceof DmlError) throw placed(cause, path);
    throw (
      systemError(cause, path) ??
      busyError(cause) ??
      storeError('store_damaged', { path, detail: 'engine_open' }, cause)
    );
  }
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
    engine.root = openRoot(engineFiles(engine.folder, engine.file, engine.newest), { readOnly: true });
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
  engine.folder.close();
}

/** Yields how many engines this thread holds; what a test looks at to see that none leaked. */
export function heldEngineCount(): number {
  return engines.size;
}
