import type { CommitId } from '@daggerml/object-model';
import type { ObjectReader, Ref } from '@daggerml/store';

/** Commits that are looked at, and refs that are returned, at most. */
const MAX_COMMITS = 10_000;
const MAX_REFS = 64;

/** A store whose tracking refs say what a remote had some time ago. */
export interface NearbyHost extends Pick<ObjectReader, 'getRecord'> {
  readRefs(): Ref[];
}

/** A ref that a remote had, and where it was. */
export interface NearbyRef {
  /** Name without `refs/`. */
  readonly key: string;
  readonly commitId: CommitId;
}

/**
 * Returns the refs of a remote that were nearest behind some commits when it was last heard of. Of many refs these say
 * what the remote has, where they are still there.
 */
export function nearbyRefs(
  store: NearbyHost,
  remoteName: string,
  tips: readonly CommitId[],
): readonly NearbyRef[] {
  const prefix = `refs/remotes/${remoteName}/`;
  const byCommit = new Map<CommitId, string>();
  for (const { name, commitId } of store.readRefs()) {
    if (name.startsWith(prefix)) byCommit.set(commitId, `heads/${name.slice(prefix.length)}`);
    else if (name.startsWith('refs/tags/') && !byCommit.has(commitId))
      byCommit.set(commitId, name.slice('refs/'.length));
  }
  const found: NearbyRef[] = [];
  const seen = new Set<CommitId>(tips);
  for (const commitId of seen) {
    const key = byCommit.get(commitId);
    if (key !== undefined) found.push({ key, commitId });
    if (found.length === MAX_REFS || seen.size > MAX_COMMITS) break;
    if (key !== undefined) continue;
    for (const parent of store.getRecord('commit', commitId)?.parentCommitIds ?? []) seen.add(parent);
  }
  return found;
}
