import { hashBytes } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { type StoreError, storeError } from '../errors.ts';
import { isTombstone } from '../objects/tombstone.ts';
import type { Store } from '../store.ts';
import { parseObjectKey } from '../tables/keyspace.ts';
import type { ObjectKeySet } from '../walk/object-key-set.ts';
import type { Tracer } from '../walk/tracer.ts';
import type { ExcisedRows } from './cut.ts';

/** Keys that one step looks at. */
const STEP_KEYS = 5_000;
/** Objects and bytes that one transaction of the target takes. */
const BATCH_OBJECTS = 5_000;
const BATCH_BYTES: number = 4 * 2 ** 20;

/** Plan of a copy. */
export interface CopyPlan {
  readonly source: Engine;
  readonly target: Store;
  /** The walk that found the objects to copy. */
  readonly tracer: Tracer;
  /** Keys, in hex digits, of what the source held the stub or the tombstone of at the cut. */
  readonly withheld: ReadonlySet<string>;
  readonly excised: ReadonlySet<string>;
  /** Keys, in hex digits, of what the target has a tombstone of. */
  readonly buried: ReadonlySet<string>;
  /** Keys of what was copied are added here. */
  readonly copied: ObjectKeySet;
}

/** Result of a copy, with what the last transaction of the backup has to do. */
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
  const { tracer } = plan;
  const wanted = tracer.found;
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
      if (!wanted.has(key)) continue;
      const hex = key.toString('hex');
      const isFollowed = tracer.isFollowed(key);
      // One that came after the walk has links which the walk did not follow. @spec DML-STO-1425
      if (!isFollowed && plan.withheld.has(hex)) continue;
      done += 1;
      // @spec DML-STO-1411
      if (held.has(hex) && !plan.buried.has(hex)) continue;
      const bytes = readRow(plan.source, 'objects', key) ?? Buffer.alloc(0);
      if (!isWhole(key, bytes)) result.excised.push(excisedRows(plan.source, key, bytes));
      else if (!isFollowed) {
        // @spec DML-STO-1426
        if (!plan.excised.has(hex)) throw storeError('backup_refused', { detail: 'source_changed' });
      } else if (held.has(hex)) result.lifted.push(key);
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
  if (done < wanted.size - countUnfollowed(plan))
    throw storeError('backup_refused', { detail: 'source_changed' });
  return result;
}

/** Returns how many of the withheld objects the walk met as such. */
function countUnfollowed({ tracer, withheld }: CopyPlan): number {
  let count = 0;
  for (const key of withheld) if (!tracer.isFollowed(Buffer.from(key, 'hex'))) count += 1;
  return count;
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
export function isWhole(key: Uint8Array, bytes: Uint8Array): boolean {
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

/**
 * Reads objects of the target and throws `store_damaged` for one that is not whole, or is not there and was copied.
 * Yields how many it read.
 */
export function* readBack(
  { engine }: Store,
  keys: ObjectKeySet,
  copied: ObjectKeySet,
): Generator<number, void, undefined> {
  for (let ordinal = 0; ordinal < keys.size; ordinal += 1) {
    if (ordinal % STEP_KEYS === 0) {
      refreshSnapshot(engine);
      yield ordinal;
    }
    const key = keys.keyAt(ordinal);
    const bytes = readRow(engine, 'objects', key);
    // @spec DML-STO-1407
    if (bytes === undefined ? copied.has(key) : !isWhole(key, bytes)) throw damaged(engine, key);
  }
}
