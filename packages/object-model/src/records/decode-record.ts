import { decodeCbor } from '../cbor/decode.ts';
import { fail, objectModelError } from '../errors.ts';
import { RECORD_TYPE_NUMBERS, type RecordType, recordTypeOf } from '../object-class.ts';
import { RECORD_CODECS } from './codecs.ts';
import { FORMAT_VERSION, MAX_RECORD_BYTES, withRecordType } from './encode-record.ts';
import type { Fields } from './fields.ts';
import type { AnyRecord, Records } from './record-types.ts';
import { decodeByTemplate } from './template.ts';

/**
 * Decodes a record strictly: what is accepted encodes to the same bytes again.
 *
 * `expected` is the type the place of the bytes calls for. Nothing in the result shares memory with `bytes`.
 * Throws `DmlError` only: `invalid_payload` with `excised` where a tombstone stands in the place of an object,
 * and the codes and details of this package otherwise.
 */
export function decodeRecord<Type extends RecordType>(bytes: Uint8Array, expected: Type): Records[Type];
export function decodeRecord(bytes: Uint8Array, expected?: RecordType): AnyRecord;
export function decodeRecord(bytes: Uint8Array, expected?: RecordType): AnyRecord {
  // @spec DML-OBJ-0227
  const type = checkHeader(bytes, expected);
  try {
    // @spec DML-OBJ-0202
    return decodeByTemplate(bytes, type) ?? decodeByCodec(bytes, type);
  } catch (error) {
    throw withRecordType(error, type);
  }
}

/** Decodes a record whose header is checked, without the templates. */
export function decodeByCodec(bytes: Uint8Array, type: RecordType): AnyRecord {
  const fields = decodeCbor(bytes) as Fields;
  return RECORD_CODECS[type].read(fields.slice(2));
}

/** Yields the type of a record from its first bytes alone, checked against what is expected. */
export function checkHeader(bytes: Uint8Array, expected?: RecordType): RecordType {
  if (!(bytes instanceof Uint8Array)) fail('field_type', { expected: 'bytes' });
  if (bytes.length > MAX_RECORD_BYTES) fail('record_size', { sizeBytes: bytes.length });
  if (bytes.length < 3) fail('truncated', { sizeBytes: bytes.length });
  // An array of 3 to 23 items, whose head is one byte.
  if (bytes[0]! < 0x83 || bytes[0]! > 0x97) fail('record_form');
  // @spec DML-OBJ-0203
  if (bytes[1] !== FORMAT_VERSION) fail(bytes[1]! < 0x20 ? 'format_version' : 'record_form');
  const type = recordTypeOf(bytes[2]!);
  // @spec DML-OBJ-0206
  if (type === undefined) fail(bytes[2]! < 0x20 ? 'record_type' : 'record_form');
  if (expected !== undefined && type !== expected) refuseType(type, expected);
  return type;
}

function refuseType(type: RecordType, expected: RecordType): never {
  if (RECORD_TYPE_NUMBERS[expected] === undefined) fail('record_type');
  // @spec DML-OBJ-1806
  const detail = type === 'tombstone' ? 'excised' : 'unexpected_type';
  // @spec DML-OBJ-0207
  throw objectModelError(detail, { recordType: type, fields: { expected } });
}
