import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { refusedBySystem, unreadable } from './unreadable.ts';

const REPLACED = '\ufffd';
const ASTRAL = /[\ud800-\udfff]/;

/**
 * Lists what is in a folder. A name is bytes, a path of a directory is text, so names that are no text are refused.
 */
export function folderEntries(fileSystem: FileSystem, folder: string): Dirent[] {
  try {
    // @spec DML-BND-0929
    const entries = fileSystem.readdirSync(folder, { withFileTypes: true });
    if (entries.some(({ name }) => name.includes(REPLACED))) refuseUnreadableNames(fileSystem, folder);
    return entries;
  } catch (error) {
    throw isSystemError(error) ? refusedBySystem(folder, error) : error;
  }
}

/** Throws for a name that is not UTF-8; a name may also contain the replacement character itself. */
function refuseUnreadableNames(fileSystem: FileSystem, folder: string): void {
  for (const name of fileSystem.readdirSync(folder, { encoding: 'buffer' })) {
    const text = name.toString('utf8');
    // @spec DML-BND-0914
    if (!Buffer.from(text, 'utf8').equals(name))
      throw unreadable(join(folder, text), 'its name is not UTF-8');
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Sorts names in place, in the order in which keys of a map stand: that of their bytes. */
export function sortByBytes(names: string[]): string[] {
  names.sort();
  // The order of UTF-16 is another one beyond the basic plane only.
  if (!names.some((name) => ASTRAL.test(name))) return names;
  return names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}
