import { makeFolder as makeFolders } from '@daggerml/store';
import { cliError } from '../wording/cli-error.ts';
import { errnoOf } from './errno.ts';

/** Makes a folder and what is missing above it; throws `unwritable_path` with the path that was wanted. */
export function makeFolder(folder: string, wanted: string = folder): void {
  try {
    makeFolders(folder);
  } catch (cause) {
    const errno = errnoOf(cause);
    const detail = errno === 'EEXIST' || errno === 'ENOTDIR' ? 'file' : undefined;
    throw cliError('unwritable_path', { path: wanted, errno }, cause, detail);
  }
}
