import { decodeRecord, isDmlError } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, readRow } from '../engine/reading.ts';
import type { RecordClass } from '../objects/objects.ts';
import { CLASS_BYTES, describeKey, idOfKey, OBJECT_KEY_BYTES, parseObjectKey } from '../tables/keyspace.ts';
import { ObjectCheck } from '../verify/object-check.ts';
import type { ObjectFault } from '../verify/object-fault.ts';
import type { RowReader } from '../walk/row-reader.ts';
import { nextTurn } from '../walk/run-steps.ts';
import { transferError } from './car-frame.ts';
import type { Reached } from './completeness.ts';

/** Objects checked before the event loop turns. */
const STEP_OBJECTS = 500;

/**
 * Checks every object that commits reach and no ref of the store reached before for what its own bytes do not show.
 * Whatever is absent by now is so on purpose.
 *
 * Throws `transfer_invalid` with `not_canonical`, `contradiction` or `record_invalid`.
 */
export async function checkSound(engine: Engine, { keys, checked, filled }: Reached): Promise<void> {
  const check = new ObjectCheck(
    engine,
    (key) => !hasRow(engine, 'objects', key) || hasRow(engine, 'excised', key),
  );
  const count = checked.length + filled.length;
  for (let index = 0; index < count; index += 1) {
    if (index % STEP_OBJECTS === 0) await nextTurn(engine);
    const key = filled[index] ?? keys.keyAt(checked[index - filled.length] as number);
    const record = recordAt(engine, key);
    if (record === undefined) continue;
    for (const fault of check.check(record)) {
      if (fault === undefined) await nextTurn(engine);
      else throw refusalOf(key, fault);
    }
  }
}

/** Classes whose records say nothing of others but by search trees: no contradiction and no element is looked for there. */
const PLAIN_CLASSES: ReadonlySet<number | undefined> = new Set([
  CLASS_BYTES.node,
  CLASS_BYTES.dag,
  CLASS_BYTES.tree,
  CLASS_BYTES['exec-request'],
]);

/**
 * Checks whether a present object may have a fault that its own bytes do not show, from the row that was just looked
 * at: most do not, since they link to nothing or say nothing of what they link to.
 */
export function mayContradict(key: Uint8Array, { links, linkCount, type }: RowReader): boolean {
  if (type === 0) return false;
  if (type !== key[0]) return true;
  if (type === CLASS_BYTES.datum) return linkCount > 0;
  if (!PLAIN_CLASSES.has(type)) return true;
  for (let index = 0; index < linkCount; index += 1)
    if (links[index * OBJECT_KEY_BYTES] === CLASS_BYTES.page) return true;
  return false;
}

/** Reads the record of an object; undefined for a chunk and for what is absent or excised. */
function recordAt(engine: Engine, key: Uint8Array): ReturnType<typeof decodeRecord> | undefined {
  const recordClass = parseObjectKey(key)?.class as RecordClass | 'chunk';
  if (recordClass === 'chunk') return undefined;
  const bytes = readRow(engine, 'objects', key);
  if (bytes === undefined || hasRow(engine, 'excised', key)) return undefined;
  try {
    return decodeRecord(bytes, recordClass);
  } catch (error) {
    if (!isDmlError(error)) throw error;
    throw transferError('record_invalid', { class: recordClass, objectId: idOfKey(key) }, error);
  }
}

/** Returns the error of a stream that brings an object with a fault. */
function refusalOf(key: Uint8Array, fault: ObjectFault): Error {
  const { code, ...facts } = fault;
  // @spec DML-STO-1046
  const fields: Record<string, string> = { ...describeKey(key), kind: code };
  for (const [name, fact] of Object.entries(facts)) if (typeof fact === 'string') fields[name] = fact;
  if ('to' in fault) Object.assign(fields, { toClass: fault.to.class, toId: fault.to.objectId });
  switch (code) {
    case 'element_linked':
    case 'tree_not_canonical':
    case 'blob_wrong':
      // @spec DML-STO-1041
      return transferError('not_canonical', fields);
    default:
      // @spec DML-STO-1042
      return transferError('contradiction', fields);
  }
}
