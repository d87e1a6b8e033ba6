import { remoteError } from '../errors.ts';
import { listLayout } from '../files/list-layout.ts';
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
const WORK = ['exec/', 'results/', 'claims/'] as const;

/**
 * Throws `remote_purpose` for a remote that has, or had before, branches, tags or outcomes, and for one with work under
 * way, which readers of publications would see.
 */
export async function assertForPublications(
  { sequence, published }: RemoteState,
  files: RemoteFiles,
): Promise<void> {
  // Nothing of the kind begins once there are publications.
  if (published !== undefined) return;
  const refusal = (): Error => remoteError('remote_purpose', { remote: files.name, detail: 'internal' });
  // What a state without publications has named may lie there still, and the journal names it. @spec DML-REM-1302
  if (sequence >= 0) throw refusal();
  for (const prefix of WORK) for await (const _ of listLayout(files, prefix)) throw refusal();
}
