import { type CborValue, CODEC_DAG_CBOR, Link } from '../cbor/value.ts';
import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { utf8Length } from '../text/utf8.ts';
import { DATUM_KIND_NUMBERS, HIGHEST_DATUM_KIND } from './datum-kind.ts';
import { type PlainForm, readField, writeField } from './field-codec.ts';
import { checkFieldCount, type Fields, readArray, readLink, readRegistered } from './fields.ts';
import { checkI64 } from './numbers.ts';
import { RECORD_SHAPES } from './record-shapes.ts';
import type { Datum, DatumKind, Element, ScalarDatum } from './record-types.ts';

/** Longest encoded form of a scalar that stands inline in a collection, in bytes. */
export const MAX_INLINE_BYTES = 128;

const writer = new CborWriter();

/** Checks whether a datum of a kind holds its value itself. */
export function isScalarKind(kind: DatumKind): kind is ScalarDatum['kind'] {
  return DATUM_KIND_NUMBERS[kind] <= DATUM_KIND_NUMBERS.uri;
}

/** Scalar kind → form of its value; null has none. */
const VALUE_FORMS: ReadonlyMap<string, PlainForm | undefined> = new Map(
  RECORD_SHAPES.datum.shapes
    .filter(({ constants }) => isScalarKind(constants.kind as DatumKind))
    .map(({ constants, fields }) => [constants.kind!, fields[1]?.form as PlainForm | undefined]),
);

/** Returns the form of the value of a scalar kind; undefined for null, which has none. */
export function valueForm(kind: ScalarDatum['kind']): PlainForm | undefined {
  return VALUE_FORMS.get(kind);
}

/** Checks whether a datum stands inline in collections. Throws what encoding it throws. */
export function isInline(datum: Datum): datum is ScalarDatum {
  if (!isScalarKind(datum.kind)) return false;
  const scalar = datum as ScalarDatum;
  if (scalar.kind === 'null') return true;
  // What has few bytes whatever its value is encoded once, where it is written.
  if (scalar.kind === 'i64') return checkI64(scalar.value) === scalar.value;
  if (scalar.kind === 'uri' && scalar.attachmentDatumId !== undefined) return false;
  // Far too long payloads are not worth encoding.
  if ((scalar.kind === 'string' || scalar.kind === 'uri') && scalar.value.length > MAX_INLINE_BYTES)
    return false;
  if (scalar.kind === 'bytes' && scalar.value.length > MAX_INLINE_BYTES) return false;
  writer.reset();
  writeScalar(writer, scalar);
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
  if (typeof element !== 'object' || element === null) fail('field_type', { expected: 'element' });
  if (element.kind === 'uri' && element.attachmentDatumId !== undefined)
    fail('element_kind', { reason: 'attachment' });
  const before = target.length;
  writeScalar(target, element);
  // @spec DML-OBJ-1103
  if (target.length - before > MAX_INLINE_BYTES) fail('element_size', { maxBytes: MAX_INLINE_BYTES });
}

// @spec DML-OBJ-1101
function writeScalar(target: CborWriter, scalar: ScalarDatum): void {
  const form = VALUE_FORMS.get(scalar.kind);
  if (form !== undefined) {
    target.byte(0x82);
    target.byte(DATUM_KIND_NUMBERS[scalar.kind]);
    writeField(target, form, (scalar as { readonly value?: unknown }).value);
  } else if (scalar.kind === 'null') {
    target.byte(0x81);
    target.byte(DATUM_KIND_NUMBERS.null);
  } else fail('element_kind');
}

/** Reads an element and checks that it is one that stands inline. */
export function readElement(item: CborValue | undefined): Element {
  if (item instanceof Link) return readLink(item, 'datum');
  const fields = readArray(item);
  // @spec DML-OBJ-1107
  const number = readRegistered(fields[0], HIGHEST_DATUM_KIND, 'element_kind');
  const shape = RECORD_SHAPES.datum.selector!.byNumber[number];
  // @spec DML-OBJ-1104
  if (shape === undefined || number > DATUM_KIND_NUMBERS.uri) fail('element_kind');
  checkFieldCount(fields, shape.minFields, shape.fields.length);
  if (number === DATUM_KIND_NUMBERS.null) return { type: 'datum', kind: 'null' };
  const kind = shape.constants.kind as ScalarDatum['kind'];
  const value = readField(shape.fields[1]!.form as PlainForm, fields[1]);
  if (fields.length > 2) refuseAttachment(fields);
  if (inlineBytes(fields) > MAX_INLINE_BYTES) fail('element_size', { maxBytes: MAX_INLINE_BYTES });
  return { type: 'datum', kind, value } as ScalarDatum;
}

function refuseAttachment(fields: Fields): never {
  readLink(fields[2], 'datum');
  // @spec DML-OBJ-1105
  fail('element_kind', { reason: 'attachment' });
}

/** Returns the encoded size of an inline element; array head and kind take one byte each. */
function inlineBytes(fields: Fields): number {
  const payload = fields[1];
  if (typeof payload === 'string') return 2 + stringBytes(utf8Length(payload));
  if (payload instanceof Uint8Array) return 2 + stringBytes(payload.length);
  return 2;
}

function stringBytes(length: number): number {
  return (length < 24 ? 1 : length < 256 ? 2 : 5) + length;
}
