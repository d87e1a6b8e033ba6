import type { Engine } from '../engine/engine.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import type { RootSet } from '../walk/roots.ts';
import type { ObjectTally } from '../walk/tally.ts';
import { Tracer } from '../walk/tracer.ts';
import { GarbageSet } from './garbage-set.ts';

/** Objects one step looks at: some tens of milliseconds of work. */
export const STEP_OBJECTS = 20_000;

/** Progress of a collection; `total` is missing while it is not known. */
export interface GcProgress {
  readonly phase: 'mark' | 'scan' | 'count' | 'sweep' | 'prune';
  readonly done: number;
  readonly total?: number;
}

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

/** Result of the mark phase: the plan to print, and the sets that carry it out. */
export interface MarkResult {
  readonly plan: GcPlan;
  readonly tracer: Tracer;
  readonly garbage: GarbageSet;
}

/** Refuses to conclude anything from a store without refs and holds: everything would go. */
function assertRoots(roots: RootSet): void {
  // @spec DML-STO-0710
  if (roots.keyed.length === 0) throw storeError('gc_refused', { detail: 'no_roots' });
}

/**
 * Marks what the roots reach and finds what they do not, in steps that hold no snapshot between them.
 * Reads only.
 */
export function* markStore(
  engine: Engine,
  roots: RootSet,
  stepObjects: number = STEP_OBJECTS,
): Generator<GcProgress, MarkResult, undefined> {
  assertRoots(roots);
  const tracer = new Tracer(engine);
  tracer.addRoots(roots.keyed);
  yield* walk(engine, tracer, stepObjects, true);
  for (const row of roots.sessionWrites) {
    tracer.addWritesRow(row);
    yield* walk(engine, tracer, stepObjects, false);
  }
  const garbage = new GarbageSet(engine, tracer.found);
  for (let more = true; more; ) {
    more = garbage.scan(stepObjects);
    yield { phase: 'scan', done: garbage.scanned };
  }
  const total = garbage.keys.size;
  for (let more = true; more; ) {
    refreshSnapshot(engine);
    more = garbage.count(stepObjects);
    yield { phase: 'count', done: garbage.counted, total };
  }
  // @spec DML-STO-0716
  const plan: GcPlan = {
    roots: {
      refs: roots.refCount,
      holds: roots.holdCount,
      expiredHolds: roots.expiredHoldCount,
      sessionWrites: roots.sessionWrites.length,
    },
    kept: tracer.tally.value(),
    garbage: garbage.tally.value(),
    sequence: roots.sequence,
  };
  return { plan, tracer, garbage };
}

/** Visits all that waits in the tracer, in steps. */
export function* walk(
  engine: Engine,
  tracer: Tracer,
  stepObjects: number,
  strict: boolean,
): Generator<GcProgress, void, undefined> {
  while (tracer.waiting > 0) {
    refreshSnapshot(engine);
    tracer.step(stepObjects, strict);
    yield { phase: 'mark', done: tracer.found.size - tracer.waiting };
  }
}
