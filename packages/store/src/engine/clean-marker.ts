import { closeSync, constants, fstatSync, writeSync } from 'node:fs';
import { DmlError } from '@daggerml/object-model';
import { adoptRights, FILE_MODE, type FileRights } from '../store-folder/file-rights.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { DATA_FILE, STAMP_FILE } from '../store-folder/places.ts';
import { sealJson, unsealJson } from '../tables/checksummed-row.ts';

const STAMP_KEY: Buffer = Buffer.from('data.mdb');
const STAMP_BYTES = 256;

/** In which state the store itself left the data file. */
export interface Stamp {
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: string;
  readonly changedNs: string;
  readonly transactionId: number;
}

/** A stamp as it stands in its file. */
export interface WrittenStamp extends Stamp {
  /** Whether all pages of that state may be used as they are. */
  readonly isChecked: boolean;
}

/** Yields the stamp that describes the file behind a descriptor now. */
export function describeFile(descriptor: number, transactionId: number): Stamp {
  const stats = fstatSync(descriptor, { bigint: true });
  return {
    device: String(stats.dev),
    inode: String(stats.ino),
    sizeBytes: String(stats.size),
    changedNs: String(stats.ctimeNs),
    transactionId,
  };
}

/** Tells whether two stamps are of the same state of the same file. */
export function sameStamp(left: Stamp, right: Stamp): boolean {
  return (
    left.device === right.device &&
    left.inode === right.inode &&
    left.sizeBytes === right.sizeBytes &&
    left.changedNs === right.changedNs &&
    left.transactionId === right.transactionId
  );
}

/** Reads the stamp of a store folder; undefined when there is none or it is torn. */
export function readStamp(folder: HeldFolder): WrittenStamp | undefined {
  try {
    const text = folder.readFile(STAMP_FILE).toString('latin1').trim();
    return unsealJson<WrittenStamp>('stamp', STAMP_KEY, Buffer.from(text, 'base64'));
  } catch {
    return undefined;
  }
}

/** Writes stamps to a store folder; keeps the file open because a stamp follows every commit. */
export class StampWriter {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Opens the stamp of a store folder, which is made when it is not there, with the rights of the data file or those
   * given. Undefined where the process may not: without a stamp the next opening only looks longer.
   */
  static open(folder: HeldFolder, rights?: FileRights): StampWriter | undefined {
    try {
      // Another name of the file may belong to somebody who did not ask for a stamp.
      if ((folder.look(STAMP_FILE)?.nlink ?? 0) > 1) folder.removeFile(STAMP_FILE);
      return new StampWriter(openStamp(folder, rights));
    } catch (error) {
      if (error instanceof DmlError) throw error;
      return undefined;
    }
  }

  /** Overwrites the stamp. It is not synced and may fail: a lost or torn stamp only costs a page check. */
  write(stamp: WrittenStamp): void {
    const text = sealJson('stamp', STAMP_KEY, stamp)
      .toString('base64')
      .padEnd(STAMP_BYTES - 1);
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

function openStamp(folder: HeldFolder, rights: FileRights | undefined): number {
  try {
    return folder.openFile(STAMP_FILE, constants.O_RDWR);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Of somebody else who shares the store, and did not share this.
    if (code === 'EACCES') folder.removeFile(STAMP_FILE);
    else if (code !== 'ENOENT') throw cause;
  }
  const descriptor = folder.createFile(STAMP_FILE, FILE_MODE);
  const wanted = rights ?? folder.look(DATA_FILE);
  if (wanted !== undefined) adoptRights(descriptor, wanted);
  return descriptor;
}
