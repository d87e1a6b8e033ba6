import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { bindingsError } from './errors.ts';

/** Name of the folder that makes the folder around it a repository. */
export const REPOSITORY_MARK = '.dml';

/** Path of the store of the repository in a folder. */
export function storePath(folder: string): string {
  return join(folder, REPOSITORY_MARK, 'store');
}

/** Tells whether a folder is a repository. */
export function isRepository(folder: string): boolean {
  return existsSync(join(storePath(folder), 'data.mdb'));
}

/**
 * Yields the nearest folder at or above `start` that is a repository. Throws `not_a_repository`.
 *
 * @spec DML-BND-0303
 */
export function findRepositoryFolder(start: string): string {
  const from = resolve(start);
  for (let folder = from; ; folder = dirname(folder)) {
    if (isRepository(folder) && statSync(folder).isDirectory()) return folder;
    // @spec DML-BND-0304
    if (folder === dirname(folder)) throw bindingsError('not_a_repository', { folder: from });
  }
}
