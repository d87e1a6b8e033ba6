import { existsSync, lstatSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { repositoryError } from './errors.ts';

/** Name of the folder that makes the folder around it a repository. */
export const REPOSITORY_MARK = '.dml';

/** Returns the path of the store of the repository in a folder. */
export function storePath(folder: string): string {
  return join(folder, REPOSITORY_MARK, 'store');
}

/** Returns the path of the file that lists the remotes of the repository in a folder. */
export function remotesPath(folder: string): string {
  return join(folder, REPOSITORY_MARK, 'remotes.json');
}

/** Files of a store of which one alone shows that a store is, or was, in a folder. */
const STORE_FILES = ['data.mdb', 'lock.mdb', 'stamp'] as const;

/** Checks whether a folder is a repository. */
export function isRepository(folder: string): boolean {
  return existsSync(join(storePath(folder), 'data.mdb'));
}

/** Checks whether a folder is a repository or the rest of one, links included, which opening it refuses. */
export function hasStoreFiles(folder: string): boolean {
  const store = storePath(folder);
  const isLink = lookAt(store, lstatSync)?.isSymbolicLink() === true;
  return isLink || STORE_FILES.some((name) => standsAt(join(store, name)));
}

/** Checks whether anything is at a path, also a link that leads nowhere. */
export function standsAt(path: string): boolean {
  return lookAt(path, lstatSync) !== undefined;
}

/**
 * Throws `repository_unusable` for a folder whose `.dml` is a link that leads nowhere (`dangling_link`) or no folder
 * (`not_a_folder`), or holds a first backup that is not done yet (`unfinished_backup`): it is not passed over.
 *
 * @spec DML-BND-0971
 */
export function assertUsable(folder: string): void {
  const path = join(folder, REPOSITORY_MARK);
  const unusable = (detail: string): Error =>
    repositoryError('repository_unusable', { path, folder }, undefined, detail);
  const stats = lookAt(path, lstatSync);
  if (stats === undefined) return;
  const target = lookAt(path, statSync);
  if (target === undefined) {
    if (stats.isSymbolicLink()) throw unusable('dangling_link');
    return;
  }
  if (!target.isDirectory()) throw unusable('not_a_folder');
  // @spec DML-BND-0972
  if (standsAt(join(`${storePath(folder)}.incomplete`, 'data.mdb'))) throw unusable('unfinished_backup');
}

/** Returns what is at a path; undefined also where that cannot be seen. */
export function lookAt(path: string, look: typeof statSync): Stats | undefined {
  try {
    return look(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * Returns the nearest folder at or above `start` that is a repository or the rest of one. Throws `not_a_repository` and
 * `repository_unusable`.
 */
export function findRepositoryFolder(start: string): string {
  const from = resolve(start);
  for (let folder = from; ; folder = dirname(folder)) {
    // @spec DML-BND-0320 DML-BND-0303
    if (hasStoreFiles(folder) && statSync(folder).isDirectory()) return folder;
    assertUsable(folder);
    // @spec DML-BND-0304
    if (folder === dirname(folder)) throw repositoryError('not_a_repository', { folder: from });
  }
}
