import { openAsClass } from 'lmdb';
import type { Waiting } from '../environment.ts';
import { storeError } from '../errors.ts';
import { errnoOf, openError } from './engine-error.ts';
import { DEFAULT_MAP_BYTES, engineOptions } from './engine-options.ts';
import type { RawOptions, RawRoot } from './raw-engine.ts';
import { LockWait, type Steps, type WaitEnvironment } from './waiting.ts';
import { type EngineFiles, withHeldFiles } from './workarounds/descriptor-links.ts';
import { clearStackBelow } from './workarounds/message-overflow.ts';
import { prepareOpening } from './workarounds/preflight.ts';
import { type ReaderSlot, slotHolders, takeReaderSlot, withNativeEnv } from './workarounds/reader-slots.ts';

/** The engine's handle of an open file. */
export type Root = RawRoot;

/** Options of an opening by the engine. */
export interface RootOpening {
  readonly readOnly: boolean;
  readonly mapBytes?: number | undefined;
  /** Called at the named moments of an opening. */
  readonly failpoint?: ((name: string) => void) | undefined;
}

/** A file that the engine has open, before anything of it is read or written. */
export interface OpenedFile {
  /** Keeps this process among the holders for as long as it is referred to. */
  readonly place: ReaderSlot;
  /** Returns the numbers of the processes that have the store open; undefined where it is read without locks. */
  holders(): ReadonlySet<number> | undefined;
  /** Begins to use the file; an opening for writing makes an empty transaction. */
  begin(): Root;
  close(): void;
}

/** Error of the engine for a process that waits for locks which the process before it has destroyed. */
const DESTROYED_LOCKS = 'EINVAL';
/** Errors of the kernel when another process has the lock of a number. */
const NUMBER_TAKEN: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'EACCES']);
/** Several processes that have to let go at one time each wait for a time of their own. */
const LONGEST_PAUSE_MS = 12;

/** The parts of the engine's class that work without an instance: they are about the file that was opened. */
interface OpenedClass {
  readonly prototype: {
    close(): Promise<void>;
    transactionSync?: Root['transactionSync'];
  } & Pick<Root, 'readerCheck' | 'readerList'>;
  new (name: null, options: RawOptions & { readonly isRoot: true }): Root;
}

/**
 * Opens the data file of a store in the engine and takes a reader slot.
 *
 * The last user that closes a file destroys the locks in it, also when another process already waits to become
 * the next user; that one then holds a file whose locks nobody can take. It lets go and tries again: the first to
 * come to a file without users makes the locks again. And the kernel gives the place of a number to one process at
 * a time, so two processes that have one number in two process namespaces use a store one after the other.
 */
export function* openFile(
  files: EngineFiles,
  opening: RootOpening,
  environment: WaitEnvironment,
): Steps<OpenedFile> {
  let wait: LockWait | undefined;
  for (;;) {
    prepareOpening(files.folder, opening.readOnly);
    opening.failpoint?.('open/prepared');
    const opened = tryToOpen(files, opening);
    if ('place' in opened) return opened;
    wait ??= new LockWait(environment);
    // @spec DML-STO-0118 DML-STO-0755
    const pauseMs = wait.next(opened.reason, () => opened);
    yield opened.reason === 'locks' ? 1 + Math.random() * LONGEST_PAUSE_MS : pauseMs;
  }
}

/** Opens the file, or returns what has to be waited for. */
function tryToOpen(files: EngineFiles, opening: RootOpening): OpenedFile | Waiting {
  const { readOnly, mapBytes = DEFAULT_MAP_BYTES } = opening;
  const { path } = files.folder;
  let opened: OpenedClass | undefined;
  try {
    const { options, native } = withHeldFiles(files, (way) => {
      const options = engineOptions(way, readOnly, mapBytes);
      return { options, native: withNativeEnv(() => openAsClass<Uint8Array, Uint8Array>(options)) };
    });
    const file = native.opened as unknown as OpenedClass;
    opened = file;
    clearBeforeCommits(file);
    // The first that needs a lock; it fails without consequences.
    const place = takeReaderSlot(native.env);
    const { prototype } = file;
    // The engine reads without locks where it may not open the lock file; others would take this one for nobody.
    // @spec DML-STO-0185
    if (files.lockFile !== undefined && slotHolders(prototype) === undefined)
      throw storeError('store_unreadable', { path, detail: 'no_locks' });
    return {
      place,
      holders: () => slotHolders(prototype),
      begin: () => new file(null, { ...options, isRoot: true }),
      close: () => closeFile(file),
    };
  } catch (cause) {
    if (opened !== undefined) closeFile(opened);
    const errno = errnoOf(cause);
    // The engine may come to them while it opens the file already.
    if (errno === DESTROYED_LOCKS) return { reason: 'locks', path };
    if (opened !== undefined && NUMBER_TAKEN.has(errno))
      return { reason: 'process_number', path, pid: process.pid, namespace: 'another' };
    throw openError(cause, { path, detail: 'engine_open' });
  }
}

function closeFile(file: OpenedClass): void {
  void file.prototype.close.call({ isRoot: true });
}

/** Makes every transaction that ends well commit on a clear stack, also those in which the engine opens its tables. */
function clearBeforeCommits({ prototype }: OpenedClass): void {
  const { transactionSync } = prototype;
  // An open for reading has no transactions that write.
  if (transactionSync === undefined) return;
  prototype.transactionSync = function <T>(this: Root, action: () => T, flags?: number): T {
    return transactionSync.call<Root, [() => T, number?], T>(
      this,
      () => {
        const result = action();
        // @spec DML-STO-1501
        clearStackBelow();
        return result;
      },
      flags,
    );
  };
}
