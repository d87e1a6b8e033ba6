import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { type RemoteSnapshot, readSince } from './read-snapshot.ts';

/**
 * Returns the state that a writer begins from; throws as {@link readSince}, and `push_stale` with `back` where it is none that
 * follows the one that is recalled.
 */
export async function readBase(
  files: RemoteFiles,
  recalled: RemoteSnapshot | undefined,
  remoteName: string | undefined,
): Promise<RemoteSnapshot> {
  const { snapshot, isBack } = await readSince(files, recalled, remoteName);
  // @spec DML-REM-1881
  if (isBack)
    throw remoteError('push_stale', {
      remote: files.name,
      actual: snapshot.state.sequence,
      expected: recalled?.state.sequence ?? 0,
      detail: 'back',
    });
  return snapshot;
}
