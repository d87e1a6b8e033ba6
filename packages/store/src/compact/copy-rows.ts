import { setImmediate } from 'node:timers/promises';
import { hashBytes } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { iterateRows, type Row } from '../engine/reading.ts';
import { SpaceGuard } from '../engine/space-guard.ts';
import { TABLE_NAMES, type TableName } from '../engine/tables.ts';
import type { StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { isTombstone } from '../objects/tombstone.ts';
import { decodeRow } from '../tables/checksummed-row.ts';
import { idOfKey, OBJECT_KEY_BYTES } from '../tables/keyspace.ts';

const BATCH_BYTES: number = 8 * 2 ** 20;
const BATCH_ROWS = 20_000;

/** Refuses a row that is not what the store wrote. */
function checkRow(table: TableName, { key, value }: Row): void {
  if (table === 'cache') return;
  if (table !== 'objects') {
    decodeRow(table, key, value);
    return;
  }
  const isObject = key.length === OBJECT_KEY_BYTES;
  if (isObject && (hashBytes(value) === idOfKey(key) || isTombstone(key, value))) return;
  // @spec DML-STO-1107
  throw storeError('store_damaged', {
    table,
    detail: 'hash_mismatch',
    objectId: isObject ? idOfKey(key) : '',
  });
}

function hasChecksum(table: TableName, { key, value }: Row): boolean {
  try {
    decodeRow(table, key, value);
    return true;
  } catch {
    return false;
  }
}

/** Copies every row of every table into an empty file, in key order, and returns how many there were. */
export async function copyRows(
  from: Engine,
  to: Engine,
  environment: StoreEnvironment,
  onProgress: (rows: number) => void,
): Promise<number> {
  let copied = 0;
  let batch: Row[] = [];
  let batchBytes = 0;
  for (const table of TABLE_NAMES) {
    const flush = async (): Promise<void> => {
      const rows = batch;
      const space = new SpaceGuard(to, environment, true);
      to.root.transactionSync(() => {
        for (const row of rows) {
          // @spec DML-STO-0175
          space.add(row.value.length);
          space.addNew(row.value.length);
          // @spec DML-STO-0804 DML-STO-1101
          to.tables[table].putSync(row.key, row.value);
        }
        space.check();
        space.reserve();
      });
      copied += rows.length;
      onProgress(copied);
      batch = [];
      batchBytes = 0;
      await setImmediate();
    };
    // The engine fills a page to its end when keys arrive in order. @spec DML-STO-1108
    for (const row of iterateRows(from, table)) {
      // @spec DML-STO-0585
      if (table === 'files' && !hasChecksum(table, row)) continue;
      checkRow(table, row);
      batch.push(row);
      batchBytes += row.value.length;
      if (batchBytes >= BATCH_BYTES || batch.length >= BATCH_ROWS) await flush();
    }
    if (batch.length > 0) await flush();
  }
  return copied;
}
