import type { Engine } from '../engine/engine.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import type { RootSet } from '../walk/roots.ts';
import { Marker } from '../walk/tracer.ts';
import { Condemned } from './garbage-set.ts';
import { buildPlan, type GcPlan } from './plan.ts';

/** Objects one step looks at: some tens of milliseconds of work. */
export const STEP_OBJECTS = 20_000;

/** What a collection is doing; `total` is missing while it is not known. */
export interface GcProgress {
  readonly phase: 'mark' | 'scan' | 'count' | 'sweep' | 'prune';
  readonly done: number;
  readonly total?: number;
}

/** What surveying the store yields: the plan to print, and what carrying it out needs. */
export interface Survey {
  readonly plan: GcPlan;
  readonly marker: Marker;
  readonly condemned: Condemned;
}

/** Refuses to conclude anything from a store without refs and pins: everything would go. */
function assertRoots(roots: RootSet): void {
  // @spec DML-STO-0710
  if (roots.keyed.length === 0) throw storeError('gc_refused', { detail: 'no_roots' });
}

/**
 * Marks what the roots reach and finds what they do not, in steps that hold no snapshot between them.
 * Reads only.
 */
export function* surveyStore(
  engine: Engine,
  roots: RootSet,
  stepObjects: number = STEP_OBJECTS,
): Generator<GcProgress, Survey, undefined> {
  assertRoots(roots);
  for (const _ of engine.trust.checkSteps()) yield { phase: 'mark', done: 0 };
  const marker = new Marker(engine);
  marker.addRoots(roots.keyed);
  yield* walk(engine, marker, stepObjects, true);
  for (const row of roots.recentRows) {
    marker.addRecentRow(row);
    yield* walk(engine, marker, stepObjects, false);
  }
  const condemned = new Condemned(engine, marker.found);
  for (let more = true; more; ) {
    more = condemned.scan(stepObjects);
    yield { phase: 'scan', done: condemned.scanned };
  }
  const total = condemned.keys.size;
  for (let more = true; more; ) {
    refreshSnapshot(engine);
    more = condemned.count(stepObjects);
    yield { phase: 'count', done: condemned.counted, total };
  }
  return { plan: buildPlan(roots, marker.tally.value(), condemned.tally.value()), marker, condemned };
}

/** Lets the marker visit all that waits. */
export function* walk(
  engine: Engine,
  marker: Marker,
  stepObjects: number,
  strict: boolean,
): Generator<GcProgress, void, undefined> {
  while (marker.waiting > 0) {
    refreshSnapshot(engine);
    marker.step(stepObjects, strict);
    yield { phase: 'mark', done: marker.found.size - marker.waiting };
  }
}
