import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type StoreError, storeError } from '../errors.ts';

const DATA_FILE = 'data.mdb';
/** A store is created whole and keeps its data file from then on, so these two never stand alone. */
const COMPANIONS = ['stamp', 'lock.mdb'] as const;
const STORE_FILES = [...COMPANIONS, 'compacting', DATA_FILE] as const;

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // What may not be looked at is refused by whoever opens it, with the reason.
    return undefined;
  }
}

function notAFile(path: string): StoreError {
  // Node 20 resolves no link, and so finds no module, while what it looked at last is a pipe or a socket.
  lookAt(dirname(path));
  return storeError('store_damaged', { path, detail: 'not_a_file' });
}

/**
 * Tells whether there is a store in a folder.
 * Throws `store_damaged` for one that has lost its data file (`data_file_missing`) and for one in which something
 * else stands in the place of a file (`not_a_file`), such as a pipe, which whoever opens it would wait for.
 */
export function findStoreFiles(storePath: string): boolean {
  // The data file last: a store that another process creates meanwhile has it as soon as it has the others.
  const found = new Map(STORE_FILES.map((name) => [name, lookAt(join(storePath, name))]));
  for (const [name, stats] of found) {
    const path = join(storePath, name);
    // @spec DML-STO-0161
    if (stats?.isFile() === false) throw notAFile(path);
  }
  if (found.get(DATA_FILE) !== undefined) return true;
  // @spec DML-STO-0160
  if (COMPANIONS.some((name) => found.get(name) !== undefined))
    throw storeError('store_damaged', { path: storePath, detail: 'data_file_missing' });
  return false;
}

/** Opens a file for reading and yields its descriptor; refuses at once what is no regular file. */
export function openRegularFile(path: string): number {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw notAFile(path);
}

/** Reads a small regular file. */
export function readRegularFile(path: string): Buffer {
  const descriptor = openRegularFile(path);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
