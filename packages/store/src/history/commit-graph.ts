import type { CommitId, CommitRecord } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import type { ObjectReader } from './draft.ts';

/** A commit as far as walks of history read it. */
export interface CommitNode {
  readonly parentCommitIds: readonly CommitId[];
  readonly committedMs: number;
}

/** A source of commits; walks over history ask nothing else of a store. */
export interface CommitGraph<C extends CommitNode = CommitNode> {
  /** Returns the commit; throws when it is absent, excised or damaged. */
  readCommit(commitId: CommitId): C;
}

/** Returns the commits of a store as a graph that ends where one is absent, as after an import that was cut. */
export function presentCommits(reader: Pick<ObjectReader, 'getRecord'>): CommitGraph {
  return {
    readCommit: (commitId) => reader.getRecord('commit', commitId) ?? { parentCommitIds: [], committedMs: 0 },
  };
}

/** Returns the commits of a store as a graph; reading an absent one throws `object_missing`. */
export function commitGraph(reader: Pick<ObjectReader, 'getRecord'>): CommitGraph<CommitRecord> {
  return {
    readCommit: (commitId) => {
      const commit = reader.getRecord('commit', commitId);
      if (commit === undefined) throw storeError('object_missing', { class: 'commit', objectId: commitId });
      return commit;
    },
  };
}
