import type { IncomingHttpHeaders } from 'node:http';

/** Operations of S3 that an adapter uses. */
export type S3Operation =
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'ListObjectsV2'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'Other';

/** A request as a server understands it; bucket and key come from the path. */
export interface S3Request {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answer to a request. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Returns the operation that method, query and whether there is a key stand for. */
export function operationOf(method: string, query: URLSearchParams, hasKey: boolean): S3Operation {
  const isUpload = query.has('uploadId');
  switch (method) {
    case 'GET':
      if (hasKey) return 'GetObject';
      return query.get('list-type') === '2' ? 'ListObjectsV2' : 'Other';
    case 'HEAD':
      return hasKey ? 'HeadObject' : 'Other';
    case 'PUT':
      if (!hasKey) return 'Other';
      return isUpload ? 'UploadPart' : 'PutObject';
    case 'DELETE':
      if (!hasKey) return 'Other';
      return isUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      if (!hasKey) return query.has('delete') ? 'DeleteObjects' : 'Other';
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return isUpload ? 'CompleteMultipartUpload' : 'Other';
    default:
      return 'Other';
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '"': '&quot;', '&': '&amp;' };

/** Returns an element of XML around a value. */
export function element(name: string, value: string | number | boolean): string {
  return `<${name}>${String(value).replace(/[<>"&]/g, (character) => ESCAPES[character] ?? '')}</${name}>`;
}

/** Returns an answer of success in XML. */
export function xmlAnswer(name: string, inside: string): S3Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<${name}>${inside}</${name}>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
}

/** Returns an answer with an error. */
export function errorAnswer(status: number, code: string, message: string): S3Answer {
  return { ...xmlAnswer('Error', `${element('Code', code)}${element('Message', message)}`), status };
}
