import * as z from 'zod';
import { fail } from '../errors.ts';
import type { RecordType } from '../object-class.ts';
import { encodeRecord, withRecordType } from '../records/encode-record.ts';
import type { AnyRecord } from '../records/record-types.ts';
import { type ObjectForm, objectFromJson, objectSchema, objectToJson } from './object-form.ts';
import { RECORD_FORMS } from './record-forms.ts';

/** A value that JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

const SCHEMAS = new Map<ObjectForm, z.ZodObject>();

function schemaOf(form: ObjectForm): z.ZodObject {
  let schema = SCHEMAS.get(form);
  if (schema === undefined) {
    schema = objectSchema(form);
    SCHEMAS.set(form, schema);
  }
  return schema;
}

/** Schema of the JSON form of any record; it accepts the shape, {@link recordFromJson} checks the rest. */
export const recordJsonSchema: z.ZodType = z.union(
  Object.values(RECORD_FORMS).flatMap((forms) => forms.map(schemaOf)),
);

/**
 * Returns the JSON form of a record, a plain value for `JSON.stringify`.
 *
 * The record must be one that `encodeRecord` accepts. Throws `DmlError`.
 *
 * @spec DML-OBJ-2201
 */
export function recordToJson(record: AnyRecord): JsonValue {
  return objectToJson(formOf(record), record) as JsonValue;
}

/**
 * Returns the record of a JSON form, checked as `encodeRecord` checks it.
 *
 * Throws `invalid_payload` with `json_form` for another shape, and what `encodeRecord` throws.
 */
export function recordFromJson(json: unknown): AnyRecord {
  const form = formOf(json);
  const parsed = schemaOf(form).safeParse(json);
  // @spec DML-OBJ-2203
  if (!parsed.success) fail('json_form', { field: parsed.error.issues[0]?.path.join('.') ?? '' });
  try {
    const record = objectFromJson(form, json as object) as unknown as AnyRecord;
    // @spec DML-OBJ-2211
    encodeRecord(record);
    return record;
  } catch (error) {
    throw withRecordType(error, form.constants.type);
  }
}

/** Finds the shape by its constants, which JSON and record share. */
function formOf(value: unknown): ObjectForm {
  if (typeof value !== 'object' || value === null) return fail('json_form');
  const members = value as Readonly<Record<string, unknown>>;
  const type = members.type;
  const isKnown = typeof type === 'string' && Object.hasOwn(RECORD_FORMS, type);
  const forms = isKnown ? RECORD_FORMS[type as RecordType] : [];
  const candidates = forms.filter((form) =>
    Object.entries(form.constants).every(([name, constant]) => members[name] === constant),
  );
  // Pages have two shapes under the same constants, told apart by their level.
  const form = candidates.length > 1 && members.level !== 0 ? candidates[1] : candidates[0];
  return form ?? fail('json_form', { field: 'type' });
}
