import { fileURLToPath, pathToFileURL } from 'node:url';
import type { RemoteUri } from '@daggerml/object-model';
import { refuseRemoteUri } from '../refuse-remote-uri.ts';
import { formatRemoteUri } from '../remote-uri.ts';
import type { S3Place } from './s3/s3-place.ts';

/** Place of the files of a remote. */
export type RemotePlace =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 's3'; readonly place: S3Place }
  /** A place of which only a program of its own knows more. */
  | { readonly kind: 'adapter'; readonly adapterName: string };

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;
const BUCKET_RULE =
  'a bucket is written as s3://<bucket>/<folder>; its name has 2 to 255 letters, digits, dots, hyphens and underscores, and begins with a letter or digit';
const S3_PARAMETERS = new Set(['endpoint', 'profile', 'region', 'style']);

/** Returns the place that a remote URI names; throws `remote_uri_invalid` where it names none. */
export function placeOf(uri: RemoteUri): RemotePlace {
  switch (uri.adapterName) {
    case 'file':
      return { kind: 'folder', path: folderOf(uri) };
    case 's3':
      return { kind: 's3', place: bucketOf(uri) };
    default:
      return { kind: 'adapter', adapterName: uri.adapterName };
  }
}

/** Returns the canonical text of the remote in a folder. */
export function folderUri(path: string): string {
  const segments = pathToFileURL(path)
    .pathname.split('/')
    .filter((segment) => segment !== '');
  const pathSegments = segments.map(decodeURIComponent);
  return formatRemoteUri({ adapterName: 'file', pathSegments, parameters: new Map() });
}

/** Returns the URL of a server without a slash at its end; throws `remote_uri_invalid` unless it is one. */
export function canonicalEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // @spec DML-REM-0642
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return refuseRemoteUri('query', 'an endpoint is a URL that begins with https:// or http://');
  if (`${url.username}${url.password}` !== '')
    return refuseRemoteUri('credential', 'credentials belong to a profile of the configuration of AWS');
  if (`${url.search}${url.hash}` !== '') return refuseRemoteUri('query', 'an endpoint has no query');
  return url.href.replace(/\/+$/, '');
}

function folderOf({ pathSegments, parameters }: RemoteUri): string {
  if (parameters.size > 0) refuseRemoteUri('query', 'a folder has no parameters');
  if (pathSegments.some((segment) => segment.includes('\0'))) refuseRemoteUri('segment');
  const path = pathSegments.map(encodeURIComponent).join('/');
  try {
    // Also refuses slashes within a segment.
    return fileURLToPath(`file:///${path}`);
  } catch {
    return refuseRemoteUri('segment');
  }
}

function bucketOf({ pathSegments, parameters }: RemoteUri): S3Place {
  const [bucket = '', ...folders] = pathSegments;
  // A mistyped parameter is named whatever else is wrong. @spec DML-REM-0641
  for (const name of parameters.keys())
    if (!S3_PARAMETERS.has(name))
      refuseRemoteUri(
        'query',
        `there is no parameter "${name}": the parameters of a bucket are endpoint, profile, region and style`,
      );
  if (!BUCKET.test(bucket)) refuseRemoteUri('segment', BUCKET_RULE);
  // Keys with control characters cannot be listed, and a slash would end the segment.
  if (folders.some((folder) => /[\p{Cc}/]/u.test(folder))) refuseRemoteUri('segment');
  const endpoint = parameters.get('endpoint');
  if (endpoint !== undefined && canonicalEndpoint(endpoint) !== endpoint) refuseRemoteUri('not_canonical');
  const style = parameters.get('style');
  if (style !== undefined && style !== 'path' && style !== 'virtual')
    refuseRemoteUri('query', 'style is path or virtual');
  return {
    bucket,
    prefix: folders.join('/'),
    endpoint,
    region: parameters.get('region'),
    profile: parameters.get('profile'),
    pathStyle: style === undefined ? undefined : style === 'path',
  };
}
