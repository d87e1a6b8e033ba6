import {
  DmlError,
  formatRemoteUri as formatParts,
  parseRemoteUri as parseText,
  type RemoteUri,
  type RemoteUriRule,
} from '@daggerml/object-model';

/** Every code that this package raises in addition to those of the object model. */
export type RemoteErrorCode = 'remote_uri_invalid';

/** Throws `remote_uri_invalid`; the text stays out of the error since people paste credentials. */
function refuseUri(detail: RemoteUriRule): never {
  throw new DmlError<RemoteErrorCode>({ code: 'remote_uri_invalid', detail });
}

/**
 * Parses the one canonical text of a remote URI.
 *
 * Throws `remote_uri_invalid` with the broken rule as its detail.
 */
export function parseRemoteUri(text: string): RemoteUri {
  return parseText(text, refuseUri);
}

/**
 * Returns the canonical text of a remote URI.
 *
 * Throws `remote_uri_invalid` when the parts have no such text.
 */
export function formatRemoteUri(uri: RemoteUri): string {
  return formatParts(uri, refuseUri);
}
