import type { CommitId } from '@daggerml/object-model';
import type { Store } from '@daggerml/store';

/**
 * Retains the commits that `find` names, so that nothing they reach is garbage collected before the store is
 * closed or its holds are given up, wherever refs move. Throws `object_missing` for a commit that is
 * gone.
 *
 * `find` sees the very state in which the commits are retained. A store that is open for reading holds nothing.
 */
export function holdCommits<Commits extends readonly (CommitId | undefined)[]>(
  store: Store,
  find: () => readonly [...Commits],
): readonly [...Commits] {
  const found = find();
  if (store.isReadOnly || found.every((commitId) => commitId === undefined)) return found;
  let commits: readonly [...Commits] | undefined;
  store.transact('hold', (transaction) => {
    commits = find();
    for (const commitId of commits) {
      if (commitId !== undefined && !transaction.retain('commit', commitId))
        throw store.missing('commit', commitId);
    }
  });
  return commits as readonly [...Commits];
}
