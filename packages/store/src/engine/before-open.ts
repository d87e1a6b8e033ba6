import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fstatSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { storeError } from '../errors.ts';
import { isOnReadOnlyMount } from './read-only-mount.ts';

/** Tells whether the file at a path is on a mount on which nobody can write. */
export type TellReadOnlyMount = (path: string) => boolean;

/** Enough for the engine's header and the places of all readers. */
const LOCK_FILE_BYTES = 65_536;
/** What the engine opens, the lock file, and one to spare. */
const DESCRIPTORS = 6;

function fillLockFile(descriptor: number): void {
  const zeros = Buffer.alloc(LOCK_FILE_BYTES);
  for (let at = fstatSync(descriptor).size; at < LOCK_FILE_BYTES; ) {
    at += writeSync(descriptor, zeros, 0, LOCK_FILE_BYTES - at, at);
  }
}

/** Makes a lock file, whole before it has its name: zeros written later could fall on what another user keeps in it. */
function makeLockFile(path: string): void {
  // Processes of two containers may have one number.
  const draft = `${path}-${randomUUID()}`;
  try {
    const descriptor = openSync(draft, 'w', 0o664);
    try {
      fillLockFile(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The engine maps and fills the lock file; whole blocks of zeros leave it nothing that can fail. */
function prepareLockFile(storePath: string): void {
  const path = join(storePath, 'lock.mdb');
  if (!existsSync(path)) makeLockFile(path);
  const descriptor = openSync(path, 'r+');
  try {
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
export function prepareOpening(
  storePath: string,
  readOnly: boolean,
  isReadOnlyMount: TellReadOnlyMount = isOnReadOnlyMount,
): void {
  try {
    reserveDescriptors(storePath);
    prepareLockFile(storePath);
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    // The engine reads without locks where nothing can be written. Who lacks a permission is told of that first.
    // @spec DML-STO-0163
    const isRefused = errno === 'EACCES' && isReadOnlyMount(join(storePath, 'data.mdb'));
    if (readOnly && (errno === 'EROFS' || isRefused)) return;
    // @spec DML-STO-0137
    throw storeError('store_unwritable', { path: storePath, errno, detail: 'prepare' }, cause);
  }
}
