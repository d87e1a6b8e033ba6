import { encodeCbor } from '../cbor/encode.ts';
import { ERROR_DETAILS, type ErrorDetail } from '../error-table.ts';
import { DmlError, fail, objectModelError } from '../errors.ts';
import { RECORD_TYPE_NUMBERS } from '../object-class.ts';
import { RECORD_CODECS } from './codecs.ts';
import type { Fields } from './fields.ts';
import { checkPageEnds } from './page-ends.ts';
import type { AnyRecord } from './record-types.ts';
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
 * Encodes a record in its canonical form and yields bytes the caller owns.
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
    throw withRecordType(error, record?.type);
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
    throw withRecordType(error, record?.type);
  }
}

/** Encodes a record through `cbor-x` alone; the templates must agree with it byte for byte. */
export function encodeByCodec(record: AnyRecord): Uint8Array {
  const typeNumber = RECORD_TYPE_NUMBERS[record?.type];
  if (typeNumber === undefined) fail('record_type');
  const codec = RECORD_CODECS[record.type] as { write(record: AnyRecord): Fields };
  return encodeCbor([FORMAT_VERSION, typeNumber, ...codec.write(record)]);
}

/**
 * Adds the record type to an error that was raised below the record.
 *
 * @spec DML-OBJ-0805
 */
export function withRecordType(error: unknown, recordType: string | undefined): unknown {
  if (!(error instanceof DmlError) || error.recordType !== undefined || recordType === undefined)
    return error;
  const detail = error.detail;
  if (detail === undefined || !(detail in ERROR_DETAILS)) return error;
  return objectModelError(detail as ErrorDetail, { recordType, fields: error.fields, cause: error.cause });
}
