import { CODEC_DAG_CBOR } from '../cbor/value.ts';
import { fail } from '../errors.ts';
import { type DatumId, idOfBytes, type ObjectIds } from '../ids.ts';
import type { Element } from '../records/record-types.ts';
import { textOfBytes } from '../text/utf8.ts';
import { type Head, readHead, skipLink } from './item-span.ts';

/** Offset of the 32 id bytes in an encoded link. */
export const LINK_ID_OFFSET = 9;

/** Returns the id in the link at `at`, which must carry `codec`. */
export function idInLink<Class extends keyof ObjectIds>(
  bytes: Uint8Array,
  at: number,
  codec: number = CODEC_DAG_CBOR,
): ObjectIds[Class] {
  if (bytes[at + 6] !== codec) fail('link_codec');
  return idOfBytes<Class>(bytes, at + LINK_ID_OFFSET);
}

/** Reads the element in `bytes[start..end)`; byte payloads are views of `bytes`. */
export function readElement(bytes: Uint8Array, start: number, end: number): Element {
  if (bytes[start] === 0xd8) {
    if (skipLink(bytes, start, end) !== end) fail('entry_form');
    return idInLink<'datum'>(bytes, start) as DatumId;
  }
  const kind = bytes[start + 1];
  if (bytes[start] === 0x81 && kind === 1 && end - start === 2) return { type: 'datum', kind: 'null' };
  if (bytes[start] !== 0x82) fail('entry_form');
  return readScalar(bytes, start + 2, end, kind);
}

function readScalar(bytes: Uint8Array, start: number, end: number, kind: number | undefined): Element {
  const head: Head = { major: 0, value: 0, next: 0 };
  readHead(bytes, start, end, head);
  const { major, next } = head;
  switch (kind) {
    case 2:
      if (bytes[start] !== 0xf5 && bytes[start] !== 0xf4) fail('entry_form');
      return { type: 'datum', kind: 'bool', value: bytes[start] === 0xf5 };
    case 3:
      if (major > 1) fail('entry_form');
      return { type: 'datum', kind: 'i64', value: readInteger(bytes, start, head) };
    case 4:
      if (major === 3)
        return { type: 'datum', kind: 'f64', value: spelledFloat(textOfBytes(bytes, next, end)) };
      if (bytes[start] !== 0xfb) fail('entry_form');
      return { type: 'datum', kind: 'f64', value: viewOf(bytes).getFloat64(start + 1) };
    case 5:
      if (major !== 2) fail('entry_form');
      return { type: 'datum', kind: 'bytes', value: bytes.subarray(next, end) };
    case 6:
    case 7:
      if (major !== 3) fail('entry_form');
      return { type: 'datum', kind: kind === 6 ? 'string' : 'uri', value: textOfBytes(bytes, next, end) };
    default:
      return fail('element_kind');
  }
}

function readInteger(bytes: Uint8Array, at: number, head: Head): bigint {
  const magnitude =
    head.value === Number.POSITIVE_INFINITY ? viewOf(bytes).getBigUint64(at + 1) : BigInt(head.value);
  if (magnitude >= 1n << 63n) fail('i64_range');
  return head.major === 1 ? -1n - magnitude : magnitude;
}

function spelledFloat(text: string): number {
  if (text === 'nan') return Number.NaN;
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : fail('f64_spelling');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
