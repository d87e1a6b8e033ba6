import type { CommitId } from '@daggerml/object-model';
import { type CommitNode, isAncestor, type ObjectReader } from '@daggerml/store';
import type { FetchedRef } from './fetch.ts';

/** Returns how a ref moves by the history that is here. @spec DML-REM-1882 */
export function moveKind(
  store: Pick<ObjectReader, 'getRecord'>,
  before: CommitId | null,
  after: CommitId | null,
): FetchedRef['kind'] {
  if (before === null) return 'new';
  if (after === null) return 'deleted';
  let isCut = false;
  const readCommit = (commitId: CommitId): CommitNode => {
    const record = store.getRecord('commit', commitId);
    isCut ||= record === undefined;
    return record ?? { parentCommitIds: [], committedMs: 0 };
  };
  if (isAncestor({ readCommit }, before, after)) return 'forward';
  return isCut && !isAncestor({ readCommit }, after, before) ? 'unknown' : 'forced';
}
