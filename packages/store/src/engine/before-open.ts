import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { storeError } from '../errors.ts';

/** Enough for the engine's header and the places of all readers. */
const LOCK_FILE_BYTES = 65_536;
/** What the engine opens, and one to spare. */
const DESCRIPTORS = 5;

function fillLockFile(descriptor: number): void {
  const zeros = Buffer.alloc(LOCK_FILE_BYTES);
  for (let at = fstatSync(descriptor).size; at < LOCK_FILE_BYTES; ) {
    at += writeSync(descriptor, zeros, 0, LOCK_FILE_BYTES - at, at);
  }
}

/** The engine maps and fills the lock file; whole blocks of zeros leave it nothing that can fail. */
function prepareLockFile(storePath: string): void {
  const path = join(storePath, 'lock.mdb');
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o664);
  try {
    if (!fstatSync(descriptor).isFile()) throw storeError('store_damaged', { path, detail: 'lock_file' });
    fillLockFile(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function reserveDescriptors(storePath: string): void {
  const held: number[] = [];
  try {
    while (held.length < DESCRIPTORS) held.push(openSync(join(storePath, 'data.mdb'), 'r'));
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

/**
 * Does beforehand what may fail while the engine opens a file: the engine ends the process by a signal when its
 * lock file cannot be made, when descriptors run out or when there is no room for the mapping.
 * Never called while this process has the file open: closing the lock file gives up the engine's locks on it.
 */
export function prepareOpening(storePath: string, readOnly: boolean): void {
  try {
    reserveDescriptors(storePath);
    prepareLockFile(storePath);
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    // The engine reads without locks where nothing can be written.
    if (readOnly && errno === 'EROFS') return;
    // @spec DML-STO-0137
    throw storeError('store_unwritable', { path: storePath, errno, detail: 'prepare' }, cause);
  }
}
