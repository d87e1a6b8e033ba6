import { toNfc } from './nfc.ts';

/** The parts of a remote URI, percent-decoded. */
export interface RemoteUri {
  /** Name of the Remote Adapter, e.g. `file` or `s3`. */
  readonly adapterName: string;
  /** Path below the adapter; an empty list is the adapter's root. */
  readonly pathSegments: readonly string[];
  /** Parameters by name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A rule of remote URIs that a text or the parts of one may break. */
export type RemoteUriRule =
  | 'length'
  | 'form'
  | 'adapter'
  | 'authority'
  | 'segment'
  | 'encoding'
  | 'query'
  | 'credential'
  | 'not_canonical';

/** Function that throws the caller's error for a broken rule. */
export type RefuseRemoteUri = (rule: RemoteUriRule) => never;

const MAXIMUM_LENGTH = 2048;
const SCHEME = 'dml+remote://';
const ADAPTER_NAME = /^[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const AUTHORITY_EXTRAS = /[@:]/;
/** Parts of the letters of a name, and all of them, that announce a credential. */
const CREDENTIAL =
  /accesskey|apikey|credential|passphrase|passwd|password|privatekey|secret|signature|token|^(?:auth|key|pass|pwd|sas|sig)$/;

/** Parses the one canonical text of a remote URI; calls `refuse` with the rule that it breaks. */
export function parseRemoteUri(text: string, refuse: RefuseRemoteUri): RemoteUri {
  // @spec DML-REM-0308
  if (typeof text !== 'string' || text.length > MAXIMUM_LENGTH) refuse('length');
  // @spec DML-REM-0301
  if (!text.startsWith(SCHEME)) refuse('form');
  const slashAt = text.indexOf('/', SCHEME.length);
  if (slashAt < 0) refuse('form');
  const adapterName = text.slice(SCHEME.length, slashAt);
  // @spec DML-REM-0304
  if (AUTHORITY_EXTRAS.test(adapterName) || text.includes('#')) refuse('authority');
  const questionAt = text.indexOf('?', slashAt);
  const path = text.slice(slashAt + 1, questionAt < 0 ? undefined : questionAt);
  const uri: RemoteUri = {
    adapterName,
    pathSegments: path === '' ? [] : path.split('/').map((segment) => decodePart(segment, refuse)),
    parameters: questionAt < 0 ? new Map() : parseQuery(text.slice(questionAt + 1), refuse),
  };
  // @spec DML-REM-0303
  if (formatRemoteUri(uri, refuse) !== text) refuse('not_canonical');
  return uri;
}

/** Returns the canonical text of a remote URI; calls `refuse` when the parts have no such text. */
export function formatRemoteUri(uri: RemoteUri, refuse: RefuseRemoteUri): string {
  // @spec DML-REM-0302
  if (!ADAPTER_NAME.test(uri.adapterName)) refuse('adapter');
  const path = uri.pathSegments.map((segment) => encodeSegment(segment, refuse)).join('/');
  const query = [...uri.parameters]
    .map(([name, value]) => ({ name: encodeParameterName(name, refuse), value: encodePart(value, refuse) }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
  return `${SCHEME}${uri.adapterName}/${path}${query === '' ? '' : `?${query}`}`;
}

function parseQuery(query: string, refuse: RefuseRemoteUri): Map<string, string> {
  const parameters = new Map<string, string>();
  let previous = '';
  for (const parameter of query.split('&')) {
    const equalsAt = parameter.indexOf('=');
    if (equalsAt <= 0) refuse('query');
    const name = parameter.slice(0, equalsAt);
    // @spec DML-REM-0307
    if (name <= previous) refuse('query');
    previous = name;
    parameters.set(decodePart(name, refuse), decodePart(parameter.slice(equalsAt + 1), refuse));
  }
  return parameters;
}

function encodeSegment(segment: string, refuse: RefuseRemoteUri): string {
  // @spec DML-REM-0305
  if (segment === '' || segment === '.' || segment === '..') refuse('segment');
  return encodePart(segment, refuse);
}

function encodeParameterName(name: string, refuse: RefuseRemoteUri): string {
  // @spec DML-REM-0310
  if (announcesCredential(name)) refuse('credential');
  return encodePart(name, refuse);
}

/** Checks whether the name of a parameter or variable announces a credential. */
export function announcesCredential(name: string): boolean {
  return CREDENTIAL.test(name.replace(/[^A-Za-z]/g, '').toLowerCase());
}

/** Percent-encodes everything outside of the unreserved set; encodeURIComponent leaves five characters more. */
function encodePart(part: string, refuse: RefuseRemoteUri): string {
  // @spec DML-REM-0306
  if (part !== toNfc(part)) refuse('encoding');
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decodePart(part: string, refuse: RefuseRemoteUri): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse('encoding');
  }
}
