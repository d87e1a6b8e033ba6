import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileIdentity } from './file-identity.ts';
import { unreadable } from './unreadable.ts';

const STORE_FILES: ReadonlySet<string> = new Set(['data.mdb', 'lock.mdb']);
/** File that distinguishes a store from other folders with files of these names. */
const STORE_MARK = 'stamp';
const IS_OF_STORE = 'it is a file of a store';

/**
 * Throws `unreadable_file` for a file of a store: the one is written to as it is read, and closing the other gives up
 * the locks by which others see this process.
 */
export function refuseStoreFile(path: string, isLinked: boolean): void {
  const place = isLinked ? resolved(path) : path;
  if (!STORE_FILES.has(basename(place))) return;
  // @spec DML-BND-0960
  if (existsSync(join(dirname(place), STORE_MARK))) throw unreadable(path, IS_OF_STORE);
}

/** The files of a store that is open here, which hard links give any name. */
export class OpenStoreFiles {
  readonly #files: readonly Stats[];

  /** Looks at the files of the store in a folder. */
  constructor(storePath: string) {
    this.#files = [...STORE_FILES].flatMap((name) => look(join(storePath, name)) ?? []);
  }

  /** Throws `unreadable_file` for one of them; `seen` is what is at the path, where that was looked at. */
  refuse(path: string, seen: Pick<FileIdentity, 'dev' | 'ino'> | undefined = look(path)): void {
    if (seen && this.#files.some(({ dev, ino }) => ino === seen.ino && dev === seen.dev))
      throw unreadable(path, IS_OF_STORE);
  }
}

/** Returns what is at a path, links followed; whoever opens it reports why nothing can be seen. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Whoever opens it reports why.
    return path;
  }
}
