import { remoteError } from '../errors.ts';
import type { RemoteState } from '../format/state.ts';

/**
 * Throws `remote_purpose` for a remote that has publications: whoever may read those may read every file there, so nothing
 * internal goes to it.
 */
export function assertInternal({ published }: RemoteState, remote: string): void {
  // @spec DML-REM-1313
  if (published !== undefined) throw remoteError('remote_purpose', { remote, detail: 'published' });
}

/** Throws `remote_purpose` for a remote with branches, tags or outcomes, which readers of publications would see. */
export function assertForPublications({ refs, caches }: RemoteState, remote: string): void {
  // @spec DML-REM-1302
  if (Object.keys(refs).length > 0 || caches.length > 0)
    throw remoteError('remote_purpose', { remote, detail: 'internal' });
}
