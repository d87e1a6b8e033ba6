import { fail } from '../errors.ts';

/** Decoder that refuses what is not UTF-8 and keeps a byte order mark as the character it is. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Returns the UTF-8 bytes of a well-formed text. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Longest text that is read byte by byte where it is ASCII; a call of the platform's decoder costs more. */
const MAX_SHORT_BYTES = 31;

/** Returns the text of `bytes[start..end)` in UTF-8, a byte order mark kept. Throws `invalid_utf8` with `utf8`. */
export function textOfBytes(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= MAX_SHORT_BYTES) {
    let text = '';
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte > 0x7f) break;
      text += String.fromCharCode(byte);
    }
    if (at === end) return text;
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return fail('utf8');
  }
}

/** Returns the number of UTF-8 bytes of a well-formed text. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    // A surrogate pair is two units and four bytes.
    else if (unit >= 0xd800 && unit < 0xe000) length += 1;
    else length += 2;
  }
  return length;
}

/**
 * Orders two well-formed texts as their UTF-8 bytes are ordered, without encoding them.
 *
 * @spec DML-OBJ-0514
 */
export function compareUtf8(left: string, right: string): number {
  const common = left.length < right.length ? left.length : right.length;
  for (let at = 0; at < common; at++) {
    let a = left.charCodeAt(at);
    let b = right.charCodeAt(at);
    if (a === b) continue;
    // Code points above U+FFFF are surrogates here, yet sort after U+E000..U+FFFF in UTF-8.
    if (a >= 0xd800 && b >= 0xd800) {
      a = a >= 0xe000 ? a - 0x800 : a + 0x2000;
      b = b >= 0xe000 ? b - 0x800 : b + 0x2000;
    }
    return a - b;
  }
  return left.length - right.length;
}

/**
 * Checks that `bytes[start..end)` is well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
 *
 * Throws `invalid_utf8` with `utf8`.
 *
 * @spec DML-OBJ-0501
 */
export function scanUtf8(bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end) {
    const first = bytes[at]!;
    if (first < 0x80) {
      at++;
      continue;
    }
    let low = 0x80;
    let high = 0xbf;
    let more = 0;
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      if (first === 0xe0) low = 0xa0;
      else if (first === 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      if (first === 0xf0) low = 0x90;
      else if (first === 0xf4) high = 0x8f;
    } else fail('utf8', { offset: at });
    if (at + more >= end) fail('utf8', { offset: at });
    for (let index = 1; index <= more; index++) {
      const next = bytes[at + index]!;
      if (next < low || next > high) fail('utf8', { offset: at });
      low = 0x80;
      high = 0xbf;
    }
    at += more + 1;
  }
}
