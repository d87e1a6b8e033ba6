import { type CborValue, CODEC_DAG_CBOR, Float64, Link } from '../cbor/value.ts';
import { fail } from '../errors.ts';
import { isIdText } from '../ids.ts';
import { checkText } from '../text/text.ts';
import { checkUri } from '../text/uri.ts';
import { DATUM_KIND_NUMBERS } from './datum-kind.ts';
import { checkFieldCount, type Fields, readFloat, readLink, readText } from './fields.ts';
import type { DatumKind, ScalarDatum, UriDatum } from './record-types.ts';

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** Tells whether a datum of a kind holds its value itself. */
export function isScalarKind(kind: DatumKind): kind is ScalarDatum['kind'] {
  return DATUM_KIND_NUMBERS[kind] <= DATUM_KIND_NUMBERS.uri;
}

/** Yields the kind number and payload of a scalar datum, checked. */
export function scalarFields(datum: ScalarDatum): Fields {
  switch (datum.kind) {
    case 'null':
      return [DATUM_KIND_NUMBERS.null];
    case 'bool':
      if (typeof datum.value !== 'boolean') fail('field_type', { expected: 'bool' });
      return [DATUM_KIND_NUMBERS.bool, datum.value];
    case 'i64':
      return [DATUM_KIND_NUMBERS.i64, checkI64(datum.value)];
    // @spec DML-OBJ-1003
    case 'f64':
      return [DATUM_KIND_NUMBERS.f64, f64Field(datum.value)];
    case 'bytes':
      if (!(datum.value instanceof Uint8Array)) fail('field_type', { expected: 'bytes' });
      return [DATUM_KIND_NUMBERS.bytes, datum.value];
    case 'string':
      return [DATUM_KIND_NUMBERS.string, checkText(datum.value)];
    case 'uri':
      return uriFields(datum);
    default:
      return fail('datum_kind');
  }
}

/** Reads a scalar datum from kind number and payload. */
export function readScalar(kind: ScalarDatum['kind'], fields: Fields): ScalarDatum {
  switch (kind) {
    case 'null':
      checkFieldCount(fields, 1);
      return { type: 'datum', kind: 'null' };
    case 'bool':
      checkFieldCount(fields, 2);
      if (typeof fields[1] !== 'boolean') fail('field_type', { expected: 'bool' });
      return { type: 'datum', kind: 'bool', value: fields[1] };
    case 'i64':
      checkFieldCount(fields, 2);
      return { type: 'datum', kind: 'i64', value: readI64(fields[1]) };
    case 'f64':
      checkFieldCount(fields, 2);
      return { type: 'datum', kind: 'f64', value: readF64(fields[1]) };
    case 'bytes':
      checkFieldCount(fields, 2);
      if (!(fields[1] instanceof Uint8Array)) fail('field_type', { expected: 'bytes' });
      return { type: 'datum', kind: 'bytes', value: fields[1] };
    case 'string':
      checkFieldCount(fields, 2);
      return { type: 'datum', kind: 'string', value: readText(fields[1]) };
    case 'uri':
      return readUri(fields);
  }
}

// @spec DML-OBJ-1004
function checkI64(value: unknown): bigint {
  if (typeof value !== 'bigint') fail('field_type', { expected: 'bigint' });
  if (value < I64_MIN || value > I64_MAX) fail('i64_range');
  return value;
}

function readI64(value: CborValue | undefined): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number') fail('field_type', { expected: 'integer' });
  return BigInt(value);
}

/**
 * Yields the field of a float: finite ones as floats, the rest spelled out.
 *
 * @spec DML-OBJ-1005
 */
function f64Field(value: unknown): Float64 | string {
  if (typeof value !== 'number') fail('field_type', { expected: 'number' });
  if (Number.isFinite(value)) return new Float64(canonicalF64(value));
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** Yields the canonical form of a float: `+0` for `-0`, one NaN. */
export function canonicalF64(value: number): number {
  // @spec DML-OBJ-1007
  return value + 0;
}

function readF64(value: CborValue | undefined): number {
  if (typeof value !== 'string') return readFloat(value);
  if (value === 'nan') return Number.NaN;
  if (value === 'inf') return Number.POSITIVE_INFINITY;
  // @spec DML-OBJ-1006
  return value === '-inf' ? Number.NEGATIVE_INFINITY : fail('f64_spelling');
}

function uriFields(datum: UriDatum): Fields {
  const text = checkUri(datum.value);
  if (datum.attachmentDatumId === undefined) return [DATUM_KIND_NUMBERS.uri, text];
  const attachment = datum.attachmentDatumId;
  if (typeof attachment !== 'string' || !isIdText(attachment)) fail('id_form');
  checkAttachment(text, attachment);
  return [DATUM_KIND_NUMBERS.uri, text, new Link(CODEC_DAG_CBOR, attachment)];
}

function readUri(fields: Fields): UriDatum {
  checkFieldCount(fields, 2, 3);
  const value = checkUri(fields[1]);
  if (fields.length === 2) return { type: 'datum', kind: 'uri', value };
  const attachmentDatumId = readLink(fields[2], 'datum');
  checkAttachment(value, attachmentDatumId);
  return { type: 'datum', kind: 'uri', value, attachmentDatumId };
}

// @spec DML-OBJ-1011
function checkAttachment(text: string, attachmentDatumId: string): void {
  if (!text.includes(attachmentDatumId)) fail('uri_attachment');
}
