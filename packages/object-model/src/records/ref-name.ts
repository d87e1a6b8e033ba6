import { fail, isDmlError } from '../errors.ts';
import { decodeKeyName } from '../text/key-name.ts';

/** Longest ref name, in bytes. */
const MAX_REF_NAME_BYTES = 1024;

/**
 * Checks a ref name: one or more key names joined by `/`.
 *
 * Throws `invalid_payload` with `ref_name_form`.
 */
export function checkRefName(name: unknown): string {
  if (typeof name !== 'string') fail('field_type', { expected: 'text' });
  // @spec DML-OBJ-1702
  if (name.length > MAX_REF_NAME_BYTES || !name.split('/').every(isKeyName)) fail('ref_name_form');
  return name;
}

function isKeyName(segment: string): boolean {
  try {
    decodeKeyName(segment);
    return true;
  } catch (error) {
    if (isDmlError(error)) return false;
    throw error;
  }
}
