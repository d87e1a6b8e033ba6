/**
 * Workaround for lmdb 3.5.6: `mdb_env_open` reads the newest transaction from the meta pages and notes its id in
 * the lock file some time later, under no lock that committers take. What others commit in between drops out of
 * the note, as in ITS#9496 of OpenLDAP: readers miss it, and the next writer overwrites its meta page. Can go when
 * an opening leaves the id in a lock file that is in use alone.
 */
import { storeError } from '../../errors.ts';
import type { DataFile } from '../data-file.ts';
import type { Engine } from '../engine.ts';
import { type LockFile, untilWritable, type WriteEnvironment } from '../lock-file.ts';
import { LOCK_WAIT_MS, pause } from '../lock-wait.ts';
import { runBlocking } from '../waiting.ts';

/** Longest time between the write of a meta page and the note of its transaction. */
const COMMIT_MS = 100;
const PAUSE_MS = 0.2;

/**
 * The id of the newest transaction in the lock file, compared with the meta pages, which are right.
 *
 * An opening reads the meta pages and, some time later, notes the number it has read, without a lock. What others
 * committed in between drops out of the note: the next reader would not see it, and the next writer would begin
 * before it and overwrite its meta page.
 */
export class LockFileTxnId {
  readonly #file: DataFile;
  readonly #lock: LockFile;
  readonly #pageBytes: number;

  constructor(file: DataFile, lock: LockFile, pageBytes: number) {
    this.#file = file;
    this.#lock = lock;
    this.#pageBytes = pageBytes;
  }

  /** Returns the number of the newest transaction in the file. */
  written(): number {
    return this.#file.newestTransactionId(this.#pageBytes);
  }

  /** Returns the number in the note; undefined where it cannot be had. */
  noted(): number | undefined {
    return this.#lock.noted();
  }

  /** Corrects the note. */
  note(transactionId: number): void {
    this.#lock.note(transactionId);
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
}

/**
 * Refuses to write where the files are no longer those of the store: nobody would read the data file again, and who
 * has another lock file does not wait for this process.
 */
function assertInPlace({ file, lock, folder, path }: Engine): void {
  if (file.isInPlace() && lock.isInPlace()) return;
  // @spec DML-STO-0172
  if (!folder.isInPlace()) throw storeError('store_gone', { path });
  // @spec DML-STO-0542
  throw storeError('session_lost', { path, detail: 'replaced' });
}

function beginWhenFree(engine: Engine, environment: WriteEnvironment, body: () => void): void {
  if (engine.lock.writer() !== 0)
    runBlocking(untilWritable(engine.lock, engine.path, environment), environment);
  engine.root.transactionSync(body);
}

/**
 * Runs `body`, which writes nothing to the data file, while nobody who shares the lock file can begin a
 * transaction. Throws `session_lost` when the data file is no longer the one at its path.
 */
export function whileNobodyWrites(engine: Engine, environment: WriteEnvironment, body: () => void): void {
  beginWhenFree(engine, environment, () => {
    assertInPlace(engine);
    body();
  });
}

/**
 * Runs `body` in one transaction of the engine that begins at the newest one; its error undoes the transaction
 * and passes through. Nobody commits while the transaction runs, so the meta pages stand still. Throws
 * `store_busy` when somebody else is in a transaction for too long, and `session_lost` as `whileNobodyWrites`.
 */
export function transactOnNewest(engine: Engine, environment: WriteEnvironment, body: () => void): void {
  let endMs: number | undefined;
  for (;;) {
    let isBehind = false;
    try {
      // @spec DML-STO-0135
      beginWhenFree(engine, environment, () => {
        assertInPlace(engine);
        const written = engine.txnId.written();
        if (engine.root.getWriteTxnId() !== written + 1) {
          isBehind = true;
          engine.txnId.note(written);
          throw new Error('the transaction begins before the newest one');
        }
        body();
      });
      return;
    } catch (error) {
      // Openings of other processes came between; they may do so again.
      endMs ??= performance.now() + LOCK_WAIT_MS;
      if (!isBehind || performance.now() > endMs) throw error;
    }
  }
}
