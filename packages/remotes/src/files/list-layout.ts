import { isLayoutPath } from '../format/file-path.ts';
import type { ListedFile, RemoteFiles } from './remote-files.ts';

/**
 * Iterates over the files below a folder of a remote whose paths are of the layout, in any order. A path that is none is
 * skipped, and handed to `onStray`: sync tools and file managers leave files of their own everywhere.
 *
 * @spec DML-REM-1930
 */
export async function* listLayout(
  files: Pick<RemoteFiles, 'list'>,
  prefix: `${string}/`,
  onStray?: (path: string) => void,
): AsyncGenerator<ListedFile, void, undefined> {
  for await (const file of files.list(prefix)) {
    if (isLayoutPath(file.path)) yield file;
    else onStray?.(file.path);
  }
}

/** Returns the name in a path of the layout: what stands between its folder and its suffix. */
export function nameInPath(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('.'));
}
