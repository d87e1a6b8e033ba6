import type { ExecId } from '@daggerml/object-model';
import { computedOf, type RunNode } from '../run/run-node.ts';
import type { RunIndex, StagedOutcome } from './run-index.ts';

interface BatchedOutcome extends StagedOutcome {
  readonly node: RunNode;
}

/** Result of keeping a batch: all of it is kept, or the nodes whose cached execs may be gone have no outcome any more. */
export type KeptBatch =
  | { readonly kept: readonly RunNode[] }
  | { readonly kept: undefined; readonly withdrawn: readonly RunNode[] };

/** Outcomes wait this long for others, so that many small calls share a transaction. */
const SLICE_MS = 40;
/** The wait grows with what keeping the last batch took, so that large runs, and many at once, write less often. */
const MANY_OUTCOMES = 32;
const FLUSH_SHARE = 10;
const MAX_SLICE_MS = 600;

/** The outcomes of a run that are not in the store yet. */
export class OutcomeBatch {
  readonly #index: RunIndex;
  readonly #nowMs: () => number;
  /** Least time that outcomes wait for others. */
  readonly #leastMs: number;
  #outcomes: BatchedOutcome[] = [];
  #lastKeptMs = 0;
  #sliceMs: number;

  constructor(index: RunIndex, nowMs: () => number, leastMs: number = SLICE_MS) {
    this.#index = index;
    this.#nowMs = nowMs;
    this.#leastMs = leastMs;
    this.#sliceMs = leastMs;
  }

  get isEmpty(): boolean {
    return this.#outcomes.length === 0;
  }

  /** Adds the outcome of a node, to be kept with the next batch, with the attempt of which the store knows. */
  add(node: RunNode, executionUuid?: string): void {
    const { executionKey, foundExecId, origin } = computedOf(node);
    this.#outcomes.push({
      node,
      nodeId: node.nodeId,
      execId: node.execId as ExecId,
      executionKey,
      foundExecId,
      origin,
      executionUuid,
    });
  }

  /**
   * Returns the time that the batch should wait for more.
   *
   * @spec DML-EXE-2640
   */
  delayMs(isMoreUnderWay: boolean): number {
    const sliceMs = isMoreUnderWay
      ? this.#sliceMs
      : this.#outcomes.length >= MANY_OUTCOMES
        ? 0
        : this.#leastMs;
    const sinceMs = this.#nowMs() - this.#lastKeptMs;
    return sinceMs >= sliceMs || sinceMs < 0 ? 0 : sliceMs - sinceMs;
  }

  /**
   * Writes the outcomes that were added. Where a cached exec among them is gone nothing is written, and outcomes that
   * hang on none stay for the next batch. Throws the errors of the store.
   */
  keep(): KeptBatch {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    const startMs = this.#nowMs();
    if (this.#index.keep(outcomes)) {
      this.#lastKeptMs = this.#nowMs();
      const takenMs = this.#lastKeptMs - startMs;
      this.#sliceMs = Math.min(MAX_SLICE_MS, Math.max(this.#leastMs, takenMs * FLUSH_SHARE));
      return { kept: outcomes.map(({ node }) => node) };
    }
    // @spec DML-EXE-0718
    this.#outcomes = outcomes.filter(({ node }) => !node.isTentative && node.status === 'pending');
    return { kept: undefined, withdrawn: outcomes.flatMap(({ node }) => (node.isTentative ? [node] : [])) };
  }
}
