import type { Engine } from '../engine/engine.ts';
import { hasRow, refreshSnapshot } from '../engine/reading.ts';
import type { StoreEnvironment } from '../environment.ts';
import type { ObjectName } from '../excision/plan.ts';
import { objectKey, parseObjectKey } from '../tables/keyspace.ts';
import { type GcRoot, rootsNow } from '../walk/roots.ts';
import { Tracer } from '../walk/tracer.ts';
import { type GcProgress, STEP_OBJECTS } from './mark-phase.ts';

/** Reason for which an object stays: a root and the shortest path of links from it; or that nothing keeps it. */
export type GcReason =
  | { readonly state: 'kept'; readonly root: GcRoot; readonly path: readonly ObjectName[] }
  | { readonly state: 'garbage' }
  | { readonly state: 'absent' };

/**
 * Finds what keeps an object, walking from the roots until it is met; refs and holds are tried before the
 * objects of living sessions.
 */
export function* explainSteps(
  engine: Engine,
  environment: StoreEnvironment,
  object: ObjectName,
): Generator<GcProgress, GcReason, undefined> {
  const key = objectKey(object.class, object.objectId);
  refreshSnapshot(engine);
  if (key === undefined || !hasRow(engine, 'objects', key)) return { state: 'absent' };
  const roots = rootsNow(engine, environment);
  const tracer = new Tracer(engine);
  tracer.addRoots(roots.keyed);
  const rows = [...roots.sessionWrites].reverse();
  for (;;) {
    const ordinal = tracer.found.ordinalOf(key);
    // @spec DML-STO-0741
    if (ordinal !== undefined) return { state: 'kept', ...describePath(tracer, ordinal) };
    if (tracer.waiting > 0) {
      refreshSnapshot(engine);
      tracer.step(STEP_OBJECTS, false);
      yield { phase: 'mark', done: tracer.found.size - tracer.waiting };
      continue;
    }
    const row = rows.pop();
    // @spec DML-STO-0742
    if (row === undefined) return { state: 'garbage' };
    tracer.addWritesRow(row);
  }
}

function describePath(tracer: Tracer, ordinal: number): { root: GcRoot; path: ObjectName[] } {
  const { root, ordinals } = tracer.pathTo(ordinal);
  const path = ordinals.map((step) => {
    const object = parseObjectKey(tracer.found.keyAt(step));
    return { class: object?.class, objectId: object?.id } as ObjectName;
  });
  return { root, path };
}
