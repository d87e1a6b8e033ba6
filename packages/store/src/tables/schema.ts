import { ENGINE_VERSION } from '../engine/engine-options.ts';
import type { CheckSchema } from '../engine/tables.ts';
import { type StoreError, storeError } from '../errors.ts';
import { textKey } from './keyspace.ts';
import { decodeMeta, type MetaKey, type MetaValue } from './meta.ts';

/** The schema this code writes. */
export const SCHEMA_VERSION = 1;

/** Returns the error of a file whose schema is newer than this code. */
export function newerSchema(schema: number): StoreError {
  return storeError('schema_newer', { schema, supported: SCHEMA_VERSION });
}

function versionParts(version: string): number[] {
  return version.split('.').map(Number);
}

/** Orders two dotted version numbers like `Array.sort` wants it. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [versionParts(left), versionParts(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Returns the check that refuses files of a newer schema or engine, and older ones opened for reading. */
export function checkSchema(readOnly: boolean): CheckSchema {
  return (readMetaRow) => {
    const read = (key: MetaKey): MetaValue | undefined => {
      const row = readMetaRow(textKey(key));
      return row && decodeMeta(key, row);
    };
    const schema = read('schema');
    if (typeof schema !== 'number')
      throw storeError('store_damaged', { table: 'meta', detail: 'schema_unknown' });
    // @spec DML-STO-0021
    if (schema > SCHEMA_VERSION) throw newerSchema(schema);
    // @spec DML-STO-0024
    if (schema < SCHEMA_VERSION && readOnly)
      throw storeError('schema_older', { schema, supported: SCHEMA_VERSION });
    const engine = read('engine');
    // @spec DML-STO-0112
    if (typeof engine === 'string' && compareVersions(engine, ENGINE_VERSION) > 0) {
      throw storeError('engine_older', { engine, supported: ENGINE_VERSION });
    }
  };
}
