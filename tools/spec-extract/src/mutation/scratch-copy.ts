import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A copy of the working tree that may be broken freely. */
export interface ScratchCopy {
  readonly folder: string;
  /** Removes the copy; harmless when repeated. */
  remove(): void;
}

/** Left out wherever they lie. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.turbo', '.dml', '.vite', '.tsc-test']);
/** Left out at the top; deeper down such a folder belongs to a fixture. */
const LEFT_OUT_AT_TOP: ReadonlySet<string> = new Set(['node_modules', 'coverage', 'test-results']);

/**
 * Copies a working tree into the temporary folder of the machine.
 *
 * The installed dependencies of the root are linked one by one, those of a package are copied as the
 * links they are: links between packages then lead into the copy, and no write can reach the tree.
 */
export function createScratchCopy(root: string): ScratchCopy {
  // @spec DML-TRC-0901
  const outer = realpathSync(mkdtempSync(join(tmpdir(), 'spec-extract-mutate-')));
  const folder = join(outer, 'tree');
  const remove = (): void => rmSync(outer, { recursive: true, force: true, maxRetries: 3 });
  try {
    mkdirSync(folder);
    for (const name of readdirSync(root)) {
      if (LEFT_OUT_AT_TOP.has(name) || LEFT_OUT.has(name)) continue;
      cpSync(join(root, name), join(folder, name), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (source) => !LEFT_OUT.has(basename(source)),
      });
    }
    linkDependencies(join(root, 'node_modules'), join(folder, 'node_modules'));
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, remove };
}

/** Returns the folder for temporary files of the tests of a copy: a broken program may delete all that is in it. */
export function temporaryFolderOf(copy: string): string {
  return join(dirname(copy), 'tmp');
}

/** Caches of the tools then land in the copy, not in the installed folder. */
function linkDependencies(installed: string, target: string): void {
  if (!existsSync(installed)) return;
  mkdirSync(target);
  for (const name of readdirSync(installed)) {
    if (!LEFT_OUT.has(name)) symlinkSync(realpathSync(join(installed, name)), join(target, name));
  }
}
