import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { unreadable } from './unreadable.ts';

const STORE_FILES: ReadonlySet<string> = new Set(['data.mdb', 'lock.mdb']);
/** File that distinguishes a store from other folders with files of these names. */
const STORE_MARK = 'stamp';

/**
 * Throws `unreadable_file` for a file of a store: the one is written to as it is read, and closing the other gives up
 * the locks by which others see this process.
 */
export function refuseStoreFile(path: string, isLinked: boolean): void {
  const place = isLinked ? resolved(path) : path;
  if (!STORE_FILES.has(basename(place))) return;
  // @spec DML-BND-0960
  if (existsSync(join(dirname(place), STORE_MARK))) throw unreadable(path, 'it is a file of a store');
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Whoever opens it reports why.
    return path;
  }
}
