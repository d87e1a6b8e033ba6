import { DmlError } from '@daggerml/object-model';
import { errnoOf, openError, readError } from '../engine/engine-error.ts';
import { HeldFolder } from './held-folder.ts';
import { hasStore } from './places.ts';
import { seesNothing } from './plain-file.ts';

/**
 * Opens the folder of a store; undefined when there is no store in it. Throws as `hasStore` does, and what the
 * system refuses.
 */
export function findStore(path: string): HeldFolder | undefined {
  let folder: HeldFolder | undefined;
  try {
    folder = openFolder(path);
    if (folder !== undefined && hasStore(folder)) return folder;
  } catch (error) {
    folder?.close();
    throw error instanceof DmlError ? error : openError(error, { path, detail: 'prepare' });
  }
  folder?.close();
  return undefined;
}

const NO_RIGHT: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/** Checks whether there is a store in a folder. Throws as `hasStore` does. */
export function isStore(path: string): boolean {
  const folder = findStore(path);
  folder?.close();
  return folder !== undefined;
}

function openFolder(path: string): HeldFolder | undefined {
  try {
    return HeldFolder.open(path);
  } catch (cause) {
    // What this process has no right to look into may well hold a store.
    if (NO_RIGHT.has(errnoOf(cause))) throw readError(cause, { path });
    if (seesNothing(cause)) return undefined;
    throw cause;
  }
}
