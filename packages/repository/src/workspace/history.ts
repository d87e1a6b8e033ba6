import { type CommitId, type CommitRecord, isDmlError } from '@daggerml/object-model';
import { type CommitNode, type LogEntry, logCommits } from '@daggerml/store';
import type { RecordReader } from './record-reader.ts';

/** A commit of a history. */
export type HistoryCommit = LogEntry<CommitRecord>;

/** A commit of a history, or one that cannot be read, where a line of it ends. */
export interface HistoryStep {
  readonly commitId: CommitId;
  readonly commit: CommitRecord | undefined;
}

/** Reads a commit; returns undefined where a history ends. */
export type ReadCommit = (commitId: CommitId) => CommitRecord | undefined;

/** Commits of a history: all ancestors, or the first parent of each commit alone. */
export type HistoryLines = 'all' | 'first-parent';

/** The place of a commit that cannot be read: behind all others, so that the lines that go on come first. */
const GONE: CommitNode = { parentCommitIds: [], committedMs: 0 };

/** Returns a commit; undefined for one that was excised or left out, where history ends. */
export function readUnlessGone(reader: RecordReader, commitId: CommitId): CommitRecord | undefined {
  try {
    return reader.read('commit', commitId);
  } catch (error) {
    if (isDmlError(error) && (error.detail === 'excised' || error.detail === 'left_out')) return undefined;
    throw error;
  }
}

/**
 * Iterates the history of commits, each commit once, none before one of its descendants. Memory and reading ahead are
 * those of `logCommits`.
 */
export function* walkHistory(
  readCommit: ReadCommit,
  tips: readonly CommitId[],
  lines: HistoryLines = 'all',
): Generator<HistoryStep, void, undefined> {
  const graph = { readCommit: (commitId: CommitId): CommitNode => readCommit(commitId) ?? GONE };
  // @spec DML-REP-0930
  const order = lines === 'all' ? 'topological' : 'first-parent';
  // @spec DML-REP-0932
  for (const { commitId, commit } of logCommits(graph, tips, { order }))
    yield { commitId, commit: commit === GONE ? undefined : (commit as CommitRecord) };
}

/** A commit of a history, with its parents. */
export interface HistoryFamily extends HistoryCommit {
  readonly parents: readonly HistoryCommit[];
}

/** Iterates the history of a commit with the parents of each, without what was excised or left out. */
export function* readHistory(
  reader: RecordReader,
  from: CommitId,
): Generator<HistoryFamily, void, undefined> {
  // Parents are read before the walk comes to them, and not again then.
  const ahead = new Map<CommitId, CommitRecord | undefined>();
  const readCommit = (commitId: CommitId): CommitRecord | undefined =>
    ahead.has(commitId) ? ahead.get(commitId) : readUnlessGone(reader, commitId);
  for (const { commitId, commit } of walkHistory(readCommit, [from])) {
    ahead.delete(commitId);
    if (commit === undefined) continue;
    const parents = commit.parentCommitIds.flatMap((parentId) => {
      const parent = readCommit(parentId);
      ahead.set(parentId, parent);
      return parent === undefined ? [] : [{ commitId: parentId, commit: parent }];
    });
    yield { commitId, commit, parents };
  }
}
