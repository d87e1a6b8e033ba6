import * as z from 'zod';
import { fail } from '../errors.ts';
import type { RecordType } from '../object-class.ts';
import { encodeRecord, withRecordType } from '../records/encode-record.ts';
import type { AnyRecord } from '../records/record-types.ts';
import type { ObjectForm } from './object-form.ts';
import { RECORD_FORMS } from './record-forms.ts';

/** A value that JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Schema of the JSON form of any record; it accepts the shape, {@link recordFromJson} checks the rest. */
export const recordJsonSchema: z.ZodType = z.union(
  Object.values(RECORD_FORMS).flatMap((forms) => forms.map(({ form }) => form)),
);

/**
 * Returns the JSON form of a record, a plain value for `JSON.stringify`.
 *
 * The record must be one that `encodeRecord` accepts. Throws `DmlError`.
 *
 * @spec DML-OBJ-2201
 */
export function recordToJson(record: AnyRecord): JsonValue {
  return z.encode(formOf(record).form, record) as JsonValue;
}

/**
 * Returns the record of a JSON form, checked as `encodeRecord` checks it.
 *
 * Throws `invalid_payload` with `json_form` for another shape, and what `encodeRecord` throws.
 */
export function recordFromJson(json: unknown): AnyRecord {
  const { form, constants } = formOf(json);
  let field: string | undefined;
  try {
    const parsed = z.safeDecode(form, json);
    if (parsed.success) {
      // @spec DML-OBJ-2211
      encodeRecord(parsed.data as AnyRecord);
      return parsed.data as AnyRecord;
    }
    field = parsed.error.issues[0]?.path.join('.');
  } catch (error) {
    throw withRecordType(error, constants.type);
  }
  // @spec DML-OBJ-2203
  return fail('json_form', { field: field ?? '' });
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
