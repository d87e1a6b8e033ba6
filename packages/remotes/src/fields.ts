import { nfcText } from '@daggerml/object-model';
import { refuseSchema, refuseValue } from './errors.ts';

/** Predicate of the values of a field. */
export type FieldForm = (value: unknown) => boolean;

const OBJECT_ID = /^[0-9a-f]{64}$/;
const WRITER_NONCE = /^[0-9a-f]{32}$/;
const REF = /^refs\/(?:heads|exec)\/[^/\p{Cc}\p{Cs}]+(?:\/[^/\p{Cc}\p{Cs}]+)*$/u;
const MAXIMUM_REF_BYTES = 300;

export const isExactly =
  (expected: number | string): FieldForm =>
  (value) =>
    value === expected;

export const isObjectId: FieldForm = (value) => typeof value === 'string' && OBJECT_ID.test(value);

export const isObjectIdOrNull: FieldForm = (value) => value === null || isObjectId(value);

export const isWriterNonce: FieldForm = (value) => typeof value === 'string' && WRITER_NONCE.test(value);

export const isCount: FieldForm = (value) => Number.isSafeInteger(value) && (value as number) >= 1;

export const isRefName: FieldForm = (value) =>
  typeof value === 'string' &&
  REF.test(value) &&
  value === nfcText(value) &&
  new TextEncoder().encode(value).byteLength <= MAXIMUM_REF_BYTES;

/**
 * Checks that `value` is an object with exactly the given fields, each of its form.
 *
 * Throws `remote_value_invalid` with `field_form`, `field_missing` or `field_unknown`.
 */
export function checkFields(
  recordType: string,
  value: unknown,
  forms: Readonly<Record<string, FieldForm>>,
): asserts value is Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    refuseValue(recordType, 'field_form');
  }
  // @spec DML-REM-0403
  for (const field of Object.keys(value)) {
    if (!Object.hasOwn(forms, field)) refuseValue(recordType, 'field_unknown');
  }
  // @spec DML-REM-0404
  for (const [field, hasForm] of Object.entries(forms)) {
    if (!Object.hasOwn(value, field)) refuseValue(recordType, 'field_missing', { fields: { field } });
    if (!hasForm((value as Record<string, unknown>)[field])) {
      refuseValue(recordType, 'field_form', { fields: { field } });
    }
  }
}

/** Checks the schema of a decoded value before its fields, so that a newer format is told apart from damage. */
export function checkSchema(recordType: string, value: unknown): void {
  const schema = (value as { readonly schema?: unknown } | null)?.schema;
  // @spec DML-REM-0405
  if (typeof schema === 'number' && schema > 1) refuseSchema(recordType, schema);
}
