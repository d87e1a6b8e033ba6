import { closeSync, constants, readSync, writeSync } from 'node:fs';
import type { StoreEnvironment, Waiting } from '../environment.ts';
import { storeError } from '../errors.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { LOCK_FILE } from '../store-folder/places.ts';
import { type FileIdentity, identityOf, isAt } from '../store-folder/plain-file.ts';
import { readCount } from './meta-page.ts';
import { LockWait, runWaiting, type Steps, type WaitEnvironment } from './waiting.ts';

/** Environment of a wait for the write lock. */
export type WriteEnvironment = WaitEnvironment & Pick<StoreEnvironment, 'probe'>;

const IS_LINUX: boolean = process.platform === 'linux';

/** Offset of the newest transaction's number in the lock file; known on Linux only. */
const NOTE_AT: number | undefined = IS_LINUX ? 8 : undefined;

/** Places at which the lock of writers begins, by the size of a lock of the C library. */
const WRITE_LOCK_AT = [64, 128] as const;
const HEAD_BYTES = 192;
/** Marks of a robust lock that processes share, in glibc and in musl, and the offset of its word. */
const LOCK_FORMS = [
  { kindAt: 16, kind: 0x90, wordAt: 0 },
  { kindAt: 0, kind: 0x84, wordAt: 4 },
] as const;
/** Bits of the word that name the thread; the others say that somebody waits, or that the holder died. */
const THREAD_BITS = 0x3fff_ffff;

/**
 * The engine's lock file, read with plain reads next to the engine.
 *
 * Kept open for as long as the engine has the file open, and no other descriptor of it is ever closed before that:
 * closing any gives up all locks that the process has on the file.
 */
export class LockFile {
  readonly #path: string;
  /** Undefined where none can be written, as on a read-only mount: there the engine reads without locks. */
  readonly descriptor: number | undefined;
  readonly #identity: FileIdentity | undefined;
  readonly #word: Buffer = Buffer.alloc(8);
  #writerAt: number | undefined;

  constructor(folder: HeldFolder, isThere: boolean) {
    this.#path = folder.pathOf(LOCK_FILE);
    this.descriptor = isThere ? openLockFile(folder) : undefined;
    this.#identity = this.descriptor === undefined ? undefined : identityOf(this.descriptor);
  }

  /** Checks whether the file this holds is the one at its path. */
  isInPlace(): boolean {
    return this.#identity === undefined || isAt(this.#identity, this.#path);
  }

  /** Returns the number of the newest transaction as the file notes it; undefined where it cannot be had. */
  noted(): number | undefined {
    if (this.descriptor === undefined || NOTE_AT === undefined) return undefined;
    readSync(this.descriptor, this.#word, 0, 8, NOTE_AT);
    return readCount(this.#word, 0);
  }

  /** Corrects that note. */
  note(transactionId: number): void {
    if (this.descriptor === undefined || NOTE_AT === undefined) return;
    this.#word.writeBigUInt64LE(BigInt(transactionId));
    writeSync(this.descriptor, this.#word, 0, 8, NOTE_AT);
  }

  /** Finds out where the lock of writers is, once the engine has made the locks; known on Linux only. */
  learn(): void {
    if (this.descriptor === undefined || !IS_LINUX) return;
    const head = Buffer.alloc(HEAD_BYTES);
    readSync(this.descriptor, head, 0, HEAD_BYTES, 0);
    for (const lockAt of WRITE_LOCK_AT)
      for (const { kindAt, kind, wordAt } of LOCK_FORMS)
        if (head.readInt32LE(lockAt + kindAt) === kind) this.#writerAt ??= lockAt + wordAt;
  }

  /** Returns the number of the thread that is in a write transaction, 0 when none is or it cannot be known. */
  writer(): number {
    if (this.descriptor === undefined || this.#writerAt === undefined) return 0;
    try {
      readSync(this.descriptor, this.#word, 0, 4, this.#writerAt);
      // The kernel takes the name of a holder that died out of the word. @spec DML-STO-0758
      return this.#word.readUInt32LE(0) & THREAD_BITS;
    } catch {
      return 0;
    }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
  }
}

function openLockFile(folder: HeldFolder): number {
  try {
    return folder.openFile(LOCK_FILE, constants.O_RDWR);
  } catch (cause) {
    // The engine would make one, by whatever name stands there.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw storeError('store_busy', { path: folder.path, detail: 'replaced' }, cause);
    throw cause;
  }
}

/**
 * Returns once nobody is in a write transaction.
 *
 * The engine waits for its lock in a way that no signal and no limit ends, so it is only entered when the lock is
 * free. Somebody else may take it between this look and the engine's, some microseconds later.
 */
export function* untilWritable(lock: LockFile, path: string, environment: WriteEnvironment): Steps<void> {
  let wait: LockWait | undefined;
  for (let writer = lock.writer(); writer !== 0; writer = lock.writer()) {
    wait ??= new LockWait(environment);
    // @spec DML-STO-0756
    const describe = (): Waiting => ({
      reason: 'write_lock',
      path,
      pid: writer,
      ...(environment.probe(writer).state === 'dead' && { namespace: 'another' }),
    });
    // @spec DML-STO-0754
    yield wait.next(`${writer} ${lock.noted()}`, describe);
  }
}

/** An open store as far as its write lock is waited for. */
export interface Writable {
  readonly lock: LockFile;
  readonly path: string;
}

/** Resolves once nobody is in a write transaction; until then the thread is free. */
export function whenWritable(
  { lock, path }: Writable,
  environment: WriteEnvironment,
  signal?: AbortSignal,
): Promise<void> {
  return runWaiting(untilWritable(lock, path, environment), environment, signal);
}
