import type { CommitId } from '@daggerml/object-model';
import type { CommitGraph } from './commit-graph.ts';
import { paintHistories } from './merge-base.ts';

/** Commits that one of two histories has and the other does not. */
export interface AheadBehind {
  readonly ahead: number;
  readonly behind: number;
}

/** Milliseconds by which the clock of a child may be behind that of its parent without a miscount. */
const CLOCK_SKEW_MS = 3_600_000;

/**
 * Counts the commits of each of two histories that the other lacks. Reads these and what was committed up to an hour
 * before the oldest of them, not the whole history; where clocks were off by more, a commit of both may be counted.
 */
export function aheadBehind(graph: CommitGraph, ours: CommitId, theirs: CommitId): AheadBehind {
  if (ours === theirs) return { ahead: 0, behind: 0 };
  // @spec DML-CLI-2053
  const { onlyOurs, onlyTheirs } = paintHistories(graph, [ours], [theirs], CLOCK_SKEW_MS);
  return { ahead: onlyOurs, behind: onlyTheirs };
}
