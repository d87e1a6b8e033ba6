import type { CommitId } from '@daggerml/object-model';

/** A commit waiting to be visited. */
export interface QueuedCommit {
  readonly commitId: CommitId;
  readonly committedMs: number;
}

/**
 * Checks whether one commit comes first: the newer, or of equal times the one by id, so order depends on commits
 * alone.
 */
function comesBefore(a: QueuedCommit, b: QueuedCommit): boolean {
  return a.committedMs !== b.committedMs ? a.committedMs > b.committedMs : a.commitId < b.commitId;
}

/** A binary heap of commits that yields the newest first. */
export class CommitQueue<E extends QueuedCommit = QueuedCommit> {
  readonly #heap: E[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(entry: E): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!comesBefore(entry, heap[above] as E)) break;
      heap[at] = heap[above] as E;
      at = above;
    }
    heap[at] = entry;
  }

  pop(): E | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && comesBefore(right, heap[below] as E)) below += 1;
      if (!comesBefore(heap[below] as E, last)) break;
      heap[at] = heap[below] as E;
      at = below;
    }
    heap[at] = last;
    return top;
  }
}
