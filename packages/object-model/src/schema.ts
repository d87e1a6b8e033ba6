import { fail } from './errors.ts';
import type { Datum } from './records/record-types.ts';
import type { PageSource } from './search-tree/page-store.ts';
import { treeGet } from './search-tree/read-tree.ts';

/** Key under which a map carries its schema. */
const SCHEMA_KEY = 'schema';

/**
 * Checks the schema that a datum carries, and returns it: a map with an i64 from 1 to `highest`, the greatest schema
 * that the caller reads, under the key `schema`; infinity for a caller who reads none of the other keys.
 *
 * Throws `invalid_payload` with `schema_form`, or with `newer_schema` for one above `highest`.
 */
export function checkSchema(datum: Datum, highest: number, pages: PageSource): number {
  const element = datum.kind === 'map' ? treeGet('map', datum.root, SCHEMA_KEY, pages)?.[1] : undefined;
  // @spec DML-OBJ-0902
  if (typeof element !== 'object' || element.kind !== 'i64' || element.value < 1n) fail('schema_form');
  // @spec DML-OBJ-0903
  if (element.value > highest) fail('newer_schema');
  return Number(element.value);
}
