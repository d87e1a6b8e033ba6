/**
 * Workaround for lmdb 3.5.6: a failure inside of `mdb_env_open` (lock file, descriptors, mapping) can end the
 * process by a signal. What may fail is done beforehand. Can go when `node ci/system-calls.mjs` stays green
 * without it.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, linkSync, openSync, readSync, writeSync } from 'node:fs';
import { DmlError } from '@daggerml/object-model';
import { storeError } from '../../errors.ts';
import { adoptRights, FILE_MODE } from '../../store-folder/file-rights.ts';
import type { HeldFolder } from '../../store-folder/held-folder.ts';
import { DATA_FILE, LOCK_FILE, unfinished } from '../../store-folder/places.ts';
import { openError } from '../engine-error.ts';
import { isOnReadOnlyMount } from './read-only-mount.ts';

/** Test of whether an open file is on a mount on which nobody can write. */
export type TellReadOnlyMount = (descriptor: number) => boolean;

/** Enough for the engine's header and the places of all readers. */
const LOCK_FILE_BYTES = 65_536;
/** First bytes of a lock file that the engine has used. */
const LOCK_MAGIC = 0xbeefc0de;
/** Number of descriptors: those of the engine, the lock file, and one to spare. */
const DESCRIPTORS = 6;

function fillLockFile(descriptor: number): void {
  const zeros = Buffer.alloc(LOCK_FILE_BYTES);
  for (let at = fstatSync(descriptor).size; at < LOCK_FILE_BYTES; ) {
    at += writeSync(descriptor, zeros, 0, LOCK_FILE_BYTES - at, at);
  }
}

/**
 * Makes a lock file, whole before it has its name: zeros written later could fall on what another user keeps in it.
 * It has the rights of the data file; one that is there stays.
 */
function makeLockFile(folder: HeldFolder): void {
  const rights = folder.look(DATA_FILE);
  // Processes of two containers may have one number.
  const draft = unfinished(LOCK_FILE, randomUUID());
  try {
    const descriptor = folder.createFile(draft, FILE_MODE);
    try {
      if (rights !== undefined) adoptRights(descriptor, rights);
      fillLockFile(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(folder.reach(draft), folder.reach(LOCK_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    folder.removeFile(draft);
  }
}

/** Refuses a file that has another name as well and under it is something else than a lock file. */
function refuseForeign(descriptor: number, path: string): void {
  if (fstatSync(descriptor).nlink === 1) return;
  const head = Buffer.alloc(4);
  readSync(descriptor, head, 0, head.length, 0);
  const magic = head.readUInt32LE();
  // @spec DML-STO-0169
  if (magic !== 0 && magic !== LOCK_MAGIC)
    throw storeError('store_damaged', { path, detail: 'foreign_file' });
}

/** Fills the lock file with whole blocks of zeros, which leave the engine that maps it nothing that can fail. */
function prepareLockFile(folder: HeldFolder): void {
  if (folder.look(LOCK_FILE) === undefined) makeLockFile(folder);
  fillOwnLockFile(folder);
  if (!isSharedWithAnother(folder)) return;
  // @spec DML-STO-0188
  folder.removeFile(LOCK_FILE);
  makeLockFile(folder);
}

function fillOwnLockFile(folder: HeldFolder): void {
  const descriptor = folder.openFile(LOCK_FILE, constants.O_RDWR);
  try {
    refuseForeign(descriptor, folder.pathOf(LOCK_FILE));
    fillLockFile(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Checks whether the lock file has a second name in the folder of another data file, as in what was a copy by links.
 */
function isSharedWithAnother(folder: HeldFolder): boolean {
  return (folder.look(LOCK_FILE)?.nlink ?? 1) > 1 && folder.look(DATA_FILE)?.nlink === 1;
}

function reserveDescriptors(folder: HeldFolder): void {
  const held: number[] = [];
  try {
    while (held.length < DESCRIPTORS) held.push(openSync(folder.reach('.'), 'r'));
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

/**
 * Tries beforehand what may fail while the engine opens a file: the engine ends the process by a signal when its
 * lock file cannot be made, when descriptors run out or when there is no room for the mapping.
 * Never called while this process has the file open: closing the lock file gives up the engine's locks on it.
 * Returns whether there is a lock file; there is none where nothing can be written.
 */
export function prepareOpening(
  folder: HeldFolder,
  readOnly: boolean,
  isReadOnlyMount: TellReadOnlyMount = isOnReadOnlyMount,
): boolean {
  try {
    reserveDescriptors(folder);
    prepareLockFile(folder);
    return true;
  } catch (cause) {
    if (cause instanceof DmlError) throw cause;
    const errno = String((cause as NodeJS.ErrnoException).code);
    // The engine reads without locks where nothing can be written. A missing permission is reported first.
    // @spec DML-STO-0163
    if (readOnly && (errno === 'EROFS' || (errno === 'EACCES' && isFolderOn(isReadOnlyMount, folder))))
      return false;
    throw openError(cause, { path: folder.path, detail: 'prepare' });
  }
}

function isFolderOn(isReadOnlyMount: TellReadOnlyMount, folder: HeldFolder): boolean {
  const descriptor = folder.openFile(DATA_FILE, constants.O_RDONLY);
  try {
    return isReadOnlyMount(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
