import { fail } from '../errors.ts';
import { checkUri, parseUri } from '../text/uri.ts';
import { utf8Length } from '../text/utf8.ts';

const REMOTE_SCHEME = 'dml+remote';

/**
 * Checks the URI of a Repository Remote as far as every adapter has it: scheme, a host alone, no fragment.
 * Throws what `checkUri` throws, and `invalid_payload` with `remote_uri_form`.
 *
 * @spec DML-OBJ-1602
 */
export function checkRemote(value: unknown): string {
  const uri = checkUri(value);
  const { scheme, authority, fragment } = parseUri(uri);
  const isHost = authority !== undefined && /^[^@:[]+$/.test(authority);
  if (scheme !== REMOTE_SCHEME || !isHost || fragment !== undefined) fail('remote_uri_form');
  return uri;
}

/** Checks the URI that names a domain. Throws what `checkUri` throws, and `invalid_bounds` with `text_length`. */
export function checkDomain(value: unknown, maxBytes: number): string {
  const uri = checkUri(value);
  if (utf8Length(uri) > maxBytes) fail('text_length', { maxBytes });
  return uri;
}
