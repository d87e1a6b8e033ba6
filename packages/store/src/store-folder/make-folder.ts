import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and what is missing above it; throws what the file system answers, and then has made none of them.
 *
 * One level at a time: the recursive form of Node never returns on file systems that refuse a new folder as if its
 * parent were missing, such as `/proc`.
 */
export function makeFolder(folder: string, mode = 0o777): void {
  const made: string[] = [];
  try {
    for (const level of missingLevels(resolve(folder))) if (makeLevel(level, mode)) made.push(level);
  } catch (error) {
    for (const level of made.reverse()) removeEmpty(level);
    // Node 20 resolves no link, and so finds no module, while what it looked at last is a pipe or a socket.
    existsSync('/');
    throw error;
  }
}

/** Returns a folder and those above it that are not there, outermost first. */
function missingLevels(folder: string): string[] {
  const levels: string[] = [];
  for (let level = folder; !isFolder(level); level = dirname(level)) {
    levels.push(level);
    // A file in the place of the parent is left to the system to name.
    if (existsSync(dirname(level))) break;
  }
  return levels.reverse();
}

/** Makes one folder; false when another process has made it at the same time. */
function makeLevel(folder: string, mode: number): boolean {
  try {
    mkdirSync(folder, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFolder(folder)) throw error;
    return false;
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else uses it by now.
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
