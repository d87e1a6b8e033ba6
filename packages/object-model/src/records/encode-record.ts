import { CborWriter } from '../cbor/writer.ts';
import { ERROR_DETAILS, type ErrorDetail } from '../error-table.ts';
import { fail, isDmlError, objectModelError } from '../errors.ts';
import { RECORD_TYPE_NUMBERS } from '../object-class.ts';
import { locateRefusal } from './locate-refusal.ts';
import { writePage } from './page.ts';
import { checkPageEnds } from './page-ends.ts';
import type { AnyRecord } from './record-types.ts';
import { writeShape } from './shape-codec.ts';
import { encodeByTemplate, encodeTransientNode } from './template.ts';

/**
 * Format version of every type: the lowest, which holds every record that there is.
 *
 * @spec DML-OBJ-0230 DML-OBJ-0231
 */
export const FORMAT_VERSION = 1;
/** Longest record or chunk, in bytes. */
export const MAX_RECORD_BYTES = 1_048_576;

/**
 * Encodes a record in its canonical form and returns bytes that the caller owns.
 *
 * Everything is checked; text is not brought into canonical form here, so what is not canonical is refused.
 * Throws `DmlError` with the codes and details of this package.
 *
 * @spec DML-OBJ-0201
 */
export function encodeRecord(record: AnyRecord): Uint8Array {
  try {
    const bytes = encodeByTemplate(record) ?? encodeByCodec(record);
    // @spec DML-OBJ-0209
    if (bytes.length > MAX_RECORD_BYTES) fail('record_size', { sizeBytes: bytes.length });
    checkPageEnds(record, bytes.length);
    return bytes;
  } catch (error) {
    throw withPlace(error, record);
  }
}

/**
 * Encodes a record as `encodeRecord` does, into memory that the next call may reuse: for bytes that are hashed and
 * copied at once.
 */
export function encodeTransient(record: AnyRecord): Uint8Array {
  try {
    return encodeTransientNode(record) ?? encodeRecord(record);
  } catch (error) {
    throw withPlace(error, record);
  }
}

const writer = new CborWriter();

/**
 * Encodes a record without the templates, which must agree with it byte for byte.
 *
 * @spec DML-OBJ-0210
 */
export function encodeByCodec(record: AnyRecord): Uint8Array {
  if (!Object.hasOwn(RECORD_TYPE_NUMBERS, record?.type ?? '')) fail('record_type');
  writer.reset();
  if (record.type === 'page') writePage(writer, record, FORMAT_VERSION);
  else writeShape(writer, record.type, record, FORMAT_VERSION);
  // @spec DML-OBJ-0229
  return writer.take();
}

/** Adds record type and refused member to an error that encoding a record raised. */
function withPlace(error: unknown, record: AnyRecord): unknown {
  if (!isDmlError(error) || error.recordType !== undefined || error.fields.field !== undefined) return error;
  const place = locateRefusal(record);
  const recordType = place?.field === 'type' ? undefined : record.type;
  if (place === undefined) return withRecordType(error, recordType);
  const message = `${recordType ?? 'record'}.${place.field}: expected ${place.expected}, found ${place.found}`;
  const fields = { ...error.fields, ...place };
  return objectModelError(error.detail as ErrorDetail, { recordType, fields, message, cause: error.cause });
}

/**
 * Adds the record type to an error that was raised below the record.
 *
 * @spec DML-OBJ-0805
 */
export function withRecordType(error: unknown, recordType: string | undefined): unknown {
  if (!isDmlError(error) || error.recordType !== undefined || recordType === undefined) return error;
  const detail = error.detail;
  if (detail === undefined || !(detail in ERROR_DETAILS)) return error;
  return objectModelError(detail as ErrorDetail, { recordType, fields: error.fields, cause: error.cause });
}
