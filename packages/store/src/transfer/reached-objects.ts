import type { CommitId, ObjectClass, ObjectId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import type { ObjectName } from '../excision/plan.ts';
import { assertReadable } from '../objects/objects.ts';
import { describeKey, idOfKey, objectKey, parseObjectKey } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import { nextTurn } from '../walk/run-steps.ts';
import { objectBlock } from './object-block.ts';

/** Objects looked at before the event loop turns. */
const STEP_OBJECTS = 10_000;

/** Set of the objects that some commits reach: about 50 bytes for each. */
export interface ReachedObjects {
  readonly count: number;
  has(objectClass: ObjectClass, id: ObjectId): boolean;
  /** Objects that are withheld here, so that it is unknown what they reach. */
  readonly withheld: readonly ObjectName[];
  /** Bytes of the tombstones of objects that are excised here. */
  readonly tombstones: readonly Uint8Array[];
}

/** Returns everything that some commits reach; throws `object_missing` for what is absent without a reason. */
export async function reachedObjects(
  { engine }: { readonly engine: Engine },
  commitIds: readonly CommitId[],
): Promise<ReachedObjects> {
  const keys = new ObjectKeySet();
  for (const commitId of commitIds) keys.add(objectKey('commit', commitId) as Buffer);
  const withheld: ObjectName[] = [];
  const tombstones: Uint8Array[] = [];
  const rows = new RowReader(engine);
  for (let ordinal = 0; ordinal < keys.size; ordinal += 1) {
    if (ordinal % STEP_OBJECTS === 0) await nextTurn(engine);
    const key = keys.keyAt(ordinal);
    const state = rows.look(key);
    if (state === 'absent') throw storeError('object_missing', describeKey(key));
    if (state === 'newer' || state === 'damaged') assertReadable(engine, key);
    // A chunk is not hashed when it is looked at.
    if (state === 'excised' || hasRow(engine, 'excised', key))
      tombstones.push(objectBlock(engine, key).bytes);
    if (state === 'withheld')
      withheld.push({ class: parseObjectKey(key)?.class as ObjectClass, objectId: idOfKey(key) });
    rows.addLinksTo(keys);
  }
  return {
    count: keys.size,
    withheld,
    tombstones,
    has: (objectClass, id) => {
      const key = objectKey(objectClass, id);
      return key !== undefined && keys.has(key);
    },
  };
}
