import { nfcText } from '@daggerml/object-model';
import { refuseUri } from './errors.ts';

/** The parts of a remote URI, percent-decoded. */
export interface RemoteUri {
  /** Name of the Remote Adapter, e.g. `file` or `s3`. */
  readonly adapterName: string;
  /** Path below the adapter; an empty list is the adapter's root. */
  readonly pathSegments: readonly string[];
  /** Parameters by name, in any order; formatting sorts them. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAXIMUM_LENGTH = 2048;
const SCHEME = 'dml+remote://';
const ADAPTER_NAME = /^[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const AUTHORITY_EXTRAS = /[@:]/;
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Parses the one canonical text of a remote URI.
 *
 * Throws `remote_uri_invalid` with the broken rule as its detail.
 */
export function parseRemoteUri(text: string): RemoteUri {
  // @spec DML-REM-0308
  if (typeof text !== 'string' || text.length > MAXIMUM_LENGTH) refuseUri('length');
  // @spec DML-REM-0301
  if (!text.startsWith(SCHEME)) refuseUri('form');
  const slashAt = text.indexOf('/', SCHEME.length);
  if (slashAt < 0) refuseUri('form');
  const adapterName = text.slice(SCHEME.length, slashAt);
  // @spec DML-REM-0304
  if (AUTHORITY_EXTRAS.test(adapterName) || text.includes('#')) refuseUri('authority');
  const questionAt = text.indexOf('?', slashAt);
  const path = text.slice(slashAt + 1, questionAt < 0 ? undefined : questionAt);
  const uri: RemoteUri = {
    adapterName,
    pathSegments: path === '' ? [] : path.split('/').map(decodePart),
    parameters: questionAt < 0 ? new Map() : parseQuery(text.slice(questionAt + 1)),
  };
  // @spec DML-REM-0303
  if (formatRemoteUri(uri) !== text) refuseUri('not_canonical');
  return uri;
}

/**
 * Yields the canonical text of a remote URI.
 *
 * Throws `remote_uri_invalid` when the parts have no such text.
 */
export function formatRemoteUri(uri: RemoteUri): string {
  // @spec DML-REM-0302
  if (!ADAPTER_NAME.test(uri.adapterName)) refuseUri('adapter');
  const path = uri.pathSegments.map(encodeSegment).join('/');
  const query = [...uri.parameters]
    .map(([name, value]) => ({ name: encodeParameterName(name), value: encodePart(value) }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
  const text = `${SCHEME}${uri.adapterName}/${path}${query === '' ? '' : `?${query}`}`;
  if (text.length > MAXIMUM_LENGTH) refuseUri('length');
  return text;
}

function parseQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  let previous = '';
  for (const parameter of query.split('&')) {
    const equalsAt = parameter.indexOf('=');
    if (equalsAt <= 0) refuseUri('query');
    const name = parameter.slice(0, equalsAt);
    // @spec DML-REM-0307
    if (name <= previous) refuseUri('query');
    previous = name;
    parameters.set(decodePart(name), decodePart(parameter.slice(equalsAt + 1)));
  }
  return parameters;
}

function encodeSegment(segment: string): string {
  // @spec DML-REM-0305
  if (segment === '' || segment === '.' || segment === '..') refuseUri('segment');
  return encodePart(segment);
}

function encodeParameterName(name: string): string {
  return name === '' ? refuseUri('query') : encodePart(name);
}

/** Percent-encodes everything outside of the unreserved set; encodeURIComponent leaves five characters more. */
function encodePart(part: string): string {
  // @spec DML-REM-0306
  if (LONE_SURROGATE.test(part) || part !== nfcText(part)) refuseUri('encoding');
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuseUri('encoding');
  }
}
