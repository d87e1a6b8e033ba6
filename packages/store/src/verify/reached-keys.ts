import { isDmlError } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readKeys, refreshSnapshot } from '../engine/reading.ts';
import { readRefRows } from '../refs/refs.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { refRoot } from '../walk/roots.ts';
import { RowReader } from '../walk/row-reader.ts';
import type { VerifyProgress } from './finding.ts';

/** Objects looked at between two points at which a verification can end. */
const STEP_OBJECTS = 2_000;

/**
 * Finds the keys of all that refs and holds reach; undefined where that is unknown, since a ref or an object cannot
 * be read.
 */
export function* reachedKeys(engine: Engine): Generator<VerifyProgress, ObjectKeySet | undefined, undefined> {
  const keys = new ObjectKeySet();
  const rows = new RowReader(engine);
  try {
    refreshSnapshot(engine);
    for (const { name, targetId } of readRefRows(engine)) keys.add(refRoot(name, targetId).key);
    for (const hold of readKeys(engine, 'pins')) keys.add(hold);
    for (let ordinal = 0; ordinal < keys.size; ordinal += 1) {
      if (ordinal % STEP_OBJECTS === STEP_OBJECTS - 1) {
        yield { phase: 'leftovers', done: ordinal };
        refreshSnapshot(engine);
      }
      const state = rows.look(keys.keyAt(ordinal));
      if (state === 'damaged' || state === 'newer') return undefined;
      rows.addLinksTo(keys);
    }
    return keys;
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}
