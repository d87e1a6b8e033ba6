import { describe, expect, it } from 'vitest';
import { failureOf, isClockCorrected, regionIn } from './s3-failure.ts';

const error = (message: string, more: object = {}) => Object.assign(new Error(message), more);
const answered = (status: number, name: string, message = '') =>
  error(message, { name, $metadata: { httpStatusCode: status }, $response: {} });

describe('failureOf', () => {
  it.each([
    [answered(404, 'NoSuchKey'), 'absent'],
    [answered(404, 'NotFound'), 'refused'],
    [answered(404, 'NoSuchBucket'), 'no_bucket'],
    [answered(404, 'NoSuchUpload'), 'no_upload'],
    [answered(304, '304'), 'unchanged'],
    [answered(416, '416'), 'outside'],
    [answered(412, '412'), 'precondition'],
    [answered(409, '409'), 'conflict'],
    [answered(400, 'BadDigest'), 'lost'],
    [answered(400, 'RequestTimeout'), 'lost'],
    [answered(400, 'InvalidArgument'), 'refused'],
    [answered(429, '429'), 'lost'],
    [answered(501, 'NotImplemented'), 'refused'],
    [answered(502, '502'), 'lost'],
    [answered(507, '507'), 'full'],
    [answered(200, 'SyntaxError'), 'lost'],
    [error('', { $response: {} }), 'lost'],
    [error('read ECONNRESET', { code: 'ECONNRESET', syscall: 'read' }), 'lost'],
    [error('late', { name: 'TimeoutError' }), 'lost'],
    [error('connect ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' }), 'unconnected'],
    [error('getaddrinfo ENOTFOUND', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'unconnected'],
    [
      error('', { code: 'ECONNREFUSED', errors: [{ syscall: 'connect' }, { syscall: 'connect' }] }),
      'unconnected',
    ],
    [error('', { code: 'ECONNRESET', errors: [{ syscall: 'connect' }, { syscall: 'read' }] }), 'lost'],
    [error('', { code: 'ECONNRESET', errors: [] }), 'lost'],
    [error('the socket did not establish a connection', { name: 'TimeoutError' }), 'unconnected'],
    [error('self-signed', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'unreachable'],
    [error('wrong version', { code: 'EPROTO', syscall: 'write' }), 'unreachable'],
    [error('no profile', { name: 'CredentialsProviderError' }), 'refused'],
    [error('sign in', { name: 'TokenProviderError' }), 'refused'],
    [new TypeError('a mistake of ours'), 'unexpected'],
    ['a text', 'unexpected'],
    [null, 'unexpected'],
  ])('takes %s for %s', (cause, kind) => {
    expect(failureOf(cause).kind).toBe(kind);
  });

  it.each([
    [answered(403, 'AccessDenied', 'Access Denied'), 'AccessDenied: Access Denied'],
    [answered(403, '403', 'UnknownError'), 'status 403'],
    [answered(404, 'NotFound', 'UnknownError'), 'status 404'],
    [answered(500, 'Unknown', 'a\n  hint of the library'), 'status 500: a'],
    [answered(400, 'Bad\u001b[31m', 'red \u001b[31m text'), 'status 400: red [31m text'],
    [answered(400, 'InvalidArgument', 'x'.repeat(1_000)), `InvalidArgument: ${'x'.repeat(283)}`],
    [error('connect ECONNREFUSED 1.2.3.4:5', { code: 'ECONNREFUSED' }), 'connect ECONNREFUSED 1.2.3.4:5'],
    [error('', { code: 'ECONNREFUSED', errors: [error('connect ::1')] }), 'ECONNREFUSED: connect ::1'],
    [error('the request socket timed out after 30000 ms of inactivity (configured)'), 'no answer for 30 s'],
    [error('did not connect within the configured timeout of 5000 ms.'), 'no connection within 5 s'],
    [undefined, ''],
  ])('says of %s what a person understands', (cause, reason) => {
    expect(failureOf(cause).reason).toBe(reason);
  });

  it('keeps the place of an error and nothing of its request', () => {
    const cause = answered(403, 'AccessDenied', 'Access Denied');
    const failure = failureOf(cause);
    expect(failure).toMatchObject({ code: 'AccessDenied', status: 403 });
    expect(failure.cause).toMatchObject({ name: 'AccessDenied', stack: cause.stack });
    expect(Object.getOwnPropertyNames(failure.cause)).not.toContain('$response');
  });
});

describe('what a server says of the next attempt', () => {
  const redirect = (status: number, headers: object, more: object = {}) =>
    error('', { $metadata: { httpStatusCode: status }, $response: { headers }, ...more });

  it('is a region in answers that mean that nothing was tried', () => {
    const headers = { 'x-amz-bucket-region': 'eu-west-1' };
    for (const status of [301, 307, 400]) expect(regionIn(redirect(status, headers))).toBe('eu-west-1');
    for (const status of [200, 403, 500]) expect(regionIn(redirect(status, headers))).toBeUndefined();
    expect(regionIn(redirect(400, {}, { Region: 'eu-north-1' }))).toBe('eu-north-1');
    for (const Region of ['', 7, undefined]) expect(regionIn(redirect(400, {}, { Region }))).toBeUndefined();
    expect(regionIn(error('no answer'))).toBeUndefined();
  });

  it('is a time only where the request was refused', () => {
    const corrected = (httpStatusCode: number) =>
      isClockCorrected(error('', { $metadata: { httpStatusCode, clockSkewCorrected: true } }));
    expect([401, 403].map(corrected)).toEqual([true, true]);
    expect([200, 400, 500, 503].map(corrected)).toEqual([false, false, false, false]);
    expect(isClockCorrected(error('', { $metadata: { httpStatusCode: 403 } }))).toBe(false);
    expect(isClockCorrected(error(''))).toBe(false);
  });
});
