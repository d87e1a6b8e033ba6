import { isDmlError } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { FileGone } from './file-gone.ts';
import { type RemoteSnapshot, readSnapshot } from './read-snapshot.ts';

/** Returns the path of a file that a state names and that an error reports as not there; undefined for other errors. */
function missingPath(error: unknown): string | undefined {
  if (error instanceof FileGone) return error.path;
  const isMissing = isDmlError(error) && error.code === 'remote_damaged' && error.detail === 'missing';
  return isMissing && typeof error.fields.path === 'string' ? error.fields.path : undefined;
}

/**
 * Works on a state, and on the one in effect where a file of the state is not there: a collection that deletes files has
 * replaced CURRENT before. Throws what the work throws, `remote_damaged` where a file is missing and CURRENT has not moved.
 */
export async function onState<Result>(
  files: RemoteFiles,
  first: RemoteSnapshot,
  work: (base: RemoteSnapshot) => Promise<Result>,
): Promise<{ readonly base: RemoteSnapshot; readonly result: Result }> {
  for (let base = first; ; ) {
    try {
      return { base, result: await work(base) };
    } catch (error) {
      const path = missingPath(error);
      if (path === undefined) throw error;
      const now = await readSnapshot(files);
      if (now.version === base.version)
        throw remoteError('remote_damaged', { remote: files.name, path, detail: 'missing' }, error);
      base = now;
    }
  }
}
