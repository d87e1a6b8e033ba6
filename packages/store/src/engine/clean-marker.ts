import { closeSync, constants, fstatSync, writeSync } from 'node:fs';
import { DmlError } from '@daggerml/object-model';
import { adoptRights, FILE_MODE, type FileRights } from '../store-folder/file-rights.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { CLEAN_MARKER_FILE, DATA_FILE } from '../store-folder/places.ts';
import { decodeJsonRow, encodeJsonRow } from '../tables/checksummed-row.ts';

const MARKER_KEY: Buffer = Buffer.from('data.mdb');
const MARKER_BYTES = 256;

/** State of the data file as the store itself left it. */
export interface FileState {
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: string;
  readonly changedNs: string;
  readonly transactionId: number;
}

/** Returns the state of the file behind a descriptor now. */
export function describeFile(descriptor: number, transactionId: number): FileState {
  const stats = fstatSync(descriptor, { bigint: true });
  return {
    device: String(stats.dev),
    inode: String(stats.ino),
    sizeBytes: String(stats.size),
    changedNs: String(stats.ctimeNs),
    transactionId,
  };
}

/** Checks whether two states are of one file that has not changed. */
export function isSameState(left: FileState, right: FileState): boolean {
  return (
    left.device === right.device &&
    left.inode === right.inode &&
    left.sizeBytes === right.sizeBytes &&
    left.changedNs === right.changedNs &&
    left.transactionId === right.transactionId
  );
}

/**
 * Checks whether a clean marker vouches for the pages of a file in a state: the file is as the store left it, or
 * `isShared` says that others have it open, one of whom may be in a transaction.
 */
export function vouchesFor(marker: FileState, state: FileState, isShared: () => boolean): boolean {
  if (isSameState(marker, state)) return true;
  const isSameFile = marker.device === state.device && marker.inode === state.inode;
  // The engine never shortens the file, nor changes a page that the newest transaction uses.
  // @spec DML-STO-1902
  return isSameFile && BigInt(state.sizeBytes) >= BigInt(marker.sizeBytes) && isShared();
}

/** Reads the clean marker of a store folder; undefined when there is none or it is torn. */
export function readCleanMarker(folder: HeldFolder): FileState | undefined {
  try {
    const text = folder.readFile(CLEAN_MARKER_FILE).toString('latin1').trim();
    return decodeJsonRow<FileState>('stamp', MARKER_KEY, Buffer.from(text, 'base64'));
  } catch {
    return undefined;
  }
}

/** Writes clean markers to a store folder; keeps the file open because a clean marker follows every commit. */
export class CleanMarkerWriter {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Opens the clean marker of a store folder, made when it is not there, with the rights of the data file or those
   * given. Undefined where the process may not: without a clean marker the next opening only looks longer.
   */
  static open(folder: HeldFolder, rights?: FileRights): CleanMarkerWriter | undefined {
    try {
      // Another name of the file may belong to somebody who did not ask for a clean marker.
      if ((folder.look(CLEAN_MARKER_FILE)?.nlink ?? 0) > 1) folder.removeFile(CLEAN_MARKER_FILE);
      return new CleanMarkerWriter(openMarkerFile(folder, rights));
    } catch (error) {
      if (error instanceof DmlError) throw error;
      return undefined;
    }
  }

  /**
   * Overwrites the clean marker. It is not synced and may fail: a lost or torn clean marker only costs a page check.
   */
  write(marker: FileState): void {
    const text = encodeJsonRow('stamp', MARKER_KEY, marker)
      .toString('base64')
      .padEnd(MARKER_BYTES - 1);
    try {
      writeSync(this.#descriptor, `${text}\n`, 0, 'latin1');
    } catch {
      // What was committed stays committed.
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function openMarkerFile(folder: HeldFolder, rights: FileRights | undefined): number {
  try {
    return folder.openFile(CLEAN_MARKER_FILE, constants.O_RDWR);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Of somebody else who shares the store, and did not share this.
    if (code === 'EACCES') folder.removeFile(CLEAN_MARKER_FILE);
    else if (code !== 'ENOENT') throw cause;
  }
  const descriptor = folder.createFile(CLEAN_MARKER_FILE, FILE_MODE);
  const wanted = rights ?? folder.look(DATA_FILE);
  if (wanted !== undefined) adoptRights(descriptor, wanted);
  return descriptor;
}
