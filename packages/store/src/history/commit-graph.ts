import type { CommitId } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import { isLeftOut, withheldError } from '../objects/stubs.ts';
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

/** The commit that a walk meets in place of one that was left out: as far as this repository knows, history begins behind it. */
export const HISTORY_END: CommitNode = { parentCommitIds: [], committedMs: 0 };

/**
 * Returns the commits of a store as a graph, which ends at those that were left out; reading another absent one throws
 * `object_missing` or `object_withheld`.
 */
export function commitGraph(reader: Pick<ObjectReader, 'getRecord' | 'getStub'>): CommitGraph {
  return {
    readCommit: (commitId) => {
      const commit = reader.getRecord('commit', commitId);
      if (commit !== undefined) return commit;
      const stub = reader.getStub?.('commit', commitId);
      if (stub === undefined) throw storeError('object_missing', { class: 'commit', objectId: commitId });
      // @spec DML-STO-0855
      if (isLeftOut(stub.domain)) return HISTORY_END;
      throw withheldError(stub);
    },
  };
}
