import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sealJson, unsealJson } from '../sealed-row.ts';
import { readRegularFile } from './store-files.ts';

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
export function readStamp(storePath: string): Stamp | undefined {
  try {
    const text = readRegularFile(join(storePath, 'stamp')).toString('latin1').trim();
    return unsealJson<Stamp>('stamp', STAMP_KEY, Buffer.from(text, 'base64'));
  } catch {
    return undefined;
  }
}

/** Writes stamps to a store folder; keeps the file open because a stamp follows every commit. */
export class StampWriter {
  readonly #descriptor: number;

  constructor(storePath: string) {
    this.#descriptor = openSync(join(storePath, 'stamp'), 'a+');
    closeSync(this.#descriptor);
    this.#descriptor = openSync(join(storePath, 'stamp'), 'r+');
  }

  /** Overwrites the stamp. It is not synced and may fail: a lost or torn stamp only costs a page check. */
  write(stamp: Stamp): void {
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
