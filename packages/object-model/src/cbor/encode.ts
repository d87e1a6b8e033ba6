import { Encoder, Tag } from 'cbor-x';
import { fail } from '../errors.ts';
import { CID_FIELD_BYTES, writeCidField } from './link-bytes.ts';
import { type CborValue, Float64, Link } from './value.ts';

// Tags 42 are built by hand: `addExtension` would change the encoder of the whole process.
// @spec DML-OBJ-2403
const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  tagUint8Array: false,
  structuredClone: false,
  pack: false,
});

const MAX_DIRECT_INTEGER = 0xffff_ffff;
const MIN_DIRECT_INTEGER = -0x1_0000_0000;

/**
 * Encodes a value in the deterministic profile and yields bytes the caller owns.
 *
 * `cbor-x` writes the primitives; this puts every value into the form for which it writes the profile:
 * integers that need 64 bits as bigints, links as tag 42, whole floats through a mark that is replaced
 * afterwards. Throws `DmlError` only.
 *
 * @spec DML-OBJ-0210
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const wholeFloats: number[] = [];
  const encoded = encoder.encode(prepare(value, wholeFloats));
  // A copy: cbor-x keeps writing into the buffer behind the view that it returned.
  // @spec DML-OBJ-0229
  const bytes = new Uint8Array(encoded);
  if (wholeFloats.length > 0) fillWholeFloats(bytes, wholeFloats);
  return bytes;
}

function prepare(value: CborValue, wholeFloats: number[]): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return prepareInteger(value);
  if (typeof value === 'bigint') {
    return value <= MAX_DIRECT_INTEGER && value >= MIN_DIRECT_INTEGER ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => prepare(item, wholeFloats));
  if (value instanceof Uint8Array) return value;
  if (value instanceof Link) return prepareLink(value);
  if (value instanceof Float64) return prepareFloat(value.value, wholeFloats);
  return fail('field_type');
}

function prepareInteger(value: number): number | bigint {
  if (!Number.isSafeInteger(value)) fail('integer_range');
  // Adding zero turns -0 into 0, which cbor-x would write as a float.
  return value <= MAX_DIRECT_INTEGER && value >= MIN_DIRECT_INTEGER ? value + 0 : BigInt(value);
}

function prepareLink(link: Link): Tag {
  const field = new Uint8Array(CID_FIELD_BYTES);
  writeCidField(link.codec, link.id, field, 0);
  return new Tag(field, 42);
}

function prepareFloat(value: number, wholeFloats: number[]): number {
  if (!Number.isFinite(value)) fail('float_not_finite');
  const isWrittenAsFloat =
    !Number.isInteger(value) || value > MAX_DIRECT_INTEGER || value < MIN_DIRECT_INTEGER;
  if (isWrittenAsFloat) return value;
  // cbor-x would write an integer. NaN never occurs otherwise, so it marks the place.
  wholeFloats.push(value + 0);
  return Number.NaN;
}

/** Replaces the marks, found item by item so that equal bytes inside a text are left alone. */
function fillWholeFloats(bytes: Uint8Array, values: readonly number[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let next = 0;
  let at = 0;
  while (at < bytes.length && next < values.length) {
    const first = bytes[at]!;
    const major = first >> 5;
    const size = first & 31;
    const argumentBytes = size < 24 ? 0 : 1 << (size - 24);
    if (first === 0xfb && view.getUint32(at + 1) === 0x7ff80000) view.setFloat64(at + 1, values[next++]!);
    const isString = major === 2 || major === 3;
    const content = isString ? stringLength(view, at, size) : 0;
    at += 1 + argumentBytes + content;
  }
}

function stringLength(view: DataView, at: number, size: number): number {
  if (size < 24) return size;
  if (size === 24) return view.getUint8(at + 1);
  return size === 25 ? view.getUint16(at + 1) : view.getUint32(at + 1);
}
