import { fail } from '../errors.ts';
import { toNfc } from './nfc.ts';
import { utf8Length } from './utf8.ts';

/** Every text below U+0300 is in NFC, which covers nearly all texts without asking the Unicode tables. */
const ALWAYS_NFC = /^[\u0000-\u02ff]*$/;

/**
 * Yields the canonical form of a text: NFC, nothing else changed.
 *
 * Throws `invalid_utf8` with `lone_surrogate`.
 */
export function canonicalText(text: string): string {
  if (ALWAYS_NFC.test(text)) return text;
  checkWellFormed(text);
  return toNfc(text);
}

/** Checks that a text is canonical and at most `maxBytes` bytes of UTF-8. */
export function checkText(text: unknown, maxBytes: number = Number.MAX_SAFE_INTEGER): string {
  if (typeof text !== 'string') fail('field_type');
  if (!ALWAYS_NFC.test(text)) {
    checkWellFormed(text);
    // @spec DML-OBJ-0503
    if (toNfc(text) !== text) fail('text_not_nfc');
  }
  // @spec DML-OBJ-0505
  if (text.length * 3 > maxBytes && utf8Length(text) > maxBytes) fail('text_length', { maxBytes });
  return text;
}

// @spec DML-OBJ-0502
function checkWellFormed(text: string): void {
  if (!text.isWellFormed()) fail('lone_surrogate');
}
