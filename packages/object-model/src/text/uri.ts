import { fail } from '../errors.ts';
import { isIpLiteral } from './ip-literal.ts';
import { nfcText } from './text.ts';
import { percentCanonical, percentEncodeNonAscii } from './uri-percent.ts';
import { utf8Length } from './utf8.ts';

/** Longest URI in canonical form, in bytes. */
const MAX_URI_BYTES = 8192;

/** The five components of RFC 3986 in canonical form; an absent one is undefined, which differs from empty. */
interface UriParts {
  readonly scheme: string;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string | undefined;
}

const SHAPE = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const PCHAR = "A-Za-z0-9\\-._~!$&'()*+,;=:@%";
const PATH = new RegExp(`^[${PCHAR}/]*$`);
const QUERY = new RegExp(`^[${PCHAR}/?]*$`);
const USERINFO = /^[A-Za-z0-9\-._~!$&'()*+,;=:%]*$/;
const REG_NAME = /^[A-Za-z0-9\-._~!$&'()*+,;=%]*$/;
const PORT = /^[0-9]*$/;

/** Scheme → port that is the same as none; these schemes also take an empty path for `/`. */
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
  ['ws', '80'],
  ['wss', '443'],
]);

/**
 * Returns the canonical form of a URI of any scheme, `dml:` included.
 *
 * Throws `invalid_payload` with `uri_syntax`, `invalid_bounds` with `uri_length`, `invalid_utf8` with `lone_surrogate`.
 *
 * @spec DML-OBJ-0616
 */
export function canonicalReservedUri(text: string): string {
  return formatUri(parseUri(text));
}

/** Parses a URI into its components in canonical form. Throws as {@link canonicalReservedUri}. */
function parseUri(text: string): UriParts {
  const parts = SHAPE.exec(percentEncodeNonAscii(nfcText(text)));
  // @spec DML-OBJ-0601
  if (parts === null) fail('uri_syntax');
  // @spec DML-OBJ-0604
  const scheme = parts[1]!.toLowerCase();
  const authority = parts[2] === undefined ? undefined : canonicalAuthority(scheme, parts[2]);
  return {
    scheme,
    authority,
    path: canonicalPath(scheme, authority, parts[3]!),
    query: parts[4] === undefined ? undefined : component(parts[4], QUERY),
    fragment: parts[5] === undefined ? undefined : component(parts[5], QUERY),
  };
}

/** Puts components back together. Throws `invalid_bounds` with `uri_length`. */
function formatUri(parts: UriParts): string {
  const authority = parts.authority === undefined ? '' : `//${parts.authority}`;
  // @spec DML-OBJ-0614
  const query = parts.query === undefined ? '' : `?${parts.query}`;
  const fragment = parts.fragment === undefined ? '' : `#${parts.fragment}`;
  const uri = `${parts.scheme}:${authority}${parts.path}${query}${fragment}`;
  // @spec DML-OBJ-0603
  if (utf8Length(uri) > MAX_URI_BYTES) fail('uri_length', { maxBytes: MAX_URI_BYTES });
  return uri;
}

/** Checks that a text is a URI in canonical form; throws `invalid_payload` with `uri_not_canonical`. */
export function checkUri(text: unknown): string {
  if (typeof text !== 'string') fail('field_type', { expected: 'text' });
  if (text.length > MAX_URI_BYTES) fail('uri_length', { maxBytes: MAX_URI_BYTES });
  // @spec DML-OBJ-0602
  if (canonicalReservedUri(text) !== text) fail('uri_not_canonical');
  return text;
}

function component(text: string, allowed: RegExp): string {
  if (!allowed.test(text)) fail('uri_syntax');
  return percentCanonical(text);
}

function canonicalAuthority(scheme: string, authority: string): string {
  const at = authority.lastIndexOf('@');
  const userinfo = at < 0 ? '' : `${component(authority.slice(0, at), USERINFO)}@`;
  const hostPort = authority.slice(at + 1);
  const split = hostPort.startsWith('[') ? hostPort.indexOf(']') + 1 : hostPort.indexOf(':');
  const hostEnd = split < 0 ? hostPort.length : split;
  const port = hostPort.slice(hostEnd);
  if (port !== '' && (port[0] !== ':' || !PORT.test(port.slice(1)))) fail('uri_syntax');
  // @spec DML-OBJ-0610
  const keepsPort = port.length > 1 && port.slice(1) !== DEFAULT_PORTS.get(scheme);
  return `${userinfo}${canonicalHost(hostPort.slice(0, hostEnd))}${keepsPort ? port : ''}`;
}

function canonicalHost(host: string): string {
  if (host.startsWith('[')) {
    if (!isIpLiteral(host)) fail('uri_syntax');
    return host.toLowerCase();
  }
  // @spec DML-OBJ-0605
  const lowered = component(host, REG_NAME).toLowerCase();
  return lowered.replace(/%[0-9a-f]{2}/g, (triplet) => triplet.toUpperCase());
}

function canonicalPath(scheme: string, authority: string | undefined, text: string): string {
  const path = component(text, PATH);
  if (authority !== undefined) {
    // @spec DML-OBJ-0611
    if (path === '') return DEFAULT_PORTS.has(scheme) ? '/' : '';
    return removeDotSegments(path);
  }
  // @spec DML-OBJ-0612
  if (!path.startsWith('/')) return path;
  const reduced = removeDotSegments(path);
  // @spec DML-OBJ-0613
  return reduced.startsWith('//') ? `/.${reduced}` : reduced;
}

/**
 * Removes `.` and `..` segments from a path that begins with `/`, as RFC 3986 section 5.2.4 does.
 *
 * @spec DML-OBJ-0609
 */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const segments = path.slice(1).split('/');
  const kept: string[] = [];
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    // A dot segment at the end leaves the slash before it.
    else if (isLast) kept.push('');
  });
  return `/${kept.join('/')}`;
}
