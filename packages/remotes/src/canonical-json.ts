import { refuseValue } from './errors.ts';

/** A value that has exactly one canonical JSON text. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Size above which a manifest or ref pointer is refused unread. */
const MAXIMUM_VALUE_BYTES = 1_048_576;

/**
 * Returns UTF-8 JSON with sorted keys, no white space and one line feed at the end.
 *
 * Throws `remote_value_invalid` with `size`.
 *
 * @spec DML-REM-0401
 */
export function encodeCanonicalJson(value: JsonValue, recordType: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${JSON.stringify(sorted(value))}\n`);
  return bytes.byteLength > MAXIMUM_VALUE_BYTES ? refuseValue(recordType, 'size') : bytes;
}

/**
 * Returns the value of JSON bytes, canonical or not; see `checkCanonical`.
 *
 * Throws `remote_value_invalid` with `size` or `json`.
 */
export function decodeJson(bytes: Uint8Array, recordType: string): unknown {
  // @spec DML-REM-0410
  if (bytes.byteLength > MAXIMUM_VALUE_BYTES) refuseValue(recordType, 'size');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    return refuseValue(recordType, 'json', { cause });
  }
}

/** Throws `remote_value_invalid` with `not_canonical` unless `bytes` are the encoding of their value. */
export function checkCanonical(recordType: string, bytes: Uint8Array, encodedAgain: Uint8Array): void {
  // @spec DML-REM-0402
  if (!Buffer.from(encodedAgain).equals(bytes)) refuseValue(recordType, 'not_canonical');
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]));
}
