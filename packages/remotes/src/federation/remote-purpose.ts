import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import type { RemoteState } from '../format/state.ts';

/**
 * Throws `remote_purpose` for a remote that has publications: whoever may read those may read every file there, so nothing
 * internal goes to it.
 */
export function assertInternal({ published }: RemoteState, remote: string): void {
  // @spec DML-REM-1313
  if (published !== undefined) throw remoteError('remote_purpose', { remote, detail: 'published' });
}

/** Files of work under way, whose objects no state names. */
const WORK = ['exec/', 'results/', 'claims/'];

/**
 * Throws `remote_purpose` for a remote with branches, tags, outcomes or work under way, which readers of publications
 * would see.
 */
export async function assertForPublications(
  { refs, trees, caches, published }: RemoteState,
  files: RemoteFiles,
): Promise<void> {
  const refusal = (): Error => remoteError('remote_purpose', { remote: files.name, detail: 'internal' });
  // @spec DML-REM-1302
  if (Object.keys(refs).length > 0 || trees !== undefined || caches.length > 0) throw refusal();
  // Nothing of the kind begins once there are publications.
  if (published !== undefined) return;
  for (const prefix of WORK) for await (const _ of files.list(prefix)) throw refusal();
}
