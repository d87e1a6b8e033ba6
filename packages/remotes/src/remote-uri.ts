import { DmlError, parseRemoteUri as parseText, type RemoteUri } from '@daggerml/object-model';

/** Every code that this package raises in addition to those of the object model. */
export type RemoteErrorCode = 'remote_uri_invalid';

/**
 * Parses the one canonical text of a remote URI.
 *
 * Throws `remote_uri_invalid` with the broken rule as its detail, and without the text, into which people paste
 * credentials.
 */
export function parseRemoteUri(text: string): RemoteUri {
  return parseText(text, (detail) => {
    throw new DmlError<RemoteErrorCode>({ code: 'remote_uri_invalid', detail });
  });
}
