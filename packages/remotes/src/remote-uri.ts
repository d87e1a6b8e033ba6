import {
  formatRemoteUri as formatParts,
  parseRemoteUri as parseText,
  type RemoteUri,
} from '@daggerml/object-model';
import { refuseUri } from './errors.ts';

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
