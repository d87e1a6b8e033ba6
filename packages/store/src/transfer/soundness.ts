import { decodeRecord, isDmlError, PAGE_ROLE_NUMBERS, type PageRole } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, readRow } from '../engine/reading.ts';
import type { RecordClass } from '../objects/objects.ts';
import { CLASS_BYTES, describeKey, idOfKey, OBJECT_KEY_BYTES, parseObjectKey } from '../tables/keyspace.ts';
import { MAX_INLINE_RECORD_BYTES, ObjectCheck } from '../verify/object-check.ts';
import type { ObjectFault } from '../verify/object-fault.ts';
import type { LinkScan } from '../walk/link-scan.ts';
import { RowReader } from '../walk/row-reader.ts';
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
export async function checkSound(engine: Engine, reached: Reached): Promise<void> {
  const { keys, checked, filled } = reached;
  const rows = new RowReader(engine);
  const check = new ObjectCheck(
    engine,
    (key) => !hasRow(engine, 'objects', key) || hasRow(engine, 'excised', key),
  );
  const count = checked.length + filled.length;
  for (let index = 0; index < count; index += 1) {
    if (index % STEP_OBJECTS === 0) await nextTurn(engine);
    const key = filled[index] ?? keys.keyAt(checked[index - filled.length] as number);
    if (linksLongDatums(rows, key, reached)) continue;
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

const numbersOf = (...roles: readonly PageRole[]): ReadonlySet<number> =>
  new Set(roles.map((role) => PAGE_ROLE_NUMBERS[role]));
/** Roles of pages that hold elements, and of those whose entries say of which node what they lead to is. */
const ELEMENT_ROLES: ReadonlySet<number> = numbersOf('list', 'set', 'map');
const PAIR_ROLES: ReadonlySet<number> = numbersOf('pins', 'requests');

/**
 * Checks whether a present object may have a fault that its own bytes do not show, from the record that was just scanned:
 * most do not, since they link to nothing or say nothing of what they link to.
 */
export function mayContradict(
  key: Uint8Array,
  { links, linkCount, type, kind }: Pick<LinkScan, 'links' | 'linkCount' | 'type' | 'kind'>,
): boolean {
  if (type === 0) return false;
  if (type !== key[0]) return true;
  // Whatever holds the tree that a page is of has its form checked.
  if (type === CLASS_BYTES.page) return linkCount > 0 && (ELEMENT_ROLES.has(kind) || PAIR_ROLES.has(kind));
  if (type === CLASS_BYTES.datum) return linkCount > 0;
  if (!PLAIN_CLASSES.has(type)) return true;
  for (let index = 0; index < linkCount; index += 1)
    if (links[index * OBJECT_KEY_BYTES] === CLASS_BYTES.page) return true;
  return false;
}

/**
 * Checks whether a page of elements links to none but datums that the walk has found too long to stand inline: that is
 * all that is asked of such a page by itself.
 */
function linksLongDatums(rows: RowReader, key: Uint8Array, { keys, knownCount, short }: Reached): boolean {
  if (key[0] !== CLASS_BYTES.page || rows.look(key) !== 'present') return false;
  if (rows.type !== CLASS_BYTES.page || !ELEMENT_ROLES.has(rows.kind)) return false;
  for (let offset = 0; offset < rows.linkCount * OBJECT_KEY_BYTES; offset += OBJECT_KEY_BYTES) {
    if (rows.links[offset] !== CLASS_BYTES.datum) continue;
    const ordinal = keys.ordinalOf(rows.links, offset);
    if (ordinal === undefined || ordinal < knownCount || includes(short, ordinal)) return false;
  }
  return true;
}

/** Checks whether a number is among ascending ones. */
function includes(numbers: readonly number[], wanted: number): boolean {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted;
}

/** Checks whether a record that was just scanned is a datum short enough to stand inline. */
export function mayStandInline({ type }: Pick<LinkScan, 'type'>, sizeBytes: number): boolean {
  return type === CLASS_BYTES.datum && sizeBytes <= MAX_INLINE_RECORD_BYTES;
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
