import type { StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { readError } from './engine-error.ts';
import { extendFile } from './workarounds/preallocate.ts';

/** Bytes for pages that are not counted: branch pages, free lists, the other tables. */
const SPARE_BYTES = 4 * 2 ** 20;
/** Number of puts between two checks of the space left. */
const PUTS_PER_LOOK = 1024;
/** Rows above this take several pages of their own, which the engine writes as one run. */
const SMALL_ROW_BYTES = 4096;
/** Runs that are shorter together never make the engine's text about a refused write too long. */
const RESERVED_BYTES = 96 * 1024;

/**
 * Refuses a transaction before the engine runs out of space: an engine whose write fails half-way may end the
 * process. The estimate counts pages that are written again; it errs on the large side.
 */
export class SpaceGuard {
  readonly #engine: Engine;
  readonly #environment: StoreEnvironment;
  /** Pages of the file that the transaction may write again; looked up when it is first needed. */
  #leafPages: number | undefined;
  #puts = 0;
  #bytes = 0;
  #runPages = 0;

  /**
   * Creates a guard; with `onlyAppends` all rows come behind those that are there, so hardly a page is written again.
   */
  constructor(engine: Engine, environment: StoreEnvironment, onlyAppends = false) {
    this.#engine = engine;
    this.#environment = environment;
    if (onlyAppends) this.#leafPages = 0;
  }

  /** Counts one put of `sizeBytes`; throws `store_full` when the transaction would no longer fit. */
  add(sizeBytes: number): void {
    this.#bytes += sizeBytes > 2000 ? sizeBytes + 2 * this.#engine.pageBytes : sizeBytes + 64;
    this.#puts += 1;
    if (this.#puts % PUTS_PER_LOOK === 0) this.check();
  }

  /** Counts the pages of a row that the transaction has put and the store did not have. */
  addNew(sizeBytes: number): void {
    if (sizeBytes > SMALL_ROW_BYTES) this.#runPages += Math.ceil(sizeBytes / this.#engine.pageBytes) + 1;
  }

  /** Throws `store_full` when the place may not hold what the transaction has put so far. */
  check(): void {
    const leftBytes = this.#leftBytes();
    if (this.#neededBytes(this.#puts * 2) <= leftBytes) return;
    // No more leaves are written than there are; to count them costs more than all that was asked before.
    this.#leafPages ??= leafPagesOf(this.#engine);
    const neededBytes = this.#neededBytes(Math.min(this.#puts * 2, this.#leafPages));
    // @spec DML-STO-0136
    const { path } = this.#engine;
    if (neededBytes > leftBytes)
      throw storeError('store_full', { path, neededBytes, availableBytes: Math.max(leftBytes, 0) });
  }

  #neededBytes(rewrittenPages: number): number {
    return rewrittenPages * this.#engine.pageBytes + Math.ceil(this.#bytes * 1.5) + SPARE_BYTES;
  }

  /** Returns the bytes that the disk and the longest file of this process still have room for. */
  #leftBytes(): number {
    const { path, file } = this.#engine;
    const { maxFileBytes } = this.#environment;
    try {
      const { availableBytes } = this.#environment.statFileSystem(path);
      if (maxFileBytes === undefined) return availableBytes;
      return Math.min(availableBytes, maxFileBytes - file.sizeBytes());
    } catch (cause) {
      throw readError(cause, { path, detail: 'space' });
    }
  }

  /**
   * Makes room in the file for long runs of pages, because the engine may end the process when the system refuses
   * to write those; called last before a commit.
   */
  reserve(): void {
    const { file, pageBytes, path } = this.#engine;
    if (this.#runPages * pageBytes < RESERVED_BYTES) return;
    extendFile(file, (file.readMeta().lastPage + 1 + this.#runPages) * pageBytes, path);
  }
}

function leafPagesOf(engine: Engine): number {
  const stats = engine.tables.objects.getStats() as { treeLeafPageCount?: number };
  return stats.treeLeafPageCount ?? Number.POSITIVE_INFINITY;
}
