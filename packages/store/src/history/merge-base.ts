import type { CommitId } from '@daggerml/object-model';
import type { CommitGraph } from './commit-graph.ts';
import { CommitQueue } from './commit-queue.ts';

const OURS = 1;
const THEIRS = 2;
/** Below a common ancestor: still passed on while others are not, never an answer. */
const STALE = 4;

/** Result of painting two histories. */
interface PaintedHistories {
  /** Common ancestors; below another one only where clocks ran backwards. */
  readonly best: CommitId[];
  readonly common: CommitId[];
  /** Number of commits that one side alone was found to have. */
  readonly onlyOurs: number;
  readonly onlyTheirs: number;
}

/**
 * Paints the ancestors of both sides, newest first, until only commits below a common ancestor wait, and where
 * `slackMs` is given none as old as the oldest one of a single side less the slack.
 * A commit that gains paint is visited again, so clocks that ran backwards cost time, never correctness;
 * what they can leave in the answer is a common ancestor of less use, which the caller removes.
 */
export function paintHistories(
  graph: CommitGraph,
  ours: readonly CommitId[],
  theirs: readonly CommitId[],
  slackMs?: number,
): PaintedHistories {
  const paint = new Map<CommitId, number>();
  const queue = new CommitQueue();
  const queued = new Set<CommitId>();
  const found = new Set<CommitId>();
  let freshQueued = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  const add = (commitId: CommitId, flags: number): void => {
    const before = paint.get(commitId) ?? 0;
    const after = before | flags;
    if (after === before) return;
    paint.set(commitId, after);
    const wasQueued = queued.has(commitId);
    if (wasQueued && (before & STALE) === 0) freshQueued -= 1;
    if ((after & STALE) === 0) freshQueued += 1;
    if (wasQueued) return;
    queued.add(commitId);
    const { committedMs } = graph.readCommit(commitId);
    if (after === OURS || after === THEIRS) oldestMs = Math.min(oldestMs, committedMs);
    queue.push({ commitId, committedMs });
  };
  for (const commitId of ours) add(commitId, OURS);
  for (const commitId of theirs) add(commitId, THEIRS);
  // @spec DML-STO-0607
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (freshQueued === 0 && (slackMs === undefined || next.committedMs < oldestMs - slackMs)) break;
    const { commitId } = next;
    queued.delete(commitId);
    const flags = paint.get(commitId) as number;
    const isCommon = (flags & (OURS | THEIRS)) === (OURS | THEIRS);
    if ((flags & STALE) === 0) {
      freshQueued -= 1;
      if (isCommon) found.add(commitId);
    }
    for (const parent of graph.readCommit(commitId).parentCommitIds)
      add(parent, isCommon ? flags | STALE : flags);
  }
  const common: CommitId[] = [];
  let onlyOurs = 0;
  let onlyTheirs = 0;
  for (const [commitId, flags] of paint) {
    if (flags === OURS) onlyOurs += 1;
    else if (flags === THEIRS) onlyTheirs += 1;
    else common.push(commitId);
  }
  return {
    best: [...found].filter((commitId) => ((paint.get(commitId) as number) & STALE) === 0),
    common,
    onlyOurs,
    onlyTheirs,
  };
}

/**
 * Returns commits that lie in the histories of both sides: at least one on each way from `ours` to what both have, but
 * for commits whose clocks ran backwards. Reads the commits by which the sides differ.
 */
export function commonCommits(
  graph: CommitGraph,
  ours: readonly CommitId[],
  theirs: readonly CommitId[],
): CommitId[] {
  return paintHistories(graph, ours, theirs).common;
}

/**
 * Checks whether `ancestor` is `descendant` or lies in its history.
 * Reads the commits by which the two differ, not the whole history.
 */
export function isAncestor(graph: CommitGraph, ancestor: CommitId, descendant: CommitId): boolean {
  return ancestor === descendant || paintHistories(graph, [ancestor], [descendant]).best.includes(ancestor);
}

/**
 * Returns the best common ancestors of two commits, sorted by id: those that are no ancestor of another
 * common ancestor. None for unrelated histories, several after criss-cross merges.
 */
export function mergeBases(graph: CommitGraph, ours: CommitId, theirs: CommitId): CommitId[] {
  if (ours === theirs) return [ours];
  const candidates = paintHistories(graph, [ours], [theirs]).best.sort();
  // @spec DML-STO-0606
  return candidates.filter(
    (one) => !candidates.some((other) => other !== one && isAncestor(graph, one, other)),
  );
}

/** The relation of a ref's commit to another commit. */
export type Relation = 'same' | 'ahead' | 'behind' | 'diverged' | 'unrelated';

/** Returns the relation of `ours` to `theirs`: `behind` means that `theirs` can be reached by fast-forward. */
export function relateCommits(graph: CommitGraph, ours: CommitId, theirs: CommitId): Relation {
  if (ours === theirs) return 'same';
  const bases = mergeBases(graph, ours, theirs);
  if (bases.includes(ours)) return 'behind';
  if (bases.includes(theirs)) return 'ahead';
  return bases.length === 0 ? 'unrelated' : 'diverged';
}
