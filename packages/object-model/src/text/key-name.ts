import { fail } from '../errors.ts';
import { canonicalName } from './name.ts';
import { scanUtf8, textOfBytes, utf8Bytes } from './utf8.ts';

const UPPER_HEX = '0123456789ABCDEF';

function isUnreserved(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f ||
    byte === 0x7e
  );
}

/**
 * Returns a name as it stands in keys: canonical, every byte but the unreserved ones of RFC 3986 as `%XX`.
 *
 * @spec DML-OBJ-0515
 */
export function encodeKeyName(name: string): string {
  const canonical = canonicalName(name);
  let encoded = '';
  for (let at = 0; at < canonical.length; at++) {
    const unit = canonical.charCodeAt(at);
    if (unit > 0x7f) return encodeBytes(utf8Bytes(canonical));
    encoded += encodeByte(unit);
  }
  return encoded;
}

function encodeBytes(bytes: Uint8Array): string {
  let encoded = '';
  for (const byte of bytes) encoded += encodeByte(byte);
  return encoded;
}

function encodeByte(byte: number): string {
  return isUnreserved(byte)
    ? String.fromCharCode(byte)
    : `%${UPPER_HEX.charAt(byte >> 4)}${UPPER_HEX.charAt(byte & 15)}`;
}

/**
 * Returns the name of a key; only the exact output of {@link encodeKeyName} is accepted.
 *
 * Throws `invalid_payload` with `key_name_form`, and what {@link canonicalName} throws.
 */
export function decodeKeyName(encoded: string): string {
  if (!/^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})+$/.test(encoded)) fail('key_name_form');
  const bytes: number[] = [];
  for (let at = 0; at < encoded.length; at++) {
    if (encoded[at] === '%') {
      bytes.push(Number.parseInt(encoded.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(encoded.charCodeAt(at));
  }
  const content = Uint8Array.from(bytes);
  scanUtf8(content, 0, content.length);
  const name = canonicalName(textOfBytes(content, 0, content.length));
  // @spec DML-OBJ-0516
  if (encodeKeyName(name) !== encoded) fail('key_name_form');
  return name;
}
