import { fail } from '../errors.ts';

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns the text of UTF-8 bytes, a byte order mark kept. Throws `invalid_utf8` with `utf8`. */
export function textOfBytes(bytes: Uint8Array, start: number, end: number): string {
  if (end - start < 32) {
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
    return DECODER.decode(bytes.subarray(start, end));
  } catch {
    return fail('utf8');
  }
}
