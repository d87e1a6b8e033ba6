import type { CommitId } from '@daggerml/object-model';
import type { CommitGraph, CommitNode } from './commit-graph.ts';
import { CommitQueue, type QueuedCommit } from './commit-queue.ts';
import { CommitSet } from './commit-set.ts';
import type { LogEntry } from './log.ts';

/** Steps that looking ahead may take before the first commit is shown, and for each one more. */
const STEPS_AT_FIRST = 4_096;
const STEPS_EACH = 64;
/** Commits that may wait in the queue of open ones whatever they are. */
const MIN_OPEN = 64;

/**
 * Yields commits newest first, none before one of its descendants, whatever their clocks say.
 *
 * Looks ahead only as far as it takes to know that no commit still to be met descends from the one that is next: in one
 * line of commits not at all, else back to where the lines meet. Where lines hardly ever meet, the whole history is
 * read instead.
 */
export function* childrenFirst<C extends CommitNode>(
  graph: CommitGraph<C>,
  tips: readonly CommitId[],
  hidden: CommitSet,
): Iterable<LogEntry<C>> {
  const frontier = new Frontier(graph, hidden);
  for (const tip of tips) frontier.addTip(tip);
  for (let shown = 0; ; shown += 1) {
    const next = frontier.takeNewest(STEPS_AT_FIRST + STEPS_EACH * shown);
    if (next === undefined) return;
    if (next === 'too_far') break;
    yield { commitId: next.commitId, commit: next.commit };
  }
  yield* wholeHistory(graph, frontier.heads(), hidden);
}

/** A commit that was met and is not shown yet. */
interface MetCommit<C> extends QueuedCommit {
  readonly commit: C;
  /** Number of commits met and not shown that have it as a parent. */
  children: number;
  /** True until its parents are met. */
  isOpen: boolean;
  isShown: boolean;
  /** Number of the search that has found it to be the commit next, or an ancestor of that one. */
  foundBy: number;
}

/** The commits between those that were shown and those that were not met. */
class Frontier<C extends CommitNode> {
  readonly #graph: CommitGraph<C>;
  readonly #hidden: CommitSet;
  readonly #met = new Map<CommitId, MetCommit<C>>();
  readonly #ready = new CommitQueue<MetCommit<C>>();
  /** Open ones, and some that are no longer. */
  #open = new CommitQueue<MetCommit<C>>();
  #openCount = 0;
  /** Open ones that the search under way has found. */
  #foundOpenCount = 0;
  #search = 0;
  #steps = 0;

  constructor(graph: CommitGraph<C>, hidden: CommitSet) {
    this.#graph = graph;
    this.#hidden = hidden;
  }

  addTip(commitId: CommitId): void {
    if (this.#hidden.has(commitId) || this.#met.has(commitId)) return;
    this.#ready.push(this.#meet(commitId));
  }

  /** Lists commits of which all that are left are ancestors. */
  heads(): CommitId[] {
    return [...this.#met.values()].filter(({ children }) => children === 0).map(({ commitId }) => commitId);
  }

  /** Returns the newest commit of which no descendant is left; `too_far` where to know it takes more steps in all. */
  takeNewest(maxSteps: number): MetCommit<C> | 'too_far' | undefined {
    for (let next = this.#ready.pop(); next !== undefined; next = this.#ready.pop()) {
      if (next.isShown || next.children > 0) continue;
      const hasDescendant = this.#hasDescendant(next, maxSteps);
      if (hasDescendant === undefined) return 'too_far';
      // It is ready again when its children have been shown.
      if (hasDescendant) continue;
      this.#show(next);
      return next;
    }
    return undefined;
  }

  /**
   * Checks whether a commit descends from `next`. None does that is not met, once each open one is an ancestor of
   * `next`; those that are met are counted.
   */
  #hasDescendant(next: MetCommit<C>, maxSteps: number): boolean | undefined {
    this.#search += 1;
    this.#foundOpenCount = 0;
    this.#find(next);
    // @spec DML-REP-0931
    while (this.#foundOpenCount < this.#openCount) {
      if (this.#steps > maxSteps) return undefined;
      const newest = this.#open.pop() as MetCommit<C>;
      this.#expand(newest);
      if (next.children > 0) return true;
    }
    return false;
  }

  /** Notes that the search under way has found a commit, and with it the ancestors that were met. */
  #find(first: MetCommit<C>): void {
    const waiting = [first];
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
      if (each.foundBy === this.#search) continue;
      each.foundBy = this.#search;
      this.#steps += 1;
      if (each.isOpen) this.#foundOpenCount += 1;
      else for (const parent of this.#parentsOf(each)) waiting.push(parent);
    }
  }

  /** Meets the parents of a commit. */
  #expand(each: MetCommit<C>): void {
    if (!each.isOpen) return;
    each.isOpen = false;
    this.#openCount -= 1;
    this.#steps += 1;
    const isFound = each.foundBy === this.#search;
    if (isFound) this.#foundOpenCount -= 1;
    for (const parentId of each.commit.parentCommitIds) {
      if (this.#hidden.has(parentId)) continue;
      const parent = this.#met.get(parentId) ?? this.#meet(parentId);
      parent.children += 1;
      if (isFound) this.#find(parent);
    }
  }

  #show(each: MetCommit<C>): void {
    this.#expand(each);
    each.isShown = true;
    this.#met.delete(each.commitId);
    for (const parent of this.#parentsOf(each)) {
      parent.children -= 1;
      // @spec DML-STO-0603
      if (parent.children === 0) this.#ready.push(parent);
    }
  }

  #meet(commitId: CommitId): MetCommit<C> {
    const commit = this.#graph.readCommit(commitId);
    const { committedMs } = commit;
    const met = { commitId, committedMs, commit, children: 0, isOpen: true, isShown: false, foundBy: 0 };
    this.#met.set(commitId, met);
    if (this.#open.size > MIN_OPEN + 2 * this.#met.size) this.#dropExpanded();
    else this.#open.push(met);
    this.#openCount += 1;
    return met;
  }

  /** Forgets commits that are no longer open, of which one line alone leaves all behind. */
  #dropExpanded(): void {
    this.#open = new CommitQueue();
    for (const each of this.#met.values()) if (each.isOpen) this.#open.push(each);
  }

  #parentsOf({ commit }: MetCommit<C>): MetCommit<C>[] {
    return commit.parentCommitIds.flatMap((parentId) => this.#met.get(parentId) ?? []);
  }
}

/** Yields the same by Kahn's algorithm: a commit is ready once all its children have been shown. */
function* wholeHistory<C extends CommitNode>(
  graph: CommitGraph<C>,
  tips: readonly CommitId[],
  hidden: CommitSet,
): Iterable<LogEntry<C>> {
  const seen = new CommitSet();
  let children = new Uint32Array(64);
  const waiting: CommitId[] = [];
  for (const tip of tips) if (seen.add(tip)) waiting.push(tip);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const parent of graph.readCommit(next).parentCommitIds) {
      if (hidden.has(parent)) continue;
      if (seen.add(parent)) waiting.push(parent);
      const ordinal = seen.ordinalOf(parent) as number;
      if (ordinal >= children.length) {
        const grown: Uint32Array<ArrayBuffer> = new Uint32Array(Math.max(children.length * 2, ordinal + 1));
        grown.set(children);
        children = grown;
      }
      children[ordinal] = (children[ordinal] as number) + 1;
    }
  }
  const ready = new CommitQueue();
  const enqueue = (commitId: CommitId): void =>
    ready.push({ commitId, committedMs: graph.readCommit(commitId).committedMs });
  for (const tip of tips) if (!children[seen.ordinalOf(tip) as number]) enqueue(tip);
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    const commit = graph.readCommit(next.commitId);
    yield { commitId: next.commitId, commit };
    for (const parent of commit.parentCommitIds) {
      if (hidden.has(parent)) continue;
      const ordinal = seen.ordinalOf(parent) as number;
      children[ordinal] = (children[ordinal] as number) - 1;
      if (children[ordinal] === 0) enqueue(parent);
    }
  }
}
