import { hashBytes } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { type StoreError, storeError } from '../errors.ts';
import { isTombstone } from '../objects/tombstone.ts';
import type { Store } from '../store.ts';
import { parseObjectKey } from '../tables/keyspace.ts';
import type { ObjectKeySet } from '../walk/object-key-set.ts';

/** Keys that one step looks at. */
const STEP_KEYS = 5_000;
/** Objects and bytes that one transaction of the target takes. */
const BATCH_OBJECTS = 5_000;
const BATCH_BYTES: number = 4 * 2 ** 20;

/** Plan of a copy. */
export interface CopyPlan {
  readonly source: Engine;
  readonly target: Store;
  /** Keys of what the refs and holds of the cut reach. */
  readonly wanted: ObjectKeySet;
  /** Keys, in hex digits, of what the source had the stub or the tombstone of at the cut. */
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
  const { wanted, withheld } = plan;
  const result: CopyResult = { objects: 0, bytes: 0, lifted: [] };
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
      done += 1;
      // What was withheld at the cut has links that the walk did not follow.
      if (withheld.has(hex)) throw sourceChanged();
      // @spec DML-STO-1411
      if (held.has(hex) && !plan.buried.has(hex)) continue;
      const bytes = readRow(plan.source, 'objects', key) ?? Buffer.alloc(0);
      const isExcised = isTombstone(key, bytes);
      // @spec DML-STO-1406
      if (!isExcised && !isWhole(key, bytes)) throw damaged(plan.source, key);
      // @spec DML-STO-1905
      if (isExcised !== plan.excised.has(hex)) throw sourceChanged();
      if (isExcised) continue;
      if (held.has(hex)) result.lifted.push(key);
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
  if (done < wanted.size - withheld.size) throw sourceChanged();
  return result;
}

function sourceChanged(): StoreError {
  return storeError('backup_refused', { detail: 'source_changed' });
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
