import { isDmlError } from '@daggerml/object-model';
import { remoteError } from '../../errors.ts';
import { errnoOf, HungCallError } from './folder-calls.ts';

const FORBIDDEN: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EROFS']);
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** Further answers that say that nothing was done. */
const REFUSED: ReadonlySet<unknown> = new Set(['EINVAL', 'EMLINK', 'ENAMETOOLONG', 'EXDEV']);

/** Reasons why an entry of a folder is not what should be there. */
export type Misplacement =
  | 'link'
  | 'not_a_file'
  | 'not_a_folder'
  | 'no_version'
  | 'several_versions'
  | 'no_content'
  | 'too_large';

/** Something stands at a path below the root that is not what belongs there. */
export class MisplacedError extends Error {
  override readonly name = 'MisplacedError';
  readonly path: string;
  readonly reason: Misplacement;

  constructor(path: string, reason: Misplacement) {
    super(`${path}: ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

/** Checks whether a refused system call surely had no effect; others may have had it on a server. */
export function isWithoutEffect(error: unknown): boolean {
  const errno = errnoOf(error);
  return FORBIDDEN.has(errno) || FULL.has(errno) || REFUSED.has(errno);
}

/** Returns the error of a remote in a folder for a failure below it; `operation` completes "refused to …". */
export function folderError(cause: unknown, remote: string, operation: string): unknown {
  if (isDmlError(cause)) return cause;
  // @spec DML-REM-0628
  if (cause instanceof MisplacedError)
    return remoteError('remote_damaged', { remote, path: cause.path || '.', detail: cause.reason }, cause);
  if (cause instanceof HungCallError)
    return remoteError('remote_unreachable', { remote, operation, reason: cause.message }, cause);
  const errno = errnoOf(cause);
  // @spec DML-REM-1887
  if (FORBIDDEN.has(errno))
    return remoteError(
      'remote_refused',
      { remote, operation, reason: `${errno}`, detail: errno === 'EROFS' ? 'read_only' : 'permissions' },
      cause,
    );
  // @spec DML-REM-0619
  if (FULL.has(errno)) return remoteError('remote_full', { remote, reason: `${errno}` }, cause);
  if (errno !== undefined && /^E[A-Z0-9]+$/.test(errno))
    return remoteError('remote_unreachable', { remote, operation, reason: `${errno}` }, cause);
  return cause;
}
