import type { FileRights } from '../store-folder/file-rights.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { CleanMarkerWriter } from './clean-marker.ts';
import { DataFile } from './data-file.ts';
import { LockFile, type WriteEnvironment } from './lock-file.ts';
import { openFile } from './open-root.ts';
import { openTables, type Tables } from './tables.ts';
import { runWaiting } from './waiting.ts';
import { writeEmptyDataFile } from './workarounds/empty-data-file.ts';
import { prepareOpening } from './workarounds/preflight.ts';

/** Options of the creation of a data file. */
export interface DataFileCreation {
  readonly mapBytes: number | undefined;
  readonly environment: WriteEnvironment;
  /** The transaction that those of the new file follow; 0 by default. */
  readonly afterTransaction?: number;
  /** Rights of the new file; those of new files of the process by default. */
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
  let lock: LockFile | undefined;
  try {
    lock = new LockFile(folder, prepareOpening(folder, false));
    const { mapBytes, environment } = creation;
    const files = { folder, dataFile: file.descriptor, lockFile: lock.descriptor };
    const opened = await runWaiting(openFile(files, { readOnly: false, mapBytes }, environment), environment);
    try {
      // Nobody else knows of this file, so there is nobody to wait for.
      const root = opened.begin();
      const tables = openTables(root);
      root.transactionSync(() => fill(tables));
    } finally {
      opened.close();
    }
  } finally {
    lock?.close();
    file.close();
  }
  markFileClean(folder);
}

/**
 * Records that the store itself left a data file as it is, which no engine has open; as `markEngineClean` does. The
 * clean marker has the rights of the data file where none are given.
 */
export function markFileClean(folder: HeldFolder, rights?: FileRights): void {
  let file: DataFile | undefined;
  let cleanMarkers: CleanMarkerWriter | undefined;
  try {
    file = new DataFile(folder);
    cleanMarkers = CleanMarkerWriter.open(folder, rights);
    cleanMarkers?.write(file.describe(file.readMeta().pageBytes));
  } catch {
    // Without a clean marker the next opening looks closer.
  } finally {
    cleanMarkers?.close();
    file?.close();
  }
}
