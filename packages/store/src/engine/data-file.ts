import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { storeError } from '../errors.ts';
import { type MetaPage, type ReadAt, readCount, readNewestMeta } from './meta-page.ts';
import { describeFile, readStamp, type Stamp, sameStamp } from './stamp.ts';

/** The data file of a store, looked at with plain reads beside the engine's mapping. */
export class DataFile {
  readonly #storePath: string;
  readonly #descriptor: number;
  readonly #word: Buffer = Buffer.alloc(8);
  readonly readAt: ReadAt;
  #reads = 0;

  /** How many plain reads of the file there have been. */
  get reads(): number {
    return this.#reads;
  }

  constructor(storePath: string) {
    this.#storePath = storePath;
    this.#descriptor = openSync(join(storePath, 'data.mdb'), 'r');
    this.readAt = (target, length, position) => {
      this.#reads += 1;
      return readSync(this.#descriptor, target, 0, length, position);
    };
  }

  /** Reads the newer meta page; throws `store_damaged` when the two are not whole and consistent. */
  readMeta(): MetaPage {
    return readNewestMeta(this.readAt, fstatSync(this.#descriptor).size);
  }

  /** Yields the stamp that describes the file now; `pageBytes` is known from its meta pages. */
  describe(pageBytes: number): Stamp {
    return describeFile(this.#descriptor, Math.max(this.#transactionAt(152), this.#transactionAt(pageBytes + 152)));
  }

  #transactionAt(position: number): number {
    this.readAt(this.#word, 8, position);
    return readCount(this.#word, 0);
  }

  /**
   * Tells whether the store itself left the file in the state it is in.
   * Throws `store_damaged` when the file is older than what the store acknowledged.
   */
  isStamped(meta: MetaPage): boolean {
    const stamp = readStamp(this.#storePath);
    if (stamp === undefined) return false;
    if (stamp.transactionId > meta.transactionId) {
      throw storeError('store_damaged', { detail: 'rolled_back', transactionId: meta.transactionId });
    }
    return sameStamp(stamp, this.describe(meta.pageBytes));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
