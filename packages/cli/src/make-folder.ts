import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { cliError } from './cli-error.ts';

/**
 * Makes a folder and what is missing above it; throws `unwritable_path` with the path that was wanted.
 *
 * One level at a time: the recursive form of Node never returns on file systems that refuse a new folder as
 * if its parent were missing, such as `/proc`.
 *
 * @spec DML-CLI-1201
 */
export function makeFolder(folder: string, wanted: string = folder): void {
  try {
    makeLevel(folder);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw cliError('unwritable_path', { path: wanted, errno }, cause);
  }
}

function makeLevel(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeLevel(dirname(folder));
  mkdirSync(folder);
}
