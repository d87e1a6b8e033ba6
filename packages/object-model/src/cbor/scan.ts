import { fail } from '../errors.ts';
import { scanUtf8 } from '../text/utf8.ts';
import { CID_FIELD_BYTES, isCidField } from './link-bytes.ts';

/** Deepest nesting of arrays in a record; the record itself is the first level. */
const MAX_DEPTH = 16;
/** Most items of a record; pages are full long before. */
const MAX_ITEMS = 65_536;

/** Kinds of items, as the scanner notes them. */
const ITEM_OTHER = 0;
/** A float, which `cbor-x` reads as a number like any integer. */
export const ITEM_FLOAT = 1;
/** A text that begins with a byte order mark, which `cbor-x` drops from long texts. */
export const ITEM_MARKED_TEXT = 2;

/** Notes of the scanner about the items of a document, in document order. */
export interface ScanNotes {
  /** One kind per item; valid until the next scan. */
  readonly kinds: Uint8Array;
  readonly itemCount: number;
  /** The texts of kind {@link ITEM_MARKED_TEXT}, as offsets of their bytes. */
  readonly markedTexts: readonly (readonly [start: number, end: number])[];
}

let kinds = new Uint8Array(1024);
const remaining = new Uint32Array(MAX_DEPTH + 1);
const NO_MARKED_TEXTS: ScanNotes['markedTexts'] = [];

/**
 * Checks that bytes are exactly one item of the deterministic profile, before anything is allocated for it.
 *
 * One pass without recursion. Throws `DmlError` only.
 *
 * @spec DML-OBJ-0212
 */
export function scanCbor(bytes: Uint8Array): ScanNotes {
  const end = bytes.length;
  let at = 0;
  let depth = 0;
  let itemCount = 0;
  let markedTexts: [number, number][] | undefined;
  remaining[0] = 1;

  while (true) {
    while (remaining[depth] === 0) {
      if (depth === 0) {
        // @spec DML-OBJ-0214
        if (at !== end) fail('trailing_bytes', { offset: at });
        return { kinds, itemCount, markedTexts: markedTexts ?? NO_MARKED_TEXTS };
      }
      depth--;
    }
    remaining[depth]!--;
    // @spec DML-OBJ-0213
    if (at >= end) fail('truncated', { offset: at });
    // @spec DML-OBJ-0236
    if (itemCount === MAX_ITEMS) fail('item_count', { max: MAX_ITEMS });
    if (itemCount === kinds.length) growKinds();
    kinds[itemCount] = ITEM_OTHER;

    const start = at;
    const first = bytes[at++]!;
    const major = first >> 5;
    if (major === 7) {
      at = scanSimpleOrFloat(bytes, start);
      if (first === 0xfb) kinds[itemCount] = ITEM_FLOAT;
      itemCount++;
      continue;
    }

    let argument = first & 31;
    if (argument >= 24) {
      const width = argumentWidth(argument, start);
      if (at + width > end) fail('truncated', { offset: start });
      argument = readShortest(bytes, at, width);
      at += width;
    }
    switch (major) {
      case 0:
      case 1:
        // @spec DML-OBJ-0703
        // Both bounds of i64 have an argument below 2^63, so the top bit of eight bytes stays clear.
        if ((first & 31) === 27 && bytes[start + 1]! >= 0x80) fail('i64_range', { offset: start });
        break;
      case 2:
        if (argument > end - at) fail('truncated', { offset: start });
        at += argument;
        break;
      case 3: {
        if (argument > end - at) fail('truncated', { offset: start });
        const textEnd = at + argument;
        scanUtf8(bytes, at, textEnd);
        if (bytes[at] === 0xef && argument >= 3 && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
          kinds[itemCount] = ITEM_MARKED_TEXT;
          markedTexts ??= [];
          markedTexts.push([at, textEnd]);
        }
        at = textEnd;
        break;
      }
      case 4:
        // @spec DML-OBJ-0215
        if (argument > end - at) fail('count_exceeds_bytes', { offset: start });
        // @spec DML-OBJ-0216
        if (depth === MAX_DEPTH) fail('nesting_depth', { offset: start });
        remaining[++depth] = argument;
        break;
      case 5:
        // @spec DML-OBJ-0224
        fail('map_not_allowed', { offset: start });
        break;
      default:
        // @spec DML-OBJ-0225
        if (argument !== 42) fail('unknown_tag', { offset: start });
        at = scanLink(bytes, at);
    }
    itemCount++;
  }
}

function growKinds(): void {
  const grown = new Uint8Array(kinds.length * 2);
  grown.set(kinds);
  kinds = grown;
}

function argumentWidth(info: number, offset: number): number {
  // @spec DML-OBJ-0217
  if (info === 31) fail('indefinite_length', { offset });
  // @spec DML-OBJ-0219
  if (info > 27) fail('reserved_head', { offset });
  return 1 << (info - 24);
}

/** Reads a big-endian argument; it may lose low bits above 2^53, which no caller needs. */
function readShortest(bytes: Uint8Array, at: number, width: number): number {
  let argument = 0;
  for (let index = at; index < at + width; index++) argument = argument * 256 + bytes[index]!;
  const smallest = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x1_0000 : 0x1_0000_0000;
  // @spec DML-OBJ-0218
  if (argument < smallest) fail('not_shortest', { offset: at - 1 });
  return argument;
}

function scanSimpleOrFloat(bytes: Uint8Array, start: number): number {
  const first = bytes[start]!;
  if (first === 0xf4 || first === 0xf5 || first === 0xf6) return start + 1;
  if (first === 0xff) fail('indefinite_length', { offset: start });
  if (first > 0xfb) fail('reserved_head', { offset: start });
  // @spec DML-OBJ-0220
  if (first === 0xf9 || first === 0xfa) fail('float_width', { offset: start });
  // @spec DML-OBJ-0223
  if (first !== 0xfb) fail('simple_value', { offset: start });
  if (start + 9 > bytes.length) fail('truncated', { offset: start });
  const high = bytes[start + 1]!;
  const exponent = ((high & 0x7f) << 4) | (bytes[start + 2]! >> 4);
  // @spec DML-OBJ-0221
  if (exponent === 0x7ff) fail('float_not_finite', { offset: start });
  // @spec DML-OBJ-0222
  if (high === 0x80 && isZero(bytes, start + 2, start + 9)) fail('float_negative_zero', { offset: start });
  return start + 9;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

function scanLink(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) fail('truncated', { offset: at });
  // @spec DML-OBJ-0301
  if (bytes[at] !== 0x58) fail('link_form', { offset: at });
  if (at + 1 >= bytes.length) fail('truncated', { offset: at });
  if (bytes[at + 1] !== CID_FIELD_BYTES) fail('link_form', { offset: at });
  if (at + 2 + CID_FIELD_BYTES > bytes.length) fail('truncated', { offset: at });
  if (!isCidField(bytes, at + 2)) fail('link_form', { offset: at });
  return at + 2 + CID_FIELD_BYTES;
}
