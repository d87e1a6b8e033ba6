import { lstatSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckOwner, effectiveUser, isWritableByAll } from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { lookAt, REPOSITORY_MARK } from '../folder.ts';
import { TrustList } from './trust-list.ts';
import type { UserContext } from './user-context.ts';

/**
 * Throws `repository_untrusted` when `.dml` in a folder belongs to another user, or may be written to by everybody,
 * and the folder is not on the user's list; returns what refuses its store and data file for the same, as they are
 * opened.
 *
 * Whoever owns a repository decides what its commands return and run: results that were never computed, functions
 * under the names of others.
 */
export function admitRepository(folder: string, user: UserContext): CheckOwner {
  const own = ownUsers(user);
  let isTrusted: boolean | undefined;
  const admit: CheckOwner = (path, stats) => {
    const reason = doubtOf(stats, own);
    if (reason === undefined) return;
    // @spec DML-BND-0342
    isTrusted ??= new TrustList(user.configFolder).has(folder);
    if (!isTrusted)
      throw repositoryError('repository_untrusted', { folder, path, uid: stats.uid }, undefined, reason);
  };
  const mark = join(folder, REPOSITORY_MARK);
  for (const look of [lstatSync, statSync]) {
    // Where it cannot be seen, whoever opens it says why.
    const stats = lookAt(mark, look);
    if (stats !== undefined) admit(mark, stats);
  }
  return admit;
}

function doubtOf(stats: Stats, own: ReadonlySet<number>): string | undefined {
  // @spec DML-BND-0340
  if (own.size > 0 && !own.has(stats.uid)) return 'other_owner';
  // A link has the rights of all, and nobody can write to it.
  // @spec DML-BND-0341
  return !stats.isSymbolicLink() && isWritableByAll(stats) ? 'writable_by_all' : undefined;
}

/** Returns the user ids that this process acts for; empty on systems without user ids. */
function ownUsers({ sudoUid }: UserContext): ReadonlySet<number> {
  const user = effectiveUser();
  if (user === undefined) return new Set();
  // @spec DML-BND-0344
  return new Set(user === 0 && sudoUid !== undefined ? [user, sudoUid] : [user]);
}
