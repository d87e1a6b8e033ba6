import { canonicalName, isDmlError } from '@daggerml/object-model';
import { bindingsError } from './errors.ts';

/**
 * Throws `invalid_name` for text that cannot name a dag.
 *
 * @spec DML-BND-1201
 */
export function checkDagName(name: string): string {
  if (checkedName(name) === name) return name;
  throw bindingsError('invalid_name', { name, reason: 'not_canonical', escaped: escapesOf(name) });
}

/** Returns the canonical form of a name. Throws `invalid_name`. */
export function checkedName(name: string): string {
  try {
    return canonicalName(name);
  } catch (error) {
    if (!isDmlError(error)) throw error;
    throw bindingsError('invalid_name', { name, reason: error.detail ?? '' }, error);
  }
}

/**
 * Returns a name with escapes for what is not ASCII: one that is not in NFC looks like one that is.
 *
 * @spec DML-CLI-1209
 */
function escapesOf(name: string): string {
  return name.replace(/[^\u0020-\u007e]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
