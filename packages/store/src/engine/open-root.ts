import { openAsClass } from 'lmdb';
import { storeError } from '../errors.ts';
import { prepareOpening } from './before-open.ts';
import { clearStackBelow } from './clear-stack.ts';
import { DEFAULT_MAP_BYTES, engineOptions } from './engine-options.ts';
import { type EngineFiles, withPinnedFiles } from './gate.ts';
import { PATIENCE_MS, pause } from './patience.ts';
import type { RawOptions, RawRoot } from './raw-engine.ts';
import { busyError } from './reader-places.ts';

/** The engine's handle of an open file. */
export type Root = RawRoot;

/** How the engine opens a file. */
export interface RootOpening {
  readonly readOnly: boolean;
  readonly mapBytes?: number | undefined;
  /** Called at the named moments of an opening. */
  readonly failpoint?: ((name: string) => void) | undefined;
}

/** What the engine answers to a process that waits for locks which the process before it has destroyed. */
const DESTROYED_LOCKS = 22;
const LONGEST_PAUSE_MS = 12;

/** The parts of the engine's class that work without an instance: they are about the file that was opened. */
interface OpenedFile {
  readonly prototype: {
    ensureReadTxn(): void;
    close(): Promise<void>;
    transactionSync?: Root['transactionSync'];
  };
  new (name: null, options: RawOptions & { readonly isRoot: true }): Root;
}

/**
 * Lets the engine open the data file of a store.
 *
 * The last user that closes a file destroys the locks in it, also when another process already waits to become
 * the next user; that one then holds a file whose locks nobody can take. It lets go and tries anew: the first to
 * come to a file without users makes the locks anew.
 */
export function openRoot(files: EngineFiles, opening: RootOpening, patienceMs: number = PATIENCE_MS): Root {
  const { readOnly, mapBytes = DEFAULT_MAP_BYTES } = opening;
  const { path } = files.folder;
  const endMs = performance.now() + patienceMs;
  for (;;) {
    prepareOpening(files.folder, readOnly);
    opening.failpoint?.('open/prepared');
    try {
      return withPinnedFiles(files, (way) => openOnce(engineOptions(way, readOnly, mapBytes)));
    } catch (cause) {
      // @spec DML-STO-0118
      if ((cause as { code?: unknown }).code !== DESTROYED_LOCKS)
        throw busyError(cause) ?? storeError('store_damaged', { detail: 'engine_open', path }, cause);
      // @spec DML-STO-0145
      if (performance.now() > endMs) throw storeError('store_busy', { detail: 'locks', path }, cause);
      // Several such processes have to let go at one time, so each waits for a time of its own.
      pause(1 + Math.random() * LONGEST_PAUSE_MS);
    }
  }
}

function openOnce(options: RawOptions): Root {
  const file = openAsClass<Uint8Array, Uint8Array>(options) as unknown as OpenedFile;
  clearBeforeCommits(file);
  try {
    // Taking a place among the readers is the first that needs a lock; it fails without consequences.
    file.prototype.ensureReadTxn.call({ emit: () => {} });
    return new file(null, { ...options, isRoot: true });
  } catch (error) {
    void file.prototype.close.call({ isRoot: true });
    throw error;
  }
}

/** Has every transaction that ends well, also those in which the engine opens its tables, commit on a clear stack. */
function clearBeforeCommits({ prototype }: OpenedFile): void {
  const { transactionSync } = prototype;
  // An open for reading has no transactions that write.
  if (transactionSync === undefined) return;
  prototype.transactionSync = function <T>(this: Root, action: () => T, flags?: number): T {
    return transactionSync.call<Root, [() => T, number?], T>(
      this,
      () => {
        const result = action();
        // @spec DML-STO-0146
        clearStackBelow();
        return result;
      },
      flags,
    );
  };
}
