import type { Engine } from '../engine/engine.ts';
import { assertReadable } from '../objects/objects.ts';
import { OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { type LookedRecord, RowReader } from '../walk/row-reader.ts';

export interface LinkOrderOptions {
  /** Keys of objects that are left out. */
  readonly known?: ObjectKeySet | undefined;
  /** Reader of rows, which shows most records when their keys are yielded. */
  readonly rows?: RowReader | undefined;
}

/** Longer records are read again. */
const MAX_KEPT_BYTES = 4096;

function copyOf(record: LookedRecord | undefined): LookedRecord | undefined {
  if (record === undefined || record.bytes.length > MAX_KEPT_BYTES) return undefined;
  return { id: record.id, bytes: Buffer.from(record.bytes) };
}

/**
 * Yields the keys of what some objects reach, each after all that it links to, and once; views that stay valid. Keys
 * of the set `known` are left out, with what only they reach.
 * Links form no cycles, since an id is a hash of what it names. Absent objects are yielded like present ones.
 * Throws as reading does where an object is damaged or of a newer format, since it is unknown what it links to.
 *
 * @spec DML-STO-1007
 */
export function* inLinkOrder(
  engine: Engine,
  roots: readonly Uint8Array[],
  { known, rows = new RowReader(engine) }: LinkOrderOptions = {},
): Generator<Uint8Array, void, undefined> {
  const keys = new ObjectKeySet();
  const isEntered: boolean[] = [];
  const ordinalOf = (bytes: Uint8Array, offset = 0): number => {
    if (!keys.add(bytes, offset)) return keys.ordinalOf(bytes, offset) as number;
    return isEntered.push(false) - 1;
  };
  // The record entered last, which is mostly left next: no need to read it twice.
  let entered = -1;
  let record: LookedRecord | undefined;
  // Ordinals of objects to enter, and complements of those to leave.
  const stack = roots.map((root) => ordinalOf(root)).reverse();
  for (let ordinal = stack.pop(); ordinal !== undefined; ordinal = stack.pop()) {
    if (ordinal < 0) {
      const left = keys.keyAt(~ordinal);
      if (~ordinal === entered && record !== undefined) rows.recall(left, record);
      yield left;
      continue;
    }
    if (isEntered[ordinal] === true) continue;
    isEntered[ordinal] = true;
    const key = keys.keyAt(ordinal);
    if (known?.has(key)) continue;
    const state = rows.look(key);
    // @spec DML-STO-1043
    if (state === 'newer' || state === 'damaged') assertReadable(engine, key);
    if (rows.linkCount === 0) {
      yield key;
      continue;
    }
    stack.push(~ordinal);
    entered = ordinal;
    record = copyOf(rows.recordUnder(key));
    for (let index = rows.linkCount - 1; index >= 0; index -= 1) {
      const linked = ordinalOf(rows.links, index * OBJECT_KEY_BYTES);
      if (isEntered[linked] !== true) stack.push(linked);
    }
  }
}
