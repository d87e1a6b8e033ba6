import { parseRemoteUri as parseText, type RemoteUri } from '@daggerml/object-model';
import { remoteError } from './errors.ts';

/**
 * Parses the one canonical text of a remote URI.
 *
 * Throws `remote_uri_invalid` with the broken rule as its detail, and without the text, into which people paste
 * credentials.
 */
export function parseRemoteUri(text: string): RemoteUri {
  return parseText(text, (detail) => {
    throw remoteError('remote_uri_invalid', { detail });
  });
}
