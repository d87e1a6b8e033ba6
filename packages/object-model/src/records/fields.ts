import { bytesOfHex, hexOf } from '../bytes.ts';
import { type CborValue, CODEC_DAG_CBOR, CODEC_RAW, Link } from '../cbor/value.ts';
import type { ErrorDetail } from '../error-table.ts';
import { fail } from '../errors.ts';
import type { ObjectIds } from '../ids.ts';
import type { ObjectClass } from '../object-class.ts';

/** The fields of a record behind format version and type number. */
export type Fields = readonly CborValue[];

/**
 * Checks the number of fields.
 *
 * @spec DML-OBJ-0208
 */
export function checkFieldCount(fields: Fields, min: number, max: number = min): void {
  if (fields.length < min || fields.length > max) {
    fail('field_count', { count: fields.length, min, max });
  }
}

/** Returns a link field as the id of its class. */
export function readLink<Class extends ObjectClass>(
  value: CborValue | undefined,
  objectClass: Class,
): ObjectIds[Class] {
  // @spec DML-OBJ-0226
  if (!(value instanceof Link)) fail('field_type', { expected: 'link' });
  // @spec DML-OBJ-0304
  if (value.codec !== (objectClass === 'chunk' ? CODEC_RAW : CODEC_DAG_CBOR)) fail('link_codec');
  return value.id as ObjectIds[Class];
}

/** Returns an integer field from 0 to 2^53-1; floats and texts are another type. */
export function readCount(value: CborValue | undefined): number {
  if (typeof value === 'bigint') fail('integer_range');
  if (typeof value !== 'number') fail('field_type', { expected: 'integer' });
  return checkCount(value);
}

/**
 * Checks an integer from 0 to 2^53-1, the range of every integer field other than an i64.
 *
 * @spec DML-OBJ-0702
 */
export function checkCount(value: unknown): number {
  if (typeof value !== 'number') fail('field_type', { expected: 'integer' });
  if (!Number.isSafeInteger(value) || value < 0) fail('integer_range');
  return value + 0;
}

/**
 * Returns an integer field that stands for a kind, role, status or class; a caller that does not know it refuses it
 * with `other`. What is above `highest`, the greatest that this version knows, is refused as newer.
 *
 * @spec DML-OBJ-0234
 */
export function readRegistered(value: CborValue | undefined, highest: number, other: ErrorDetail): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') fail('field_type', { expected: 'integer' });
  if (value > highest) fail('newer_kind');
  return typeof value === 'number' ? value : fail(other);
}

/** Returns a byte string field of exactly `length` bytes as lowercase hex. */
export function readHex(value: CborValue | undefined, length: number): string {
  if (!(value instanceof Uint8Array)) fail('field_type', { expected: 'bytes' });
  // @spec DML-OBJ-0404
  if (value.length !== length) fail('id_length', { length: value.length, expected: length });
  return hexOf(value);
}

/** Returns the bytes of lowercase hex of a fixed length. Throws `invalid_payload` with `id_form`. */
export function hexField(hex: unknown, length: number): Uint8Array {
  const bytes = typeof hex === 'string' && hex.length === length * 2 ? bytesOfHex(hex) : undefined;
  return bytes ?? fail('id_form');
}

/** Returns an array field. */
export function readArray(value: CborValue | undefined): Fields {
  if (!Array.isArray(value)) fail('field_type', { expected: 'array' });
  return value as Fields;
}

/** Checks a truth value. */
export function checkBool(value: unknown): boolean {
  return typeof value === 'boolean' ? value : fail('field_type', { expected: 'bool' });
}
