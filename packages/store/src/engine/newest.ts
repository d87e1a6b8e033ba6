import { closeSync, constants, readSync, writeSync } from 'node:fs';
import { storeError } from '../errors.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { LOCK_FILE } from '../store-folder/places.ts';
import { isFileAt } from '../store-folder/plain-file.ts';
import type { DataFile } from './data-file.ts';
import type { Engine } from './engine.ts';
import { readCount } from './meta-page.ts';
import { PATIENCE_MS, pause } from './patience.ts';

/** Where the engine's lock file notes the newest transaction, for whoever begins one; known on Linux only. */
const NOTE_AT: number | undefined = process.platform === 'linux' ? 8 : undefined;

/** How long the meta page of a transaction may be under way to the disk before its number is noted. */
const COMMIT_MS = 100;
const PAUSE_MS = 0.2;

/**
 * The engine's note of the newest transaction, held against the meta pages, which tell the truth.
 *
 * An opening reads the meta pages and, some time later, notes the number it has read, without a lock. What others
 * committed in between drops out of the note: the next reader would not see it, and the next writer would begin
 * before it and overwrite its meta page.
 */
export class NewestTransaction {
  readonly #file: DataFile;
  readonly #pageBytes: number;
  /** Kept for as long as the engine is open: closing any descriptor of this file gives up the engine's locks. */
  readonly lockFile: number | undefined;
  readonly #lockPath: string;
  readonly #word: Buffer = Buffer.alloc(8);

  constructor(folder: HeldFolder, file: DataFile, pageBytes: number) {
    this.#file = file;
    this.#pageBytes = pageBytes;
    this.#lockPath = folder.pathOf(LOCK_FILE);
    this.lockFile = openLockFile(folder);
  }

  /** Tells whether the lock file this holds is the one at its path. */
  isLockInPlace(): boolean {
    return this.lockFile === undefined || isFileAt(this.lockFile, this.#lockPath);
  }

  /** Yields the number of the newest transaction in the file. */
  written(): number {
    return this.#file.newestTransactionId(this.#pageBytes);
  }

  /** Yields the number in the note; undefined where it cannot be had. */
  noted(): number | undefined {
    if (this.lockFile === undefined || NOTE_AT === undefined) return undefined;
    readSync(this.lockFile, this.#word, 0, 8, NOTE_AT);
    return readCount(this.#word, 0);
  }

  /** Corrects the note. */
  note(transactionId: number): void {
    if (this.lockFile === undefined || NOTE_AT === undefined) return;
    this.#word.writeBigUInt64LE(BigInt(transactionId));
    writeSync(this.lockFile, this.#word, 0, 8, NOTE_AT);
  }

  /**
   * Returns once whoever begins to read sees what is in the file now. A note that is behind belongs to a
   * transaction that is just being committed and will catch up, or else was set back and is corrected.
   */
  settle(): void {
    const noted = this.noted();
    if (noted === undefined) return;
    const target = this.written();
    if (noted >= target) return;
    const endMs = performance.now() + COMMIT_MS;
    while (performance.now() < endMs) {
      pause(PAUSE_MS);
      if ((this.noted() as number) >= target) return;
    }
    const written = this.written();
    if ((this.noted() as number) < written) this.note(written);
  }

  close(): void {
    if (this.lockFile !== undefined) closeSync(this.lockFile);
  }
}

/** The engine reads without a lock file where none can be written; then nobody writes. */
function openLockFile(folder: HeldFolder): number | undefined {
  try {
    return folder.openFile(LOCK_FILE, constants.O_RDWR);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS' || code === 'EACCES') return undefined;
    // A compaction has just taken it away. The engine would make one, by whatever name stands there.
    if (code === 'ENOENT') throw storeError('store_busy', { path: folder.path, detail: 'replaced' }, error);
    throw error;
  }
}

/** Runs `body`, which writes nothing, while nobody who shares the lock file can begin a transaction. */
export function whileNobodyWrites(engine: Engine, body: () => void): void {
  engine.root.transactionSync(body);
}

/**
 * Runs `body` in one transaction of the engine that begins at the newest one; its error undoes the transaction
 * and passes through. Nobody commits while the transaction runs, so the meta pages stand still.
 */
export function transactOnNewest(engine: Engine, body: () => void): void {
  let endMs: number | undefined;
  for (;;) {
    let isBehind = false;
    try {
      // @spec DML-STO-0135
      engine.root.transactionSync(() => {
        const written = engine.newest.written();
        // @spec DML-STO-0138
        if (engine.root.getWriteTxnId() !== written + 1) {
          isBehind = true;
          engine.newest.note(written);
          throw new Error('the transaction begins before the newest one');
        }
        body();
      });
      return;
    } catch (error) {
      // Openings of other processes came between; they may do so again.
      endMs ??= performance.now() + PATIENCE_MS;
      if (!isBehind || performance.now() > endMs) throw error;
    }
  }
}
