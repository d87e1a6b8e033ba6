import { fail } from '../errors.ts';
import { checkMapKey } from '../text/name.ts';

const FORBIDDEN = /[\u0000\\]/;

/**
 * Checks the path of an entry in a directory, and returns it: relative, parts joined by `/`.
 *
 * Throws `invalid_payload` with `path_form` for an empty part, `.`, `..`, a backslash or NUL, and what `checkMapKey`
 * throws.
 *
 * @spec DML-OBJ-2113
 */
export function checkFilePath(path: string): string {
  const text = checkMapKey(path);
  if (FORBIDDEN.test(text)) fail('path_form');
  for (const part of text.split('/')) if (part === '' || part === '.' || part === '..') fail('path_form');
  return text;
}

/**
 * Checks the path that a symbolic link at `path` holds, and returns it: it leads to a place in the same directory.
 *
 * Throws `invalid_payload` with `link_target`.
 *
 * @spec DML-OBJ-2120
 */
export function checkLinkTarget(path: string, target: string): string {
  const text = checkMapKey(target);
  const parts = text.split('/');
  const up = parts.findIndex((part) => part !== '..');
  const ups = up < 0 ? parts.length : up;
  const depth = path.split('/').length - 1;
  const rest = parts.slice(ups);
  const isOdd = rest.some((part) => part === '' || part === '.' || part === '..');
  if (isOdd || ups > depth || FORBIDDEN.test(text)) fail('link_target');
  return text;
}
