import { fail } from '../errors.ts';
import { parseRemoteUri, type RemoteUriRule } from '../text/remote-uri.ts';
import { checkUri } from '../text/uri.ts';
import { utf8Length } from '../text/utf8.ts';

/**
 * Checks the URI of a Repository Remote.
 * Throws what `checkUri` throws, and `invalid_payload` with `remote_uri_form` and the broken rule.
 */
export function checkRemote(value: unknown): string {
  const uri = checkUri(value);
  // @spec DML-OBJ-1602
  parseRemoteUri(uri, refuseRemote);
  return uri;
}

function refuseRemote(rule: RemoteUriRule): never {
  fail('remote_uri_form', { rule });
}

/** Checks the URI that names a domain. Throws what `checkUri` throws, and `invalid_bounds` with `text_length`. */
export function checkDomain(value: unknown, maxBytes: number): string {
  const uri = checkUri(value);
  if (utf8Length(uri) > maxBytes) fail('text_length', { maxBytes });
  return uri;
}
