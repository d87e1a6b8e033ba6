import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and what is missing above it; throws what the file system answers.
 *
 * One level at a time: the recursive form of Node never returns on file systems that refuse a new folder as if its
 * parent were missing, such as `/proc`.
 */
export function makeFolder(folder: string): void {
  makeLevel(resolve(folder));
}

function makeLevel(folder: string): void {
  if (isFolder(folder)) return;
  // A file in the place of the parent is left to the system to name.
  if (!existsSync(dirname(folder))) makeLevel(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may make the same folder at the same time.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
