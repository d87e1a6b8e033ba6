import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * Returns the absolute path of the program that a command names: what PATH offers, or the file of a path with a slash,
 * from `folder`. Undefined where there is none. Parts of PATH that are no absolute paths do not count, since they
 * depend on the current folder.
 */
export function findProgram(
  command: string,
  { path, folder }: { readonly path: string; readonly folder: string },
): string | undefined {
  if (command === '' || command.includes('\0')) return undefined;
  if (command.includes('/')) {
    const place = resolve(folder, command);
    return isProgram(place) ? place : undefined;
  }
  for (const part of path.split(':')) {
    if (isAbsolute(part) && isProgram(join(part, command))) return join(part, command);
  }
  return undefined;
}

function isProgram(place: string): boolean {
  try {
    accessSync(place, constants.X_OK);
    return statSync(place).isFile();
  } catch {
    return false;
  }
}
