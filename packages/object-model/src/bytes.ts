const HEX_DIGITS = '0123456789abcdef';
/** Character codes of the two digits of every byte. */
const BYTE_TO_CODES: Uint8Array = Uint8Array.from({ length: 512 }, (_, at) =>
  HEX_DIGITS.charCodeAt(at % 2 === 0 ? at >> 5 : (at >> 1) & 15),
);
const ID_CODES: number[] = new Array<number>(64).fill(0);
const HEX_TO_NIBBLE: Uint8Array = new Uint8Array(128).fill(255);
for (let nibble = 0; nibble < 16; nibble++) HEX_TO_NIBBLE[HEX_DIGITS.charCodeAt(nibble)] = nibble;

/**
 * Returns the lowercase hex text of `bytes[start..end)`.
 *
 * Made in one step per 32 bytes: adding digit by digit would leave a rope of strings behind every id.
 */
export function hexOf(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let hex = '';
  for (let at = start; at < end; at += 32) hex += hexOfPart(bytes, at, Math.min(at + 32, end));
  return hex;
}

function hexOfPart(bytes: Uint8Array, start: number, end: number): string {
  const codes = end - start === 32 ? ID_CODES : new Array<number>((end - start) * 2).fill(0);
  let to = 0;
  for (let at = start; at < end; at++) {
    const code = bytes[at]! * 2;
    codes[to++] = BYTE_TO_CODES[code]!;
    codes[to++] = BYTE_TO_CODES[code + 1]!;
  }
  return String.fromCharCode.apply(null, codes);
}

/** Writes lowercase hex text as bytes at `offset`; returns false when a character is not a lowercase hex digit. */
export function writeHex(hex: string, target: Uint8Array, offset: number): boolean {
  let bad = 0;
  for (let at = 0, to = offset; at < hex.length; at += 2, to++) {
    const high = HEX_TO_NIBBLE[hex.charCodeAt(at)] ?? 255;
    const low = HEX_TO_NIBBLE[hex.charCodeAt(at + 1)] ?? 255;
    bad |= high | low;
    target[to] = (high << 4) | low;
  }
  return bad < 16;
}

/** Checks whether every character of a text is a lowercase hex digit; much faster than a pattern. */
export function isHex(text: string): boolean {
  let bad = 0;
  for (let at = 0; at < text.length; at++) bad |= HEX_TO_NIBBLE[text.charCodeAt(at)] ?? 255;
  return bad < 16;
}

/** Returns the bytes of lowercase hex text, undefined when it is not that. */
export function bytesOfHex(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  return writeHex(hex, bytes, 0) ? bytes : undefined;
}

/** Returns a copy; `slice` of Node's `Buffer`, which may stand for any `Uint8Array`, returns a view. */
export function copyBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Orders two byte strings bytewise, a prefix before what it is a prefix of. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const common = left.length < right.length ? left.length : right.length;
  for (let at = 0; at < common; at++) {
    const difference = left[at]! - right[at]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Checks whether two byte strings are the same. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0;
}
