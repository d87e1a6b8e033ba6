import * as z from 'zod';
import { recordJsonSchema } from './record-json.ts';

/**
 * Returns the JSON Schema (draft 2020-12) of the JSON form of records.
 *
 * @spec DML-OBJ-2210
 */
export function recordJsonSchemaDocument(): Record<string, unknown> {
  const document = z.toJSONSchema(recordJsonSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    $id: 'https://daggerml.com/schema/record-1.json',
    title: 'DaggerML record, JSON form',
    ...document,
  };
}
