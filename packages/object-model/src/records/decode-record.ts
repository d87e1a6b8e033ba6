import { decodeCbor } from '../cbor/decode.ts';
import type { ErrorDetail } from '../error-table.ts';
import { fail, objectModelError } from '../errors.ts';
import {
  byTypeNumber,
  HIGHEST_TYPE_NUMBER,
  RECORD_TYPE_NUMBERS,
  type RecordType,
  recordTypeOf,
} from '../object-class.ts';
import { HIGHEST_DATUM_KIND } from './datum-kind.ts';
import { FORMAT_VERSION, MAX_RECORD_BYTES, withRecordType } from './encode-record.ts';
import type { Fields } from './fields.ts';
import { NODE_KIND_NUMBERS } from './node-kind.ts';
import { readPage } from './page.ts';
import { checkPageEnds } from './page-ends.ts';
import { PAGE_ROLE_NUMBERS } from './page-types.ts';
import type { AnyRecord, Records } from './record-types.ts';
import { readShape } from './shape-codec.ts';
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
    checkKind(bytes);
    // @spec DML-OBJ-0202
    const record = decodeByTemplate(bytes, type) ?? decodeByCodec(bytes, type);
    checkPageEnds(record, bytes.length);
    return record;
  } catch (error) {
    throw withRecordType(error, type);
  }
}

/** Decodes a record whose header is checked, without the templates. */
export function decodeByCodec(bytes: Uint8Array, type: RecordType): AnyRecord {
  const fields = decodeCbor(bytes) as Fields;
  const places = fields.slice(2);
  return type === 'page' ? readPage(places) : (readShape(type, places) as AnyRecord);
}

/** Returns the type of a record from its first bytes alone, checked against what is expected. */
export function checkHeader(bytes: Uint8Array, expected?: RecordType): RecordType {
  if (!(bytes instanceof Uint8Array)) fail('field_type', { expected: 'bytes' });
  if (bytes.length > MAX_RECORD_BYTES) fail('record_size', { sizeBytes: bytes.length });
  if (bytes.length < 3) fail('truncated', { sizeBytes: bytes.length });
  // An array of 3 to 23 items, whose head is one byte.
  if (bytes[0]! < 0x83 || bytes[0]! > 0x97) fail('record_form');
  const version = headNumber(bytes[1]!) ?? fail('record_form');
  // @spec DML-OBJ-0232
  if (version > FORMAT_VERSION) fail('newer_version');
  // @spec DML-OBJ-0203
  if (version < FORMAT_VERSION) fail('format_version');
  const typeNumber = headNumber(bytes[2]!) ?? fail('record_form');
  // @spec DML-OBJ-0233
  if (typeNumber > HIGHEST_TYPE_NUMBER) fail('newer_type');
  // @spec DML-OBJ-0206
  const type = recordTypeOf(typeNumber) ?? fail('record_type');
  if (expected !== undefined && type !== expected) refuseType(type, expected);
  return type;
}

/** Returns the integer that a byte holds, infinity for one that continues behind it, undefined for another item. */
export function headNumber(byte: number): number | undefined {
  if (byte < 0x18) return byte;
  return byte < 0x1c ? Number.POSITIVE_INFINITY : undefined;
}

type Kinds = readonly [highest: number, other: ErrorDetail];

/** Number of a record type → the highest number that may stand behind its header, and how a lower one is refused. */
const KINDS: readonly (Kinds | undefined)[] = byTypeNumber<Kinds>({
  // @spec DML-OBJ-1002
  datum: [HIGHEST_DATUM_KIND, 'datum_kind'],
  // @spec DML-OBJ-1202
  node: [Object.keys(NODE_KIND_NUMBERS).length, 'node_kind'],
  // @spec DML-OBJ-1902
  page: [Object.keys(PAGE_ROLE_NUMBERS).length, 'page_role'],
});

/**
 * Throws for a kind that is none or newer, before anything behind it is looked at; the header is checked.
 *
 * @spec DML-OBJ-0235
 */
export function checkKind(bytes: Uint8Array): void {
  const known = KINDS[bytes[2]!];
  const kind = bytes.length < 4 ? undefined : headNumber(bytes[3]!);
  if (known === undefined || kind === undefined) return;
  const [highest, other] = known;
  if (kind > highest) fail('newer_kind');
  if (kind === 0) fail(other);
}

function refuseType(type: RecordType, expected: RecordType): never {
  if (RECORD_TYPE_NUMBERS[expected] === undefined) fail('record_type');
  const fields = { expected };
  // @spec DML-OBJ-1806
  if (type === 'tombstone') throw objectModelError('excised', { recordType: type, fields });
  // @spec DML-OBJ-1813
  if (type === 'stub') throw objectModelError('withheld', { recordType: type, fields });
  // @spec DML-OBJ-0207
  throw objectModelError('unexpected_type', { recordType: type, fields });
}
