import type { RootSet } from '../walk/roots.ts';
import type { ObjectTally } from '../walk/tally.ts';

/** Plan of a collection; printing it is the dry run. */
export interface GcPlan {
  readonly roots: {
    readonly refs: number;
    readonly holds: number;
    readonly expiredHolds: number;
    /** Rows of objects that living sessions put or retained. */
    readonly sessionWrites: number;
  };
  /** Objects some root reaches. */
  readonly kept: ObjectTally;
  /** Objects no root reaches. */
  readonly garbage: ObjectTally;
  /** State version the plan was made at. */
  readonly sequence: number;
}

/**
 * Returns the plan from what marking and scanning found.
 *
 * @spec DML-STO-0716
 */
export function buildPlan(roots: RootSet, kept: ObjectTally, garbage: ObjectTally): GcPlan {
  return {
    roots: {
      refs: roots.refCount,
      holds: roots.holdCount,
      expiredHolds: roots.expiredHoldCount,
      sessionWrites: roots.sessionWrites.length,
    },
    kept,
    garbage,
    sequence: roots.sequence,
  };
}
