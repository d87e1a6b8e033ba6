import type { Engine } from './engine/engine.ts';
import { storeError } from './errors.ts';
import { readMeta } from './meta.ts';

/** The schema this code writes. */
export const SCHEMA_VERSION = 1;

/** Yields the schema of an open file; throws `schema_newer` for one this code does not know. */
export function checkSchema(engine: Engine): number {
  const schema = readMeta(engine, 'schema');
  if (typeof schema !== 'number') throw storeError('store_damaged', { table: 'meta', detail: 'schema_unknown' });
  if (schema > SCHEMA_VERSION) throw storeError('schema_newer', { schema, supported: SCHEMA_VERSION });
  return schema;
}
