import type { CommitId } from '@daggerml/object-model';
import { childrenFirst } from './children-first.ts';
import type { CommitGraph, CommitNode } from './commit-graph.ts';
import { CommitQueue } from './commit-queue.ts';
import { ancestorSet, CommitSet } from './commit-set.ts';

/**
 * Order of a log, and the commits it shows.
 *
 * `first-parent` follows one line and holds one commit at a time. `time` is newest first by the commits' own
 * clocks, and answers at once. `topological` never shows a commit before one of its descendants, whatever
 * the clocks said; it reads ahead to where the lines of commits meet.
 */
export type LogOrder = 'first-parent' | 'time' | 'topological';

export interface LogOptions {
  readonly order?: LogOrder;
  /** Commits to show at most. */
  readonly limit?: number;
  /** Leaves out these commits and all their ancestors. */
  readonly except?: readonly CommitId[];
}

/** One line of a log. */
export interface LogEntry<C extends CommitNode> {
  readonly commitId: CommitId;
  readonly commit: C;
}

function* firstParents<C extends CommitNode>(
  graph: CommitGraph<C>,
  tip: CommitId,
  hidden: CommitSet,
): Iterable<LogEntry<C>> {
  for (let commitId: CommitId | undefined = tip; commitId !== undefined && !hidden.has(commitId); ) {
    const commit: C = graph.readCommit(commitId);
    yield { commitId, commit };
    // @spec DML-STO-0601
    commitId = commit.parentCommitIds[0];
  }
}

function* byTime<C extends CommitNode>(
  graph: CommitGraph<C>,
  tips: readonly CommitId[],
  hidden: CommitSet,
): Iterable<LogEntry<C>> {
  const queue = new CommitQueue();
  const queued = new CommitSet();
  const enqueue = (commitId: CommitId): void => {
    // @spec DML-STO-0602
    if (hidden.has(commitId) || !queued.add(commitId)) return;
    queue.push({ commitId, committedMs: graph.readCommit(commitId).committedMs });
  };
  tips.forEach(enqueue);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const commit = graph.readCommit(next.commitId);
    yield { commitId: next.commitId, commit };
    commit.parentCommitIds.forEach(enqueue);
  }
}

/**
 * Iterates the history behind `tips`, each commit once, newest first.
 *
 * Nothing is read ahead of the consumer except as `LogOrder` says, and no engine snapshot is held between
 * steps. Memory is one commit for `first-parent`, the commits read ahead
 * for `topological` where lines meet, else about 50 bytes for each commit met.
 */
export function* logCommits<C extends CommitNode>(
  graph: CommitGraph<C>,
  tips: readonly CommitId[],
  options: LogOptions = {},
): Generator<LogEntry<C>, void, undefined> {
  const order = options.order ?? 'time';
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  if (left <= 0) return;
  // @spec DML-STO-0605
  const hidden = ancestorSet(graph, options.except ?? []);
  const walk =
    order === 'first-parent' && tips.length <= 1
      ? firstParents(graph, tips[0] as CommitId, hidden)
      : order === 'topological'
        ? childrenFirst(graph, tips, hidden)
        : byTime(graph, tips, hidden);
  for (const entry of walk) {
    yield entry;
    left -= 1;
    // @spec DML-STO-0604
    if (left <= 0) return;
  }
}
