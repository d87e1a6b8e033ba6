import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDmlError, type RemoteUriRule } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import { refuseRemoteUri } from '../refuse-remote-uri.ts';
import { formatRemoteUri, parseRemoteUri } from '../remote-uri.ts';
import { canonicalEndpoint, folderUri, placeOf } from './remote-place.ts';

const BUCKET_FORM = 'a bucket is written as s3://<bucket>/<folder>';
const FOLDER_FORM = 'a folder is written as ./<path> or /<path>';

/** Forms that people type and that are no remote, with what they should type. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/^s3:/i, BUCKET_FORM],
  [/^file:/i, 'a folder is written as file:///<path>, ./<path> or /<path>'],
  [
    /^https?:/i,
    'a bucket of a server other than that of AWS is written as s3://<bucket>/<folder>?endpoint=<url>',
  ],
  [/^dml\+/i, 'a remote URI begins with dml+remote://s3/ or dml+remote://file/'],
  [/:/, `${FOLDER_FORM}, and ${BUCKET_FORM}`],
  [/^~/, `${FOLDER_FORM}; ~ is known to shells only, in front of a word and without quotes`],
  [/^$/, FOLDER_FORM],
];

/** Next steps for the rules that are broken in texts whose mistake is no known one. */
const RULES: Readonly<Record<RemoteUriRule, string>> = {
  length: 'a remote URI has at most 2,048 characters',
  form: 'a remote URI begins with dml+remote://s3/ or dml+remote://file/',
  adapter:
    'the name of an adapter has lowercase letters, digits and hyphens: dml+remote://file/<path>, dml+remote://s3/<bucket>',
  authority: 'user names, passwords, ports and fragments are no part of a remote URI',
  segment: 'the parts of a path stand between single slashes, and are neither "." nor ".."',
  encoding: 'a remote URI is UTF-8 in the normal form NFC, and a percent sign is written as %25',
  query: 'parameters are written as ?<name>=<value>&<name>=<value>, sorted by name, each name once',
  credential:
    'credentials belong to the configuration of AWS or of the adapter, such as a profile: s3://<bucket>/<folder>?profile=<name>',
  not_canonical: `a remote URI has one canonical text; the short forms have more: ${FOLDER_FORM}, and ${BUCKET_FORM}`,
};

/**
 * Returns the canonical text of a remote that a person has typed: a remote URI, `s3://<bucket>/<folder>` with the same
 * query, a `file:` URL, or a path, relative to `folder`. Throws `remote_uri_invalid`, with the text but for what may be a
 * credential, and with what to type instead.
 *
 * @spec DML-REM-0309
 */
export function canonicalRemoteUri(text: string, folder: string): string {
  try {
    return canonicalText(text, folder);
  } catch (error) {
    if (!isDmlError(error, 'remote_uri_invalid')) throw error;
    const { detail, fields } = error;
    // @spec DML-REM-1955
    const instead = String(fields.instead ?? RULES[detail as RemoteUriRule]);
    throw remoteError(
      'remote_uri_invalid',
      { detail: detail as string, instead, text: shownText(text) },
      error,
    );
  }
}

/** Most characters of a text that an error shows. */
const MAX_SHOWN = 200;

/** Returns a text without the parts in which people write credentials. @spec DML-REM-1956 */
function shownText(text: string): string {
  const shown = text.replace(/[?#].*/s, (rest) => `${rest[0]}…`).replace(/^([^/]*\/\/)?.*@/s, '$1…@');
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}

function canonicalText(text: string, folder: string): string {
  if (text.startsWith('dml+remote://')) {
    placeOf(parseRemoteUri(text));
    return text;
  }
  if (text.startsWith('s3://')) return bucketUri(text.slice('s3://'.length));
  if (text.startsWith('file://')) return folderUri(pathOf(text));
  const mistake =
    isAbsolute(text) || text.startsWith('.') ? undefined : MISTAKES.find(([form]) => form.test(text));
  return mistake === undefined ? folderUri(resolve(folder, text)) : refuseRemoteUri('form', mistake[1]);
}

/** Returns the name of the adapter of a canonical URI where it is none of the box. */
export function adapterOf(uri: string): string | undefined {
  const place = placeOf(parseRemoteUri(uri));
  return place.kind === 'adapter' ? place.adapterName : undefined;
}

function pathOf(url: string): string {
  if (/[?#]/.test(url)) return refuseRemoteUri('form', 'a folder has neither a query nor a fragment');
  try {
    return fileURLToPath(url);
  } catch {
    return refuseRemoteUri('form', 'a folder is written as file:///<path>');
  }
}

/** Returns the canonical text of a bucket: the path is taken as it is typed, as the tools of AWS do. */
function bucketUri(rest: string): string {
  const questionAt = rest.indexOf('?');
  const path = questionAt < 0 ? rest : rest.slice(0, questionAt);
  const [bucket = '', ...folders] = path.split('/');
  if (bucket === '') return refuseRemoteUri('form', BUCKET_FORM);
  if (/[@:]/.test(bucket) || rest.includes('#'))
    return refuseRemoteUri(
      'authority',
      'credentials, ports and fragments are no part of the name of a bucket',
    );
  // A slash at the end is a habit.
  if (folders.at(-1) === '') folders.pop();
  const parameters = questionAt < 0 ? new Map<string, string>() : typedParameters(rest.slice(questionAt + 1));
  const uri = { adapterName: 's3', pathSegments: [bucket, ...folders].map(toNfc), parameters };
  const text = formatRemoteUri(uri);
  placeOf(uri);
  return text;
}

function toNfc(text: string): string {
  return text.normalize('NFC');
}

function typedParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const parameter of query.split('&')) {
    const equalsAt = parameter.indexOf('=');
    const name = parameter.slice(0, Math.max(equalsAt, 0));
    if (name === '' || parameters.has(name))
      return refuseRemoteUri(
        'query',
        'parameters are written as ?<name>=<value>&<name>=<value>, each name once',
      );
    const value = decoded(parameter.slice(equalsAt + 1));
    parameters.set(name, name === 'endpoint' ? canonicalEndpoint(value) : value);
  }
  return parameters;
}

function decoded(value: string): string {
  try {
    return toNfc(decodeURIComponent(value));
  } catch {
    return refuseRemoteUri('encoding', 'a percent sign is written as %25');
  }
}
