import {
  formatRemoteUri as formatParts,
  parseRemoteUri as parseText,
  type RemoteUri,
} from '@daggerml/object-model';
import { refuseRemoteUri } from './refuse-remote-uri.ts';

/**
 * Parses the one canonical text of a remote URI.
 *
 * Throws `remote_uri_invalid` with the broken rule as its detail, and without the text, into which people paste
 * credentials.
 */
export function parseRemoteUri(text: string): RemoteUri {
  return parseText(text, refuseRemoteUri);
}

/** Returns the canonical text of a remote URI; throws `remote_uri_invalid` where the parts have none. */
export function formatRemoteUri(uri: RemoteUri): string {
  const text = formatParts(uri, refuseRemoteUri);
  // Checks the length too.
  parseRemoteUri(text);
  return text;
}
