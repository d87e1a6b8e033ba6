import { fail } from '../errors.ts';
import { utf8Bytes } from './utf8.ts';

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * Returns a component with its percent-encoding in canonical form: unreserved characters plain, hex digits in
 * upper case.
 *
 * Throws `invalid_payload` with `uri_syntax` for a `%` without two hex digits.
 */
export function percentCanonical(component: string): string {
  if (!component.includes('%')) return component;
  // @spec DML-OBJ-0606
  if (/%(?![0-9A-Fa-f]{2})/.test(component)) fail('uri_syntax');
  return component.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    // @spec DML-OBJ-0607
    return UNRESERVED.test(character) ? character : triplet.toUpperCase();
  });
}

/**
 * Returns a text in NFC with everything outside ASCII percent-encoded as UTF-8.
 *
 * @spec DML-OBJ-0608
 */
export function percentEncodeNonAscii(text: string): string {
  return text.replace(/[^\u0000-\u007f]+/gu, (characters) => {
    let encoded = '';
    for (const byte of utf8Bytes(characters)) encoded += `%${byte.toString(16).toUpperCase()}`;
    return encoded;
  });
}
