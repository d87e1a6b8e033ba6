import { ENGINE_VERSION } from '../engine/engine-options.ts';
import type { CheckSchema } from '../engine/tables.ts';
import { storeError } from '../errors.ts';
import { textKey } from './keyspace.ts';
import { decodeMeta, type MetaKey, type MetaValue } from './meta.ts';

/** The schema this code writes. */
export const SCHEMA_VERSION = 1;

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

/** Refuses files of another schema and of a newer engine. */
export const checkSchema: CheckSchema = (readMetaRow) => {
  const read = (key: MetaKey): MetaValue | undefined => {
    const row = readMetaRow(textKey(key));
    return row && decodeMeta(key, row);
  };
  const schema = read('schema');
  if (typeof schema !== 'number')
    throw storeError('store_damaged', { table: 'meta', detail: 'schema_unknown' });
  const facts = { schema, supported: SCHEMA_VERSION };
  // @spec DML-STO-0021
  if (schema > SCHEMA_VERSION) throw storeError('schema_newer', facts);
  // @spec DML-STO-1904
  if (schema < SCHEMA_VERSION) throw storeError('schema_older', facts);
  const engine = read('engine');
  // @spec DML-STO-0112
  if (typeof engine === 'string' && compareVersions(engine, ENGINE_VERSION) > 0)
    throw storeError('engine_older', { engine, supported: ENGINE_VERSION });
};
