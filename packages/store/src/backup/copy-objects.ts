import { hashBytes } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { type StoreError, storeError } from '../errors.ts';
import type { ObjectKeySet } from '../gc/object-key-set.ts';
import { parseObjectKey } from '../keyspace.ts';
import type { Store } from '../store.ts';
import { isTombstone } from '../tombstone.ts';
import type { ExcisedRows } from './cut.ts';

/** Keys that one step looks at. */
const STEP_KEYS = 5_000;
/** Objects and bytes that one transaction of the target takes. */
const BATCH_OBJECTS = 5_000;
const BATCH_BYTES: number = 4 * 2 ** 20;

/** What copying needs to know. */
export interface CopyPlan {
  readonly source: Engine;
  readonly target: Store;
  /** Keys of the objects to copy. */
  readonly wanted: ObjectKeySet;
  /** Keys, in hex digits, of those that the source lacked at the cut because they are withheld. */
  readonly withheld: ReadonlySet<string>;
  /** Keys, in hex digits, of what the target has a tombstone of. */
  readonly buried: ReadonlySet<string>;
  /** Keys of what was copied are added here. */
  readonly copied: ObjectKeySet;
}

/** What was copied, and what waits for the last transaction of the backup. */
export interface CopyResult {
  objects: number;
  bytes: number;
  /** Objects that the source has excised, possibly after the cut. */
  readonly excised: ExcisedRows[];
  /** Keys of objects that the source has, and the target a tombstone of. */
  readonly lifted: Buffer[];
}

interface SourceObject {
  readonly key: Buffer;
  readonly bytes: Buffer;
}

/**
 * Copies the wanted objects that the target lacks, in the order of their keys. Anything may happen to both stores
 * between two steps. Yields how many of the wanted objects were dealt with.
 */
export function* copyObjects(plan: CopyPlan): Generator<number, CopyResult, undefined> {
  const result: CopyResult = { objects: 0, bytes: 0, excised: [], lifted: [] };
  let batch: SourceObject[] = [];
  let batchBytes = 0;
  const flush = (): void => {
    putBatch(plan, batch);
    result.objects += batch.length;
    result.bytes += batchBytes;
    batch = [];
    batchBytes = 0;
    refreshSnapshot(plan.source);
  };
  let done = 0;
  for (let keys = nextKeys(plan.source); keys.length > 0; keys = nextKeys(plan.source, keys.at(-1))) {
    const held = heldKeys(plan.target.engine, keys);
    for (const key of keys) {
      if (!plan.wanted.has(key)) continue;
      if (!plan.withheld.has(key.toString('hex'))) done += 1;
      // @spec DML-STO-1411
      if (held.has(key.toString('hex')) && !plan.buried.has(key.toString('hex'))) continue;
      const bytes = readRow(plan.source, 'objects', key) ?? Buffer.alloc(0);
      if (!isWhole(key, bytes)) result.excised.push(excisedRows(plan.source, key, bytes));
      else if (held.has(key.toString('hex'))) result.lifted.push(key);
      else {
        batch.push({ key, bytes });
        batchBytes += bytes.length;
      }
      if (batchBytes < BATCH_BYTES && batch.length < BATCH_OBJECTS) continue;
      flush();
      yield done;
    }
    yield done;
  }
  flush();
  // @spec DML-STO-1402
  if (done < plan.wanted.size - plan.withheld.size)
    throw storeError('backup_refused', { detail: 'source_changed' });
  return result;
}

/** Reads the next keys of objects at the newest commit. */
function nextKeys(source: Engine, after?: Buffer): Buffer[] {
  // @spec DML-STO-1405
  refreshSnapshot(source);
  const range = after === undefined ? {} : { start: after, exclusiveStart: true };
  return readKeys(source, 'objects', { ...range, limit: STEP_KEYS });
}

/** Returns which of some sorted keys the target has rows for, in hex digits. */
function heldKeys(target: Engine, keys: readonly Buffer[]): ReadonlySet<string> {
  refreshSnapshot(target);
  const [first, last] = [keys[0] as Buffer, keys.at(-1) as Buffer];
  const rows = readKeys(target, 'objects', { start: first, end: Buffer.concat([last, Buffer.alloc(1)]) });
  return new Set(rows.map((key) => key.toString('hex')));
}

/** Checks whether bytes are those of an object, by their hash. */
function isWhole(key: Uint8Array, bytes: Uint8Array): boolean {
  return hashBytes(bytes) === parseObjectKey(key)?.id;
}

/** Returns the rows of an object whose row does not hash to its id, so it was excised or is damaged. */
function excisedRows(source: Engine, key: Buffer, tombstone: Buffer): ExcisedRows {
  const note = readRow(source, 'excised', key);
  if (note !== undefined && isTombstone(key, tombstone)) return { key, tombstone, note };
  // @spec DML-STO-1406
  throw damaged(source, key);
}

function damaged({ path }: Engine, key: Uint8Array): StoreError {
  const object = parseObjectKey(key);
  return storeError('store_damaged', {
    path,
    table: 'objects',
    detail: 'hash_mismatch',
    ...(object && { class: object.class, objectId: object.id }),
  });
}

function putBatch({ target, copied }: CopyPlan, batch: readonly SourceObject[]): void {
  if (batch.length === 0) return;
  target.transact('backup/copy', (transaction) => {
    for (const { key, bytes } of batch) {
      const object = parseObjectKey(key);
      if (object !== undefined) transaction.putHashed(object.class, object.id, bytes);
    }
  });
  for (const { key } of batch) copied.add(key);
}

/** Reads what was copied from the target and throws `store_damaged` unless it is whole. Yields how many it read. */
export function* readBack({ engine }: Store, copied: ObjectKeySet): Generator<number, void, undefined> {
  for (let ordinal = 0; ordinal < copied.size; ordinal += 1) {
    if (ordinal % STEP_KEYS === 0) {
      refreshSnapshot(engine);
      yield ordinal;
    }
    const key = copied.keyAt(ordinal);
    const bytes = readRow(engine, 'objects', key);
    // @spec DML-STO-1407
    if (bytes === undefined || !isWhole(key, bytes)) throw damaged(engine, key);
  }
}
