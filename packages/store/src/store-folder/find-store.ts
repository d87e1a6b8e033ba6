import { DmlError } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import { HeldFolder } from './held-folder.ts';
import { hasStore } from './places.ts';

/** What the system answers where no folder is, or none that this process may look into. */
const NOTHING_SEEN: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
]);

/** Opens the folder of a store; undefined when there is no store in it. Throws as `hasStore` does. */
export function findStore(path: string): HeldFolder | undefined {
  const folder = openFolder(path);
  try {
    if (folder !== undefined && hasStore(folder)) return folder;
  } catch (error) {
    folder?.close();
    throw error;
  }
  folder?.close();
  return undefined;
}

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
    if (cause instanceof DmlError) throw cause;
    const errno = String((cause as NodeJS.ErrnoException).code);
    if (NOTHING_SEEN.has(errno)) return undefined;
    // @spec DML-STO-0137
    throw storeError('store_unwritable', { path, errno, detail: 'prepare' }, cause);
  }
}
