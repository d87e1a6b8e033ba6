import { remoteError } from '../errors.ts';
import { CURRENT_PATH } from '../format/file-path.ts';
import type { Publication } from '../format/publication.ts';
import type { RemoteState } from '../format/state.ts';

/** Returns the epoch after that of a state. Throws `remote_damaged` where there is none. */
export function nextEpoch(remote: string, { epoch }: Pick<RemoteState, 'epoch'>): number {
  return next(remote, epoch);
}

/** Returns the sequence after that of a state. Throws `remote_damaged` where there is none. */
export function nextSequence(remote: string, { sequence }: Pick<RemoteState, 'sequence'>): number {
  return next(remote, sequence);
}

/** Returns the number of the next publication of a name. Throws `remote_damaged` where there is none. */
export function nextPublication(remote: string, before: Pick<Publication, 'number'> | undefined): number {
  return next(remote, before?.number ?? 0);
}

/** Returns a number plus one; no writer gets to the highest, so a state that has it was planted. @spec DML-REM-1926 */
function next(remote: string, number: number): number {
  if (number < Number.MAX_SAFE_INTEGER) return number + 1;
  throw remoteError('remote_damaged', { remote, path: CURRENT_PATH, detail: 'numbers' });
}
