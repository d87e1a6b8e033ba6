import { isDmlError } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { parseRemoteUri } from '../remote-uri.ts';
import { systemSurroundings } from '../system-remote.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { adapterOf, canonicalRemoteUri } from './canonical-remote-uri.ts';
import { openFiles } from './open-files.ts';
import { placeOf } from './remote-place.ts';

function refusalOf(text: string): { detail: string; message: string } {
  try {
    canonicalRemoteUri(text, '/home/me');
  } catch (error) {
    if (isDmlError(error, 'remote_uri_invalid'))
      return { detail: error.detail ?? '', message: error.message };
    throw error;
  }
  return { detail: 'accepted', message: '' };
}

describe('canonicalRemoteUri', () => {
  it.each([
    ['/srv/remote', 'dml+remote://file/srv/remote'],
    ['/srv//a/../remote/', 'dml+remote://file/srv/remote'],
    ['./remote', 'dml+remote://file/home/me/remote'],
    ['../you/r%20 x', 'dml+remote://file/home/you/r%2520%20x'],
    ['.', 'dml+remote://file/home/me'],
    ['..', 'dml+remote://file/home'],
    ['remote', 'dml+remote://file/home/me/remote'],
    ['a b/.r', 'dml+remote://file/home/me/a%20b/.r'],
    ['.hidden', 'dml+remote://file/home/me/.hidden'],
    ['./c:d', 'dml+remote://file/home/me/c%3Ad'],
    ['file:///srv/a%20b', 'dml+remote://file/srv/a%20b'],
    ['file://localhost/srv', 'dml+remote://file/srv'],
    ['s3://bucket', 'dml+remote://s3/bucket'],
    ['s3://bucket/', 'dml+remote://s3/bucket'],
    ['s3://bucket/team a/50%/', 'dml+remote://s3/bucket/team%20a/50%25'],
    [
      's3://b.c/x?region=eu&endpoint=http://h:1/',
      'dml+remote://s3/b.c/x?endpoint=http%3A%2F%2Fh%3A1&region=eu',
    ],
    ['s3://bucket?endpoint=https%3A%2F%2FH', 'dml+remote://s3/bucket?endpoint=https%3A%2F%2Fh'],
    ['s3://bucket/x?profile=a+b&style=virtual', 'dml+remote://s3/bucket/x?profile=a%2Bb&style=virtual'],
    ['dml+remote://s3/bucket/x?profile=p', 'dml+remote://s3/bucket/x?profile=p'],
    ['dml+remote://file/srv', 'dml+remote://file/srv'],
    ['dml+remote://shelf/srv/a%20b?x=y', 'dml+remote://shelf/srv/a%20b?x=y'],
  ])('takes %s for %s [DML-REM-0309]', (typed, canonical) => {
    const text = canonicalRemoteUri(typed, '/home/me');
    expect(text).toBe(canonical);
    // Canonical text is typed text as well.
    expect(canonicalRemoteUri(text, '/elsewhere')).toBe(canonical);
  });

  it.each([
    ['', 'form', './<path>'],
    ['~/remote', 'form', 'shells'],
    ['s3:/bucket/x', 'form', 's3://<bucket>/<folder>'],
    ['s3:bucket', 'form', 's3://<bucket>/<folder>'],
    ['S3://bucket', 'form', 's3://<bucket>/<folder>'],
    ['s3://', 'form', 's3://<bucket>/<folder>'],
    ['s3:///x', 'form', 's3://<bucket>/<folder>'],
    ['s3://?region=eu', 'form', 's3://<bucket>/<folder>'],
    ['s3://b/x', 'segment', 's3://<bucket>/<folder>; its name has 2 to 255 letters'],
    ['s3://Bad_Bucket!!/x', 'segment', 'begins with a letter or digit'],
    [
      's3://b/x?endpont=http://h',
      'query',
      'there is no parameter "endpont": the parameters of a bucket are endpoint',
    ],
    ['dml+remote://FILE/x', 'adapter', 'lowercase letters'],
    ['dml+remote://s3/bucket/a b', 'not_canonical', './<path>'],
    ['dml+remote://s3/bucket?b=1&a=1', 'query', 'sorted by name'],
    ['http://host/bucket', 'form', '?endpoint=<url>'],
    ['https://host/bucket', 'form', '?endpoint=<url>'],
    ['file:srv', 'form', 'file:///<path>'],
    ['file://host/srv', 'form', 'file:///<path>'],
    ['file:///srv?a=b', 'form', 'neither a query'],
    ['dml+remote:/s3/bucket', 'form', 'dml+remote://s3/'],
    ['host:path', 'form', './<path>'],
    ['gs://bucket', 'form', 's3://<bucket>/<folder>'],
    ['s3://key:word@bucket/x', 'authority', 'credentials'],
    ['s3://bucket:80/x', 'authority', 'ports'],
    ['s3://bucket/x#y', 'authority', 'fragments'],
    ['s3://bucket//x', 'segment', 'single slashes'],
    ['s3://bucket/../x', 'segment', 'neither "."'],
    ['s3://bucket/x?region', 'query', '<name>=<value>'],
    ['s3://bucket/x?', 'query', '<name>=<value>'],
    ['s3://bucket/x?region=a&region=b', 'query', '<name>=<value>'],
    ['s3://bucket/x?region=%', 'encoding', '%25'],
    ['s3://bucket/x?secret=a', 'credential', '?profile=<name>'],
    ['s3://bucket/x?style=host', 'query', 'path or virtual'],
    [`s3://bucket/${'x'.repeat(3000)}`, 'length', '2,048'],
  ])('refuses %s as %s and says what to type instead [DML-REM-1955]', (typed, detail, instead) => {
    const refusal = refusalOf(typed);
    expect(refusal.detail).toBe(detail);
    expect(refusal.message).toContain(instead);
    expect(refusal.message).not.toContain('word@');
  });

  it.each([
    ['s3://Bad_Bucket!!/x', 's3://Bad_Bucket!!/x'],
    ['s3://bucket/x?secret=word', 's3://bucket/x?…'],
    ['s3://key:word@bucket/x', 's3://…@bucket/x'],
    ['s3://key:wo/r@d@bucket/x', 's3://…@bucket/x'],
    ['key:word@host', '…@host'],
    ['s3://bucket/x#word', 's3://bucket/x#…'],
    ['gs://bucket', 'gs://bucket'],
    [`s3://bucket//${'x'.repeat(3000)}`, `s3://bucket//${'x'.repeat(187)}…`],
  ])('shows the text of %s as %s [DML-REM-1956]', (typed, shown) => {
    const { message } = refusalOf(typed);
    expect(message).toContain(`the text "${shown}" is not the address of a remote`);
    expect(message).not.toContain('word');
  });

  it.each(['s3://bucket/x?reigon=eu', 'dml+remote://s3/bucket?a=b', 'dml+remote://file/srv?region=eu'])(
    'refuses the unknown parameter of %s [DML-REM-0641]',
    (typed) => {
      expect(refusalOf(typed).detail).toBe('query');
      expect(refusalOf(typed).message).toContain('parameters');
    },
  );

  it.each([
    ['127.0.0.1:7070', 'query'],
    ['ftp://host', 'query'],
    ['http://', 'query'],
    ['http://key:word@host', 'credential'],
    ['http://key@host', 'credential'],
    ['http://host/?a=b', 'query'],
    ['http://host/%23', 'accepted'],
    ['https://host:9000/s3', 'accepted'],
  ])('takes only URLs without secrets for an endpoint: %s is %s [DML-REM-0642]', (endpoint, detail) => {
    expect(refusalOf(`s3://bucket?endpoint=${encodeURIComponent(endpoint)}`).detail).toBe(detail);
    const canonical = `dml+remote://s3/bucket?endpoint=${encodeURIComponent(endpoint)}`;
    expect(refusalOf(canonical).detail).toBe(detail);
  });

  it('refuses an endpoint that has another canonical text [DML-REM-0642]', () => {
    expect(refusalOf('dml+remote://s3/bucket?endpoint=http%3A%2F%2Fhost%2F').detail).toBe('not_canonical');
    expect(refusalOf('s3://bucket?endpoint=http://host/#x').detail).toBe('authority');
    expect(refusalOf('s3://bucket?endpoint=http://host/%23x').detail).toBe('query');
  });
});

describe('placeOf', () => {
  const place = (text: string) => placeOf(parseRemoteUri(text));

  it('returns folder, bucket and parameters', () => {
    expect(place('dml+remote://file/srv/a%20b')).toEqual({ kind: 'folder', path: '/srv/a b' });
    const query = 'endpoint=http%3A%2F%2Fh&profile=p&region=eu&style=virtual';
    expect(place(`dml+remote://s3/bucket/a/b?${query}`)).toEqual({
      kind: 's3',
      place: {
        bucket: 'bucket',
        prefix: 'a/b',
        endpoint: 'http://h',
        profile: 'p',
        region: 'eu',
        pathStyle: false,
      },
    });
    expect(place('dml+remote://s3/bucket?style=path')).toMatchObject({
      place: { prefix: '', pathStyle: true },
    });
    expect(place('dml+remote://s3/bucket')).toMatchObject({ place: { pathStyle: undefined } });
  });

  it('leaves what an adapter of its own means by a URI to that', () => {
    expect(place('dml+remote://shelf/srv?a=b')).toEqual({ kind: 'adapter', adapterName: 'shelf' });
    expect(adapterOf('dml+remote://shelf/srv?a=b')).toBe('shelf');
    expect(adapterOf('dml+remote://s3/bucket')).toBeUndefined();
    expect(adapterOf('dml+remote://file/srv')).toBeUndefined();
  });

  it('names what only somebody else opens [DML-REM-0651]', async () => {
    const uri = 'dml+remote://shelf/srv';
    await expect(openFiles(uri, systemSurroundings())).rejects.toMatchObject({
      code: 'remote_uri_invalid',
      detail: 'adapter',
    });
    const files = new MemoryRemote().open();
    const opened = await openFiles(uri, systemSurroundings(), (...given) => {
      expect(given).toEqual([uri, 'shelf']);
      return files;
    });
    expect(opened).toBe(files);
  });

  it.each([
    'file/srv/a%2Fb',
    'file/a%2F..%2Fb',
    'file/a%00b',
    's3/bucket/a%2Fb',
    's3/bucket/a%0Ab',
    's3/',
    's3/a%2Fb',
  ])('refuses the segments of %s', (rest) => {
    expect(() => place(`dml+remote://${rest}`)).toThrow(
      expect.objectContaining({ code: 'remote_uri_invalid', detail: 'segment' }),
    );
  });
});
