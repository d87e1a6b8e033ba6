import { setImmediate } from 'node:timers/promises';
import type { CommitId, ObjectClass, ObjectId, TombstoneRecord } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { ObjectKeySet } from '../gc/object-key-set.ts';
import { RowReader } from '../gc/row-reader.ts';
import { OBJECT_KEY_BYTES, objectKey, parseObjectKey } from '../keyspace.ts';
import { transferError } from './car-frame.ts';
import { tombstoneName } from './receive.ts';

/** Objects looked at before the event loop turns. */
const STEP_OBJECTS = 10_000;

/**
 * Walks everything some commits reach and yields the offered tombstones of what is absent.
 * Throws `transfer_invalid` with `incomplete` for an absent object that no tombstone stands for.
 *
 * @spec DML-STO-1026
 */
export async function checkComplete(
  engine: Engine,
  commitIds: readonly CommitId[],
  tombstones: ReadonlyMap<string, TombstoneRecord>,
): Promise<readonly TombstoneRecord[]> {
  const rows = new RowReader(engine);
  const queue = new ObjectKeySet();
  const wanted: TombstoneRecord[] = [];
  for (const commitId of commitIds) queue.add(objectKey('commit', commitId) as Buffer);
  for (let ordinal = 0; ordinal < queue.size; ordinal += 1) {
    if (ordinal % STEP_OBJECTS === 0) {
      await setImmediate();
      refreshSnapshot(engine);
    }
    const key = queue.keyAt(ordinal);
    const state = rows.look(key);
    if (state === 'excised') continue;
    if (state !== 'present') {
      const object = parseObjectKey(key) as { class: ObjectClass; id: ObjectId };
      const name = { class: object.class, objectId: object.id };
      if (state === 'damaged')
        throw storeError('store_damaged', { table: 'objects', detail: 'hash_mismatch', ...name });
      const tombstone = tombstones.get(tombstoneName(object.class, object.id));
      if (tombstone === undefined) throw transferError('incomplete', name);
      // @spec DML-STO-1029
      wanted.push(tombstone);
      continue;
    }
    for (let index = 0; index < rows.linkCount; index += 1) queue.add(rows.links, index * OBJECT_KEY_BYTES);
  }
  return wanted;
}
