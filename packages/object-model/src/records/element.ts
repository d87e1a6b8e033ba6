import { type CborValue, CODEC_DAG_CBOR, Float64, Link } from '../cbor/value.ts';
import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { isIdText } from '../ids.ts';
import { utf8Length } from '../text/utf8.ts';
import { datumKindOf, HIGHEST_DATUM_KIND } from './datum-kind.ts';
import { type Fields, readArray, readLink, readRegistered } from './fields.ts';
import type { Datum, Element, ScalarDatum } from './record-types.ts';
import { isScalarKind, readScalar, scalarFields } from './scalar.ts';

/** Longest encoded form of a scalar that stands inline in a collection, in bytes. */
export const MAX_INLINE_BYTES = 128;

const writer = new CborWriter();

/** Tells whether a datum stands inline in collections. Throws what encoding it throws. */
export function isInline(datum: Datum): datum is ScalarDatum {
  if (!isScalarKind(datum.kind)) return false;
  const scalar = datum as ScalarDatum;
  if (scalar.kind === 'uri' && scalar.attachmentDatumId !== undefined) return false;
  // Far too long payloads are not worth encoding.
  if ((scalar.kind === 'string' || scalar.kind === 'uri') && scalar.value.length > MAX_INLINE_BYTES)
    return false;
  if (scalar.kind === 'bytes' && scalar.value.length > MAX_INLINE_BYTES) return false;
  writer.reset();
  writeScalarFields(writer, scalarFields(scalar));
  return writer.length <= MAX_INLINE_BYTES;
}

/** Encodes an element as it stands in an entry; the caller owns the bytes. */
export function encodeElement(element: Element): Uint8Array {
  writer.reset();
  writeElement(writer, element);
  return writer.take();
}

/** Writes an element, checked. */
export function writeElement(target: CborWriter, element: Element): void {
  if (typeof element === 'string') {
    target.link(CODEC_DAG_CBOR, element);
    return;
  }
  const before = target.length;
  writeScalarFields(target, inlineFields(element));
  // @spec DML-OBJ-1103
  if (target.length - before > MAX_INLINE_BYTES) fail('element_size', { maxBytes: MAX_INLINE_BYTES });
}

/** Yields the value of an element, checked. */
export function elementValue(element: Element): CborValue {
  if (typeof element === 'string') {
    if (!isIdText(element)) fail('id_form');
    return new Link(CODEC_DAG_CBOR, element);
  }
  const fields = inlineFields(element);
  if (inlineBytes(fields) > MAX_INLINE_BYTES) fail('element_size', { maxBytes: MAX_INLINE_BYTES });
  return fields;
}

/** Reads an element and checks that it is one that stands inline. */
export function readElement(value: CborValue | undefined): Element {
  if (value instanceof Link) return readLink(value, 'datum');
  const fields = readArray(value);
  // @spec DML-OBJ-1107
  const kind = datumKindOf(readRegistered(fields[0], HIGHEST_DATUM_KIND, 'element_kind'));
  // @spec DML-OBJ-1104
  if (kind === undefined || !isScalarKind(kind)) fail('element_kind');
  const scalar = readScalar(kind, fields);
  // @spec DML-OBJ-1105
  if (fields.length > 2) fail('element_kind', { reason: 'attachment' });
  if (inlineBytes(fields) > MAX_INLINE_BYTES) fail('element_size', { maxBytes: MAX_INLINE_BYTES });
  return scalar;
}

function inlineFields(element: ScalarDatum): Fields {
  if (typeof element !== 'object' || element === null) fail('field_type', { expected: 'element' });
  if (!isScalarKind(element.kind)) fail('element_kind');
  const fields = scalarFields(element);
  if (fields.length > 2) fail('element_kind', { reason: 'attachment' });
  return fields;
}

function writeScalarFields(target: CborWriter, fields: Fields): void {
  // @spec DML-OBJ-1101
  target.head(4, fields.length);
  writeMembers(target, fields);
}

/** Writes kind number, payload and attachment of a scalar. */
export function writeMembers(target: CborWriter, fields: Fields): void {
  target.head(0, fields[0] as number);
  if (fields.length > 1) writePayload(target, fields[1]!);
  const attachment = fields[2];
  if (attachment instanceof Link) target.link(attachment.codec, attachment.id);
}

function writePayload(target: CborWriter, payload: CborValue): void {
  if (typeof payload === 'string') target.text(payload);
  else if (typeof payload === 'bigint') target.integer(payload);
  else if (typeof payload === 'boolean') target.byte(payload ? 0xf5 : 0xf4);
  else if (payload instanceof Uint8Array) target.byteString(2, payload);
  else if (payload instanceof Float64) target.float64(payload.value);
}

/** Yields the encoded size of an inline element; array head and kind take one byte each. */
function inlineBytes(fields: Fields): number {
  const payload = fields[1];
  if (typeof payload === 'string') return 2 + stringBytes(utf8Length(payload));
  if (payload instanceof Uint8Array) return 2 + stringBytes(payload.length);
  return 2;
}

function stringBytes(length: number): number {
  return (length < 24 ? 1 : length < 256 ? 2 : 5) + length;
}
