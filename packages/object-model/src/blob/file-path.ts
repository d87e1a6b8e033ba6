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
 * Throws `invalid_payload` with `link_target`, and what `checkMapKey` throws.
 */
export function checkLinkTarget(path: string, target: string): string {
  const text = checkMapKey(target);
  if (!isLinkTarget(path, text)) fail('link_target');
  return text;
}

/**
 * Checks whether a symbolic link at `path` may hold a path in a directory: one that leads to a place in it, in the one
 * form in which that is written.
 *
 * @spec DML-OBJ-2120
 */
export function isLinkTarget(path: string, target: string): boolean {
  const parts = target.split('/');
  const up = parts.findIndex((part) => part !== '..');
  const ups = up < 0 ? parts.length : up;
  const depth = path.split('/').length - 1;
  const isOdd = parts.slice(ups).some((part) => part === '' || part === '.' || part === '..');
  return !isOdd && ups <= depth && !FORBIDDEN.test(target);
}

/** Lists the paths of the folders above a path, the outermost one first. */
export function* foldersAbove(path: string): IterableIterator<string> {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
}
