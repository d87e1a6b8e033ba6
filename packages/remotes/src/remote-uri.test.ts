import { DmlError } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { parseRemoteUri } from './remote-uri.ts';

function parseDetail(text: string): string {
  try {
    parseRemoteUri(text);
  } catch (error) {
    if (error instanceof DmlError && error.code === 'remote_uri_invalid') return error.detail ?? '';
    throw error;
  }
  return 'accepted';
}

describe('parseRemoteUri', () => {
  it('splits scheme, adapter, path and query [DML-REM-0301]', () => {
    expect(
      parseRemoteUri('dml+remote://s3/bucket/team%20a?endpoint=http%3A%2F%2F127.0.0.1&region=eu'),
    ).toEqual({
      adapterName: 's3',
      pathSegments: ['bucket', 'team a'],
      parameters: new Map([
        ['endpoint', 'http://127.0.0.1'],
        ['region', 'eu'],
      ]),
    });
    expect(parseRemoteUri('dml+remote://file/')).toEqual({
      adapterName: 'file',
      pathSegments: [],
      parameters: new Map(),
    });
    for (const text of ['', 'file:///srv', 'dml+exec://s3/a', 'dml+remote:/s3/a', 'dml+remote://s3', '?']) {
      expect([text, parseDetail(text)]).toEqual([text, 'form']);
    }
  });

  it.each(['s3', 'a', 'file-2', 'x'.repeat(64)])('accepts the adapter name %s [DML-REM-0302]', (name) => {
    expect(parseRemoteUri(`dml+remote://${name}/p`).adapterName).toBe(name);
  });

  it.each(['', '3s', '-a', 'a-', 'S3', 'a_b', 'a.b', 'a%20', 'x'.repeat(65)])(
    'refuses the adapter name "%s" [DML-REM-0302]',
    (name) => {
      expect(parseDetail(`dml+remote://${name}/p`)).toBe('adapter');
    },
  );

  it.each([
    'dml+remote://s3/a%2db',
    'dml+remote://s3/%41',
    'dml+remote://s3/a b',
    'dml+remote://s3/ä',
    "dml+remote://s3/it's",
    'dml+remote://s3/a:b',
    'dml+remote://s3/p?a=x+y',
  ])('refuses %s, which has another canonical text [DML-REM-0303]', (text) => {
    expect(parseDetail(text)).toBe('not_canonical');
  });

  it.each(['user@s3/a', 'user:word@s3/a', 's3:443/a', 's3/a#part', 's3/a?b=c#d'])(
    'refuses user, password, port and fragment in %s [DML-REM-0304]',
    (rest) => {
      expect(parseDetail(`dml+remote://${rest}`)).toBe('authority');
    },
  );

  it.each(['a//b', 'a/', '/a', '.', '..', 'a/../b', '%2E%2E', 'a/%2E'])(
    'refuses the path %s [DML-REM-0305]',
    (path) => {
      expect(parseDetail(`dml+remote://file/${path}`)).toBe('segment');
    },
  );

  it.each(['%', '%4', '%GG', '%FF', '%C3', '%ED%A0%80', 'a%CC%88'])(
    'refuses the encoding %s [DML-REM-0306]',
    (part) => {
      expect(parseDetail(`dml+remote://file/${part}`)).toBe('encoding');
      expect(parseDetail(`dml+remote://file/p?a=${part}`)).toBe('encoding');
    },
  );

  it.each(['b=1&a=2', 'a=1&a=2', 'a-b=1&a=2', 'a', '=1', 'a=1&', '&a=1', ''])(
    'refuses the query "%s" [DML-REM-0307]',
    (query) => {
      expect(parseDetail(`dml+remote://s3/p?${query}`)).toBe('query');
    },
  );

  it('takes the parameters in the order of their names as written [DML-REM-0307]', () => {
    expect(parseDetail('dml+remote://s3/b?%C3%A9=3&a=1&a-b=2')).toBe('accepted');
  });

  it.each([
    'token',
    'X-Amz-Security-Token',
    'X-Amz-Signature',
    'AWSAccessKeyId',
    'api_key',
    'PASSWORD',
    'pass%20word',
    'client.secret',
    'sig',
    'key',
    'p%C3%A4wd',
  ])('refuses the parameter %s, which announces a credential [DML-REM-0310]', (name) => {
    expect(parseDetail(`dml+remote://s3/b?${name}=1`)).toBe('credential');
  });

  it.each(['keyboard', 'region', 'endpoint', 'author', 'prefix', 'ke', 'signed'])(
    'accepts the parameter %s [DML-REM-0310]',
    (name) => {
      expect(parseDetail(`dml+remote://s3/b?${name}=1`)).toBe('accepted');
    },
  );

  it('accepts 2,048 characters and refuses one more [DML-REM-0308]', () => {
    const text = `dml+remote://file/${'a'.repeat(2030)}`;
    expect(text).toHaveLength(2048);
    expect(parseDetail(text)).toBe('accepted');
    expect(parseDetail(`${text}a`)).toBe('length');
    expect(parseDetail('%'.repeat(2049))).toBe('length');
  });

  it('never repeats the text in the error', () => {
    expect(() => parseRemoteUri('dml+remote://key:word@s3/b')).not.toThrow(/word/);
  });
});
