const HEX_DIGITS = '0123456789abcdef';
const BYTE_TO_HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15),
);
const HEX_TO_NIBBLE: Uint8Array = new Uint8Array(128).fill(255);
for (let nibble = 0; nibble < 16; nibble++) HEX_TO_NIBBLE[HEX_DIGITS.charCodeAt(nibble)] = nibble;

/** Yields the lowercase hex text of `bytes[start..end)`. */
export function hexOf(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let hex = '';
  for (let at = start; at < end; at++) hex += BYTE_TO_HEX[bytes[at]!];
  return hex;
}

/** Writes lowercase hex text as bytes at `offset`; yields false when a character is not a lowercase hex digit. */
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

/** Yields the bytes of lowercase hex text, undefined when it is not that. */
export function bytesOfHex(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  return writeHex(hex, bytes, 0) ? bytes : undefined;
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

/** Tells whether two byte strings are the same. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0;
}
