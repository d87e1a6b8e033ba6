import { fail } from '../errors.ts';
import { checkText, demandNfc, nfcText } from './text.ts';
import { utf8Length } from './utf8.ts';

/** Longest name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255;
/** Longest key of a map, in bytes of UTF-8. */
export const MAX_MAP_KEY_BYTES = 4096;

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Returns the canonical form of a name: NFC, and refused where it is no name.
 *
 * Throws `invalid_bounds` with `name_length`, `invalid_payload` with `name_control` or `name_reserved`,
 * `invalid_utf8` with `lone_surrogate`.
 *
 * @spec DML-OBJ-0506
 */
export function canonicalName(name: string): string {
  // Normalising never shortens a text that far.
  if (name.length > 8 * MAX_NAME_BYTES) fail('name_length', { maxBytes: MAX_NAME_BYTES });
  const canonical = nfcText(name);
  checkName(canonical);
  return canonical;
}

/** Checks that a text is a name in canonical form. */
export function checkName(name: unknown): string {
  const text = checkText(name);
  // @spec DML-OBJ-0507
  if (text.length === 0 || (text.length * 3 > MAX_NAME_BYTES && utf8Length(text) > MAX_NAME_BYTES)) {
    fail('name_length', { maxBytes: MAX_NAME_BYTES });
  }
  demandNfc(text);
  // @spec DML-OBJ-0508
  if (CONTROL.test(text)) fail('name_control');
  // @spec DML-OBJ-0509
  if (text === '.' || text === '..') fail('name_reserved');
  return text;
}

/**
 * Checks a map key, which is stored as it is given, and returns it.
 * Throws what `checkText` throws, and `invalid_bounds` with `map_key_length`.
 */
export function checkMapKey(mapKey: unknown): string {
  const text = checkText(mapKey);
  // @spec DML-OBJ-0512
  if (text.length * 3 > MAX_MAP_KEY_BYTES && utf8Length(text) > MAX_MAP_KEY_BYTES) {
    fail('map_key_length', { maxBytes: MAX_MAP_KEY_BYTES });
  }
  return text;
}
