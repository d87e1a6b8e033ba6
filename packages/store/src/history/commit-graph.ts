import type { CommitId } from '../model.ts';

/** What walking history needs of a commit. */
export interface CommitNode {
  readonly parentCommitIds: readonly CommitId[];
  readonly timeMs: number;
}

/** A source of commits; pure history functions ask nothing else of a store. */
export interface CommitGraph<C extends CommitNode = CommitNode> {
  /** Yields the commit; throws when it is absent, excised or damaged. */
  readCommit(commitId: CommitId): C;
}
