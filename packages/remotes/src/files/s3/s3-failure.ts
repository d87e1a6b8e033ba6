/** Kinds of failed requests, by what they mean for a remote. */
export type S3FailureKind =
  /** The object is not there. */
  | 'absent'
  /** The object has the version that is known. */
  | 'unchanged'
  /** The wanted range lies behind the end of the object. */
  | 'outside'
  /** The condition of a conditional write does not hold. */
  | 'precondition'
  /** The server did not try, since another write was under way. */
  | 'conflict'
  | 'no_bucket'
  /** The server knows nothing of an upload in parts. */
  | 'no_upload'
  | 'refused'
  | 'full'
  /** No answer, or one that says nothing about the effect; another attempt may succeed. */
  | 'lost'
  /** No connection came about, so the request has no effect. */
  | 'unconnected'
  /** As `unconnected`, and another attempt ends alike. */
  | 'unreachable'
  /** An error that is none of the above; nothing is known of the effect. */
  | 'unexpected';

/** A failed request. */
export interface S3Failure {
  readonly kind: S3FailureKind;
  /** Code of S3, or name of the error. */
  readonly code: string;
  /** Status of the answer, where there was one. */
  readonly status: number | undefined;
  /** Words of the server or the system. */
  readonly reason: string;
  /** The error without the request, whose headers may hold a token. */
  readonly cause: Error;
}

/** An answer that contradicts itself: a body that is shorter than announced, a range that was not asked for. */
export class S3AnswerError extends Error {
  override readonly name = 'S3AnswerError';
}

/** Members that errors of the client library, of the network and of credential providers have. */
interface ErrorFacts {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly errors?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly Region?: unknown;
}

const MAX_REASON = 300;

const BY_CODE: Readonly<Record<string, S3FailureKind>> = {
  NoSuchKey: 'absent',
  NotModified: 'unchanged',
  InvalidRange: 'outside',
  PreconditionFailed: 'precondition',
  ConditionalRequestConflict: 'conflict',
  OperationAborted: 'conflict',
  NoSuchBucket: 'no_bucket',
  NoSuchUpload: 'no_upload',
  QuotaExceeded: 'full',
  InsufficientStorage: 'full',
  XMinioStorageFull: 'full',
  XMinioAdminBucketQuotaExceeded: 'full',
  // Bytes that were changed under way; some servers keep them all the same.
  BadDigest: 'lost',
  InvalidDigest: 'lost',
  XAmzContentSHA256Mismatch: 'lost',
  XAmzContentChecksumMismatch: 'lost',
  RequestTimeout: 'lost',
  RequestTimeTooSkewed: 'refused',
  NotImplemented: 'refused',
  SlowDown: 'lost',
  IncompleteBody: 'lost',
};

const BY_STATUS: Readonly<Record<number, S3FailureKind>> = {
  304: 'unchanged',
  409: 'conflict',
  412: 'precondition',
  416: 'outside',
  429: 'lost',
  507: 'full',
};

const CONNECTING = new Set(['connect', 'getaddrinfo']);
const LOST = /^(?:TimeoutError|AbortError|S3AnswerError)$/;
const TLS = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO$)/;

/** Returns what an error that a request ended with means. */
export function failureOf(cause: unknown): S3Failure {
  const facts: ErrorFacts = typeof cause === 'object' && cause !== null ? cause : {};
  const reason = reasonOf(facts);
  const plain = Object.assign(new Error(reason), { name: String(facts.name), code: facts.code });
  if (cause instanceof Error && cause.stack !== undefined) plain.stack = cause.stack;
  const status = facts.$metadata?.httpStatusCode;
  return { kind: kindOf(facts), code: String(facts.name), status, reason, cause: plain };
}

/** Returns the region that a server names in place of the one that was asked. */
export function regionIn(cause: unknown): string | undefined {
  const facts = cause as ErrorFacts;
  const status = facts.$metadata?.httpStatusCode;
  if (status !== 301 && status !== 307 && status !== 400) return undefined;
  const region = facts.$response?.headers?.['x-amz-bucket-region'] ?? facts.Region;
  return typeof region === 'string' && region !== '' ? region : undefined;
}

/** Checks whether a server refused a request only because our clock is wrong, which the library now accounts for. */
export function isClockCorrected(cause: unknown): boolean {
  const { httpStatusCode: status, clockSkewCorrected: isCorrected } = (cause as ErrorFacts).$metadata ?? {};
  // The library says so of any failed request; those with another status may have had an effect.
  return isCorrected === true && (status === 401 || status === 403);
}

function kindOf(facts: ErrorFacts): S3FailureKind {
  const status = facts.$metadata?.httpStatusCode;
  const name = String(facts.name);
  if (status === undefined || (status >= 200 && status < 300))
    return facts.$response === undefined ? kindWithoutAnswer(facts) : 'lost';
  // Without one of these codes, 404 may be all that a server says which is none of S3.
  // @spec DML-REM-0649
  const known = BY_CODE[name] ?? BY_STATUS[status];
  if (known !== undefined) return known;
  return status >= 500 ? 'lost' : 'refused';
}

function kindWithoutAnswer(facts: ErrorFacts): S3FailureKind {
  const code = String(facts.code ?? '');
  if (/(?:Credentials|Token)ProviderError$/.test(String(facts.name))) return 'refused';
  if (TLS.test(code) || code === 'ERR_INVALID_URL') return 'unreachable';
  if (isConnecting(facts)) return 'unconnected';
  return code !== '' || LOST.test(String(facts.name)) ? 'lost' : 'unexpected';
}

/** Checks whether an error is that of making a connection, in which nothing of a request is sent. */
function isConnecting({ syscall, errors, message }: ErrorFacts): boolean {
  // One error for each address of a name.
  if (Array.isArray(errors)) return errors.length > 0 && errors.every((one: ErrorFacts) => isConnecting(one));
  if (CONNECTING.has(String(syscall))) return true;
  return /did not establish a connection/.test(String(message));
}

function reasonOf({ name, message, code, errors, $metadata }: ErrorFacts): string {
  const status = $metadata?.httpStatusCode;
  const [first]: ErrorFacts[] = Array.isArray(errors) ? errors : [];
  // What follows on later lines is about the client library.
  const [line = ''] = String((message === '' && first !== undefined ? first.message : message) ?? '').split(
    '\n',
  );
  const text = inPlainWords(line);
  const label = String((status === undefined ? code : isCode(name) ? name : `status ${status}`) ?? '');
  const words = [label, text].filter((part) => part !== '');
  return (text.includes(label) ? text : words.join(': '))
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, MAX_REASON);
}

/** Checks whether the name of an error is a code of S3; the library calls any answer 404 without a body "NotFound". */
function isCode(name: unknown): boolean {
  return typeof name === 'string' && /^[A-Z]\w+$/.test(name) && !/^(?:Unknown|Error$|NotFound$)/.test(name);
}

/** Returns what a message of the client library means to its user. */
function inPlainWords(text: string): string {
  const [, afterMs] = /timed out after (\d+) ms of inactivity/.exec(text) ?? [];
  if (afterMs !== undefined) return `no answer for ${Number(afterMs) / 1000} s`;
  const [, withinMs] = /within the configured timeout of (\d+) ms/.exec(text) ?? [];
  if (withinMs !== undefined) return `no connection within ${Number(withinMs) / 1000} s`;
  return text === 'UnknownError' ? '' : text;
}
