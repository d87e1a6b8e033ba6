import { hashBytes } from '@daggerml/object-model';
import { open } from 'lmdb';
import { isTombstone } from '../objects/tombstone.ts';
import { HeldFolder } from '../store-folder/held-folder.ts';
import { decodeRow } from '../tables/checksummed-row.ts';
import type { DeepCheckReport } from './deep-check-report.ts';
import { DEFAULT_MAP_BYTES, engineOptions } from './engine-options.ts';
import type { RawRoot } from './raw-engine.ts';
import { openTables, TABLE_NAMES, type TableName } from './tables.ts';

const MAX_FINDINGS = 1000;

/** Yields what is wrong with one row, undefined when nothing is. */
function inspectRow(table: TableName, key: Buffer, value: Buffer): string | undefined {
  if (table === 'cache') return undefined;
  if (table === 'objects') {
    const matches = key.length === 33 && hashBytes(value) === key.subarray(1).toString('hex');
    return matches || isTombstone(key, value) ? undefined : 'hash_mismatch';
  }
  try {
    decodeRow(table, key, value);
    return undefined;
  } catch {
    return 'row_checksum';
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads every row of the store at `path` through the engine; a damaged file may end the process. */
function inspectStore(path: string): DeepCheckReport {
  const way = HeldFolder.open(path).reach('');
  const root = open(engineOptions(way, true, DEFAULT_MAP_BYTES)) as unknown as RawRoot;
  const tables = openTables(root);
  const damaged: { table: string; key: string; detail: string }[] = [];
  let rows = 0;
  let objects = 0;
  for (const table of TABLE_NAMES) {
    for (const row of tables[table]?.getRange({ snapshot: false }) ?? []) {
      rows += 1;
      if (table === 'objects') objects += 1;
      const key = asBuffer(row.key as Uint8Array);
      const detail = inspectRow(table, key, asBuffer(row.value));
      if (detail !== undefined && damaged.length < MAX_FINDINGS) {
        damaged.push({ table, key: key.toString('hex'), detail });
      }
    }
  }
  return { rows, objects, damaged };
}

const path = process.argv[2];
if (path !== undefined) process.stdout.write(JSON.stringify(inspectStore(path)));
