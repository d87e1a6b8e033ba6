import { accessSync, constants, readdirSync, type Stats, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * Names of adapters that are executables; no other program of PATH can be named by a function's URI.
 *
 * @spec DML-EXE-3214
 */
const NAME = /^dml-[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/;

/** Beginning of the names of Remote Adapters, to which nobody sends calls. */
const REMOTE = 'dml-remote-';

const WRITABLE_BY_ALL = 0o002;

/**
 * Checks whether a text is the name of an Execution Adapter that is an executable.
 *
 * @spec DML-EXE-1402
 */
export function isAdapterName(name: string): boolean {
  // @spec DML-REM-0653
  return NAME.test(name) && !name.startsWith(REMOTE);
}

/**
 * Returns the absolute path of the executable with a name, from the first folder of a search path that has it. Folders
 * that anybody may write to, and those that are not named absolutely, are passed over.
 *
 * @spec DML-EXE-3206
 */
export function findExecutable(name: string, searchPath: string): string | undefined {
  return isAdapterName(name) ? findIn(searchPath, name) : undefined;
}

/** Returns the name of the executable that is the Remote Adapter of a name. */
export function remoteExecutableName(adapterName: string): string {
  return `${REMOTE}${adapterName}`;
}

/** Returns the absolute path of the executable that is the Remote Adapter of a name, found in the same way. */
export function findRemoteExecutable(adapterName: string, searchPath: string): string | undefined {
  const name = remoteExecutableName(adapterName);
  return NAME.test(name) ? findIn(searchPath, name) : undefined;
}

function findIn(searchPath: string, name: string): string | undefined {
  return safeFolders(searchPath)
    .map((folder) => join(folder, name))
    .find(isSafeExecutable);
}

/** Returns the paths of the executables of a search path that are adapters, by name; the first of a name counts. */
export function listExecutables(searchPath: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const folder of safeFolders(searchPath)) {
    for (const name of namesIn(folder)) {
      const path = join(folder, name);
      if (isAdapterName(name) && !found.has(name) && isSafeExecutable(path)) found.set(name, path);
    }
  }
  return new Map([...found].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function safeFolders(searchPath: string): string[] {
  return [...new Set(searchPath.split(delimiter))].filter(
    (folder) => isAbsolute(folder) && isSafe(folder, (stats) => stats.isDirectory()),
  );
}

function isSafeExecutable(path: string): boolean {
  return isSafe(path, (stats) => stats.isFile());
}

function isSafe(path: string, isOfKind: (stats: Stats) => boolean): boolean {
  try {
    const stats = statSync(path);
    accessSync(path, constants.X_OK);
    return isOfKind(stats) && (stats.mode & WRITABLE_BY_ALL) === 0;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
