import type { Stats } from 'node:fs';
import type { DmlError } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { DATA_FILE } from '../store-folder/places.ts';
import { CleanMarkerWriter, type FileState, isSameState, vouchesFor } from './clean-marker.ts';
import { DataFile } from './data-file.ts';
import { LockFile, untilWritable, type WriteEnvironment } from './lock-file.ts';
import { type OpenedFile, openFile, type Root } from './open-root.ts';
import { checkNewestPages } from './page-check.ts';
import { type CheckSchema, openTables, type Tables } from './tables.ts';
import { runBlocking, type Steps } from './waiting.ts';
import { LockFileTxnId } from './workarounds/lock-file-txn-id.ts';
import { prepareOpening } from './workarounds/preflight.ts';
import type { ReaderSlot } from './workarounds/reader-slots.ts';

/** Looks at the store folder or its data file, as this process holds it, and throws when it is not to be used. */
export type CheckOwner = (path: string, stats: Stats) => void;

/** A data file that is open, with a reader slot. */
export interface OpenDataFile {
  readonly path: string;
  readonly folder: HeldFolder;
  readonly file: DataFile;
  readonly lock: LockFile;
  /** Returns the numbers of the processes that have the store open; undefined where it is read without locks. */
  holders(): ReadonlySet<number> | undefined;
}

/** Options of the opening of a data file. */
export interface EngineOpening {
  readonly readOnly: boolean;
  readonly environment: WriteEnvironment;
  /** Address space to reserve at first; the engine maps more when the file outgrows it. */
  readonly mapBytes?: number | undefined;
  /** Refuses a file that others can see this process hold, before anything of it is read. */
  readonly checkUsers?: ((file: OpenDataFile) => void) | undefined;
  /** Refuses a file by its `meta` rows before anything in it changes. */
  readonly checkMeta?: CheckSchema | undefined;
  /** Refuses files by who owns them and who may write to them, before anything of them is used. */
  readonly checkOwner?: CheckOwner | undefined;
  /** Called at the named moments of an opening. */
  readonly failpoint?: ((name: string) => void) | undefined;
  /** Ends an opening that waits. */
  readonly signal?: AbortSignal | undefined;
}

/** One open data file of this process, shared by every `Store` opened on the same path. */
export interface Engine extends OpenDataFile {
  readonly readOnly: boolean;
  root: Root;
  tables: Tables;
  /** Reader slot of this process; kept from being collected. */
  place: ReaderSlot;
  readonly txnId: LockFileTxnId;
  readonly pageBytes: number;
  /** True when this opening had to check every page. */
  readonly checkedPages: boolean;
  /** Number of plain reads of the file that the opening took. */
  readonly pagesRead: number;
  readonly cleanMarkers: CleanMarkerWriter | undefined;
  /** Cause for which writing has stopped for good in this process; undefined while it has not. */
  poison: unknown;
  /** Cause for which not even reading goes on; undefined while it does. */
  unreadable: DmlError | undefined;
  /** The label of the write transaction that is running, if any. */
  writing: string | undefined;
  /** Hands the engine what the running transaction still holds back; reads call it first. */
  drain: (() => void) | undefined;
  users: number;
}

/**
 * Opens the files of a store folder, which stays the caller's; whatever was opened is closed again when that fails.
 * Waits for others: see `untilWritable` and `openFile`.
 */
export function* openEngine(folder: HeldFolder, opening: EngineOpening): Steps<Engine> {
  const { environment, readOnly, failpoint } = opening;
  const { path } = folder;
  failpoint?.('open/begun');
  const file = new DataFile(folder);
  let opened: OpenedFile | undefined;
  let cleanMarkers: CleanMarkerWriter | undefined;
  let lock: LockFile | undefined;
  try {
    // @spec DML-STO-0171
    opening.checkOwner?.(path, folder.stats());
    opening.checkOwner?.(folder.pathOf(DATA_FILE), file.stats());
    const { meta, marker } = file.readMarkedMeta();
    if (!readOnly) cleanMarkers = CleanMarkerWriter.open(folder);
    failpoint?.('open/file-held');
    // Held before the engine opens the two files: what is at their paths afterwards is what the engine has opened.
    lock = new LockFile(folder, prepareOpening(folder, readOnly));
    const txnId = new LockFileTxnId(file, lock, meta.pageBytes);
    failpoint?.('open/lock-held');
    const files = { folder, dataFile: file.descriptor, lockFile: lock.descriptor };
    opened = yield* openFile(files, opening, environment);
    const { place, holders } = opened;
    lock.learn();
    failpoint?.('open/placed');
    opening.checkUsers?.({ path, folder, file, lock, holders });
    // @spec DML-STO-1110
    if (!file.isInPlace() || !lock.isInPlace()) throw storeError('store_busy', { path, detail: 'replaced' });
    const root = yield* begin(opened, { path, lock, opening });
    failpoint?.('open/reading');
    txnId.settle();
    const state = file.describe(meta.pageBytes);
    // @spec DML-STO-1900
    const checkedPages = !isVouchedFor(marker, state, opened);
    if (checkedPages) {
      // @spec DML-STO-1901 DML-STO-0158
      checkNewestPages(file, root, path);
      if (isSameState(state, file.describe(meta.pageBytes))) cleanMarkers?.write(state);
    }
    const held = lock;
    const beforeEach = (): void => runBlocking(untilWritable(held, path, environment), environment);
    const tables = openTables(root, { checkMeta: opening.checkMeta, ...(!readOnly && { beforeEach }) });
    return {
      path,
      folder,
      readOnly,
      root,
      tables,
      place,
      file,
      lock,
      holders,
      txnId,
      pageBytes: meta.pageBytes,
      checkedPages,
      pagesRead: file.reads,
      cleanMarkers,
      poison: undefined,
      unreadable: undefined,
      writing: undefined,
      drain: undefined,
      users: 1,
    };
  } catch (error) {
    opened?.close();
    lock?.close();
    cleanMarkers?.close();
    file.close();
    throw error;
  }
}

/** Checks whether the pages of a file may be used as they are; others who have it open may be changing it just now. */
function isVouchedFor(
  marker: FileState | undefined,
  state: FileState,
  { holders }: Pick<OpenedFile, 'holders'>,
): boolean {
  if (marker === undefined) return false;
  const isShared = (): boolean => [...(holders() ?? [])].some((pid) => pid !== process.pid);
  return vouchesFor(marker, state, isShared);
}

/** Begins to use an open file; an opening for writing makes a transaction. */
function* begin(
  opened: OpenedFile,
  { path, lock, opening }: { path: string; lock: LockFile; opening: EngineOpening },
): Steps<Root> {
  if (!opening.readOnly) yield* untilWritable(lock, path, opening.environment);
  return opened.begin();
}

/**
 * Records that the store itself left the data file as it is now; without a clean marker the next opening looks closer.
 */
export function markEngineClean(engine: Engine): void {
  try {
    engine.cleanMarkers?.write(engine.file.describe(engine.pageBytes));
  } catch {
    // What was committed stays committed. @spec DML-STO-0186
  }
}
