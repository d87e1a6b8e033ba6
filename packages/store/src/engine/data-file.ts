import { closeSync, constants, fstatSync, readSync, type Stats } from 'node:fs';
import { storeError } from '../errors.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { DATA_FILE } from '../store-folder/places.ts';
import { areSame, type FileIdentity, identityOf, isAt } from '../store-folder/plain-file.ts';
import { describeFile, type FileState, readCleanMarker } from './clean-marker.ts';
import { LOCK_WAIT_MS, pause } from './lock-wait.ts';
import { type MetaPage, type ReadAt, readCount, readNewestMeta, TRANSACTION_AT } from './meta-page.ts';

/** A look at meta pages is bad for good when this many looks find the same, or when none was good for long. */
const SAME_LOOKS = 10;
const META_PAUSE_MS = 3;

/** The data file of a store, read with plain reads next to the engine's mapping. */
export class DataFile {
  readonly #folder: HeldFolder;
  /** Kept for as long as the engine is open, which opens this very file through it. */
  readonly descriptor: number;
  readonly #path: string;
  readonly #identity: FileIdentity;
  /** Both meta pages up to the number of their transaction. */
  #metas: Buffer = Buffer.alloc(0);
  readonly readAt: ReadAt;
  #reads = 0;

  /** Returns the length of the file now. */
  sizeBytes(): number {
    return fstatSync(this.descriptor).size;
  }

  /** Returns what the file is, owner and rights among it. */
  stats(): Stats {
    return fstatSync(this.descriptor);
  }

  /** Opens the same file once more, for writing; throws what the system answers. */
  openForWriting(): number {
    const descriptor = this.#folder.openFile(DATA_FILE, constants.O_RDWR);
    if (this.isFile(identityOf(descriptor))) return descriptor;
    closeSync(descriptor);
    throw storeError('store_busy', { path: this.#folder.path, detail: 'replaced' });
  }

  /** Checks whether this is a file of the machine. */
  isFile(identity: FileIdentity): boolean {
    return areSame(this.#identity, identity);
  }

  /** Checks whether the file this holds is the one at its path. */
  isInPlace(): boolean {
    return isAt(this.#identity, this.#path);
  }

  /** Number of plain reads of the file so far. */
  get reads(): number {
    return this.#reads;
  }

  constructor(folder: HeldFolder) {
    this.#folder = folder;
    this.#path = folder.pathOf(DATA_FILE);
    this.descriptor = folder.openFile(DATA_FILE, constants.O_RDONLY);
    this.#identity = identityOf(this.descriptor);
    this.readAt = (target, length, position) => {
      this.#reads += 1;
      return readSync(this.descriptor, target, 0, length, position);
    };
  }

  /**
   * Reads the newer meta page; throws `store_damaged` when the two are not whole and consistent.
   * Another process may replace one of them between two plain reads, so a bad look is taken again; a file that
   * nobody writes to looks the same each time.
   */
  readMeta(): MetaPage {
    const endMs = performance.now() + LOCK_WAIT_MS;
    let last: string | undefined;
    for (let looks = 1; ; looks += 1) {
      try {
        return readNewestMeta(this.readAt, fstatSync(this.descriptor).size);
      } catch (error) {
        const changed = this.#changed();
        if (changed !== last) looks = 1;
        last = changed;
        if (looks === SAME_LOOKS || performance.now() > endMs) throw error;
        pause(META_PAUSE_MS);
      }
    }
  }

  /** Returns a text that differs when the file was written to since; within a tick of its clock it may not. */
  #changed(): string {
    const { size, mtimeNs, ctimeNs } = fstatSync(this.descriptor, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs}`;
  }

  /**
   * Reads the clean marker and the newer meta page. Throws `store_damaged` when the file is older than what the store
   * acknowledged.
   */
  readMarkedMeta(): { meta: MetaPage; marker: FileState | undefined } {
    // A clean marker follows its commit, so the one read first is never ahead of a file that others write.
    const marker = readCleanMarker(this.#folder);
    const meta = this.readMeta();
    // @spec DML-STO-0155
    if (marker !== undefined && marker.transactionId > meta.transactionId)
      throw storeError('store_damaged', { detail: 'rolled_back', transactionId: meta.transactionId });
    return { meta, marker };
  }

  /** Returns the state of the file now; `pageBytes` is known from its meta pages. */
  describe(pageBytes: number): FileState {
    return describeFile(this.descriptor, this.newestTransactionId(pageBytes));
  }

  /** Returns the number of the newest transaction that is in the file; one plain read. */
  newestTransactionId(pageBytes: number): number {
    const length = pageBytes + TRANSACTION_AT + 8;
    if (this.#metas.length !== length) this.#metas = Buffer.alloc(length);
    this.readAt(this.#metas, length, 0);
    return Math.max(
      readCount(this.#metas, TRANSACTION_AT),
      readCount(this.#metas, pageBytes + TRANSACTION_AT),
    );
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
