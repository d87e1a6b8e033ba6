import type { ExecId } from '@daggerml/object-model';
import { hasRow } from '../engine/reading.ts';
import { executionKeyOf } from '../objects/links.ts';
import { readObject } from '../objects/objects.ts';
import { CLASS_BYTES, parseObjectKey } from '../tables/keyspace.ts';
import type { RowReader } from '../walk/row-reader.ts';
import type { TallyCounter } from '../walk/tally.ts';
import type { Tracer } from '../walk/tracer.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { GarbageSet } from './garbage-set.ts';

/** Context of a slice. */
export interface SweepContext {
  readonly tracer: Tracer;
  readonly garbage: GarbageSet;
  readonly swept: TallyCounter;
  readonly rows: RowReader;
}

/**
 * Deletes up to `limit` garbage objects that have not come into use and returns how many it looked at.
 * The caller has made sure, in this transaction, that the tracer knows every object in use.
 */
export function sweepSlice(transaction: WriteTransaction, context: SweepContext, limit: number): number {
  const { tracer, garbage, swept, rows } = context;
  const { engine } = transaction;
  for (let looked = 0; looked < limit; looked += 1) {
    const key = garbage.take();
    if (key === undefined) return looked;
    // @spec DML-STO-0722
    if (tracer.found.has(key)) continue;
    const state = rows.look(key);
    if (state !== 'present' && state !== 'damaged') continue;
    const classByte = key[0] as number;
    // @spec DML-STO-0726
    if (classByte === CLASS_BYTES.chunk && hasRow(engine, 'excised', key)) continue;
    if (classByte === CLASS_BYTES.exec && state === 'present') dropCacheEntry(transaction, key);
    // @spec DML-STO-0723
    transaction.deleteRow('objects', key);
    swept.add(classByte, rows.sizeBytes);
    garbage.release(rows.links, rows.linkCount);
  }
  return limit;
}

/** Deletes the entry of an exec in the derived index, which must not name one that is gone. */
function dropCacheEntry(transaction: WriteTransaction, key: Uint8Array): void {
  const object = parseObjectKey(key);
  if (object === undefined) return;
  const bytes = readObject(transaction.engine, 'exec', object.id);
  const executionKey = bytes && executionKeyOf(bytes);
  // @spec DML-STO-0727
  if (executionKey !== undefined) transaction.deleteCacheEntry(executionKey, object.id as ExecId);
}
