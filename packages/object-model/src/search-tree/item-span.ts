import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { fail } from '../errors.ts';

/** Major type, argument and end of a CBOR head. */
export interface Head {
  major: number;
  value: number;
  /** Offset behind the head. */
  next: number;
}

/** Reads the head at `at` into `head`; values above 2^53 - 1 come out as infinity. */
export function readHead(bytes: Uint8Array, at: number, end: number, head: Head): void {
  if (at >= end) fail('truncated');
  const first = bytes[at]!;
  const low = first & 31;
  head.major = first >> 5;
  if (low < 24) {
    head.value = low;
    head.next = at + 1;
    return;
  }
  const width = low < 28 ? 1 << (low - 24) : fail('reserved_head');
  if (at + 1 + width > end) fail('truncated');
  let value = 0;
  for (let part = 1; part <= width; part++) value = value * 256 + bytes[at + part]!;
  head.value = value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
  head.next = at + 1 + width;
}

/** Returns the offset behind the item at `at`; reads no further than `end`. */
export function skipItem(bytes: Uint8Array, at: number, end: number): number {
  const head: Head = { major: 0, value: 0, next: 0 };
  let next = at;
  for (let pending = 1; pending > 0; pending--) {
    if (bytes[next] === 0xd8 && next < end) {
      next = skipLink(bytes, next, end);
      continue;
    }
    readHead(bytes, next, end, head);
    next = head.next;
    if (head.major === 2 || head.major === 3) {
      if (head.value > end - next) fail('truncated');
      next += head.value;
    } else if (head.major === 4) {
      if (head.value > end - next) fail('count_exceeds_bytes');
      pending += head.value;
    } else if (head.major > 4 && head.major < 7) {
      fail('entry_form');
    }
  }
  return next;
}

/** Returns the offset behind the link at `at`; checks its form but not which of the two codecs it names. */
export function skipLink(bytes: Uint8Array, at: number, end: number): number {
  if (at + LINK_BYTES > end) fail('truncated');
  const formed =
    bytes[at] === 0xd8 &&
    bytes[at + 1] === 0x2a &&
    bytes[at + 2] === 0x58 &&
    bytes[at + 3] === 0x25 &&
    bytes[at + 4] === 0x00 &&
    bytes[at + 5] === 0x01 &&
    bytes[at + 7] === 0x12 &&
    bytes[at + 8] === 0x20;
  return formed ? at + LINK_BYTES : fail('link_form');
}

/** Returns the offset behind the text at `at`. */
export function skipText(bytes: Uint8Array, at: number, end: number): number {
  const start = textStart(bytes, at);
  const next = start + textLength(bytes, at);
  return next <= end ? next : fail('truncated');
}

/** Returns the offset of the first content byte of the text at `at`; texts in entries are shorter than 64 KiB. */
export function textStart(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first >= 0x60 && first < 0x78) return at + 1;
  return first === 0x78 ? at + 2 : first === 0x79 ? at + 3 : fail('entry_form');
}

function textLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x78) return first & 31;
  return first === 0x78 ? (bytes[at + 1] ?? 0) : ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

/** Returns the offset behind the head byte at `at`, which must be `expected`. */
export function skipByte(bytes: Uint8Array, at: number, end: number, expected: number): number {
  if (at >= end) fail('truncated');
  return bytes[at] === expected ? at + 1 : fail('entry_form');
}

/** Returns the value of the unsigned integer that ends its entry at `end` and starts at `at`. */
export function readCount(bytes: Uint8Array, at: number, end: number): number {
  const first = at < end ? bytes[at]! : fail('truncated');
  if (first < 24) return first;
  const head: Head = { major: 0, value: 0, next: 0 };
  readHead(bytes, at, end, head);
  return head.major === 0 && head.value !== Number.POSITIVE_INFINITY ? head.value : fail('entry_form');
}

/** Returns the offset behind the unsigned integer at `at`. */
export function skipCount(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) fail('truncated');
  const first = bytes[at]!;
  if (first < 24) return at + 1;
  const next = at + 1 + (first < 28 ? 1 << (first - 24) : fail('entry_form'));
  return next <= end ? next : fail('truncated');
}
