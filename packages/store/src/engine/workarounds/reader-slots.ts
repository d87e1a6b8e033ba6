/**
 * Workaround for lmdb 3.5.6: its package takes slots in the table of readers only while it reads and offers no way
 * to keep one, though a process has the kernel's lock of its number only with a slot. Can go when the package
 * exposes that lock or `mdb_txn_begin`.
 */
import * as lmdb from 'lmdb';
import type { RawRoot } from '../raw-engine.ts';

/** The engine's native handle of an open file. */
type NativeEnv = object;

/** A reader slot of the engine; it goes with its file, or when nobody refers to it. */
export type ReaderSlot = object;

/** Exports of the engine's package that its declarations leave out. */
interface NativeAddon {
  readonly Env: { readonly prototype: NativeEnv };
  readonly Txn: new (env: NativeEnv, flags: number) => { readonly address: number };
  resetTxn(address: number): void;
}

const native: NativeAddon = (lmdb as unknown as { readonly nativeAddon: NativeAddon }).nativeAddon;
const READ_ONLY = 0x20000;

/**
 * Opens a file by `open` and returns its native handle as well. The engine's package keeps that to itself, but
 * gives it the path of its file once it is open.
 */
export function withNativeEnv<T>(open: () => T): { readonly opened: T; readonly env: NativeEnv } {
  const { prototype } = native.Env;
  let env: NativeEnv | undefined;
  Object.defineProperty(prototype, 'path', {
    configurable: true,
    set(this: NativeEnv, value: string) {
      env = this;
      Object.defineProperty(this, 'path', { value, configurable: true, enumerable: true, writable: true });
    },
  });
  try {
    const opened = open();
    if (env === undefined) throw new Error('the engine did not say which file it opened');
    return { opened, env };
  } finally {
    Reflect.deleteProperty(prototype, 'path');
  }
}

/**
 * Takes a reader slot for as long as the file is open, one that holds no snapshot.
 *
 * With its first place a process takes a lock of the kernel for its number, in the lock file, which ends with the
 * process. Places that the engine's package takes for its reads come and go; this one stays.
 */
export function takeReaderSlot(env: NativeEnv): ReaderSlot {
  const place = new native.Txn(env, READ_ONLY);
  native.resetTxn(place.address);
  return place;
}

/**
 * Returns the numbers of all processes that have the lock file of a store open, whatever their user and process
 * namespace; undefined where the file is read without locks.
 *
 * The engine first asks the kernel who still holds the lock of their number, and drops everybody else.
 */
export function slotHolders(
  root: Pick<RawRoot, 'readerCheck' | 'readerList'>,
): ReadonlySet<number> | undefined {
  // @spec DML-STO-0532
  root.readerCheck();
  const list = root.readerList();
  if (list.includes('no reader locks')) return undefined;
  const numbers = list.split('\n').map((line) => Number(/^\s*(\d+)\s/.exec(line)?.[1]));
  return new Set(numbers.filter((pid) => pid > 0));
}
