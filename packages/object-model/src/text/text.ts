import { fail } from '../errors.ts';
import { toNfc } from './nfc.ts';
import { utf8Length } from './utf8.ts';

/** Every text below U+0300 is well-formed and in NFC, which covers nearly all texts without asking any table. */
const ALWAYS_NFC = /^[\u0000-\u02ff]*$/;

/**
 * Returns a text in NFC, with nothing else changed; for names and URIs, other texts are stored as given.
 *
 * Throws `invalid_utf8` with `lone_surrogate`.
 */
export function nfcText(text: string): string {
  if (ALWAYS_NFC.test(text)) return text;
  checkWellFormed(text);
  return toNfc(text);
}

/**
 * Checks a text that is stored as it is given, and returns it: well-formed, and at most `maxBytes` bytes of UTF-8.
 *
 * Throws `invalid_payload` with `field_type` for what is no text, `invalid_utf8` with `lone_surrogate`,
 * `invalid_bounds` with `text_length`.
 *
 * @spec DML-OBJ-0520
 */
export function checkText(text: unknown, maxBytes: number = Number.MAX_SAFE_INTEGER): string {
  if (typeof text !== 'string') fail('field_type');
  checkWellFormed(text);
  // @spec DML-OBJ-0505
  if (text.length * 3 > maxBytes && utf8Length(text) > maxBytes) fail('text_length', { maxBytes });
  return text;
}

/** Throws `invalid_payload` with `text_not_nfc` for a well-formed text that is not in NFC. */
export function demandNfc(text: string): void {
  // @spec DML-OBJ-0503
  if (!ALWAYS_NFC.test(text) && toNfc(text) !== text) fail('text_not_nfc');
}

// @spec DML-OBJ-0502
function checkWellFormed(text: string): void {
  if (!text.isWellFormed()) fail('lone_surrogate');
}
