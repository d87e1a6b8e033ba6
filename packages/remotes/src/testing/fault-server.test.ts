import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoreEnvironment } from '../../test/aws-environment.ts';
import { BUCKET, createS3World, listed, type S3World, segmentPath } from '../../test/s3-world.ts';
import { checkRemote } from '../check/check-remote.ts';
import type { CheckReport } from '../check/check-report.ts';
import { systemRemote } from '../system-remote.ts';

restoreEnvironment();
let world: S3World;
beforeEach(async () => {
  world = await createS3World();
});
afterEach(() => world.close());

const check = (): Promise<CheckReport> => checkRemote(systemRemote(world.files, 'test'));

describe('a bucket', () => {
  it('that keeps conditions is safe', async () => {
    expect(await check()).toMatchObject({ verdict: 'safe', leftPaths: [] });
    expect(await listed(world.files)).toEqual([]);
  });

  it.each(['ignored', 'racy'] as const)('whose conditions are %s is unsafe', async (conditions) => {
    world.server.modes.conditions = conditions;
    expect(await check()).toMatchObject({ verdict: 'unsafe' });
  });

  it('whose listings are old and whose clock is another is not all that it should be', async () => {
    world.server.buckets.freezeListings();
    world.server.modes.clockOffsetMs = 3_600_000;
    const { verdict, parts } = await check();
    expect(verdict).toBe('degraded');
    expect(parts.filter(({ result }) => result === 'failed').map(({ part }) => part)).toEqual([
      'list-back',
      'clock',
    ]);
    world.server.buckets.thawListings();
    await world.files.put(segmentPath(), Buffer.from('1'));
    expect(await listed(world.files)).toEqual([segmentPath()]);
  });

  it('that changes bytes under way is found out by their hash', async () => {
    await world.files.put(segmentPath(), Buffer.from('bytes'));
    world.server.fail({ key: /segments/ }, { kind: 'flipped' });
    expect(await world.files.read(segmentPath())).toEqual(Buffer.from('cytes'));
    expect(await world.files.read(segmentPath())).toEqual(Buffer.from('bytes'));
  });
});

describe('a server', () => {
  /** Makes a request without a client, and returns status and code of the answer. */
  async function ask(
    method: string,
    path: string,
    more: { body?: string; headers?: Record<string, string> } = {},
  ) {
    const answer = await fetch(`${world.server.endpoint}/${path}`, { method, ...more });
    const text = await answer.text();
    return `${answer.status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? ''}`.trim();
  }

  it('refuses what is no request of an adapter', async () => {
    expect(await ask('GET', BUCKET)).toBe('501 NotImplemented');
    expect(await ask('HEAD', BUCKET)).toBe('501');
    expect(await ask('PUT', BUCKET)).toBe('501 NotImplemented');
    expect(await ask('DELETE', BUCKET)).toBe('501 NotImplemented');
    expect(await ask('POST', BUCKET)).toBe('501 NotImplemented');
    expect(await ask('POST', `${BUCKET}/key`)).toBe('501 NotImplemented');
    expect(await ask('PATCH', `${BUCKET}/key`)).toBe('501 NotImplemented');
    expect(await ask('GET', 'other/key')).toBe('404 NoSuchBucket');
  });

  it('refuses what is wrong in a request', async () => {
    const hash = createHash('sha256').update('other').digest('hex');
    const headers = { 'x-amz-content-sha256': hash };
    expect(await ask('PUT', `${BUCKET}/key`, { body: 'bytes', headers })).toBe(
      '400 XAmzContentSHA256Mismatch',
    );
    expect(world.server.buckets.bytesOf(BUCKET, 'key')).toBeUndefined();
    const keys = `<Delete>${'<Object><Key>a&amp;b</Key></Object>'.repeat(1_001)}</Delete>`;
    expect(await ask('POST', `${BUCKET}?delete`, { body: keys })).toBe('400 MalformedXML');
    expect(await ask('PUT', `${BUCKET}/key?partNumber=1&uploadId=x`, { body: '1' })).toBe('404 NoSuchUpload');
    expect(await ask('POST', `${BUCKET}/key?uploadId=x`)).toBe('404 NoSuchUpload');
    expect(await ask('POST', `${BUCKET}/key?uploads`)).toBe('200');
    const part = '<Part><PartNumber>1</PartNumber><ETag>&quot;x&quot;</ETag></Part>';
    expect(await ask('POST', `${BUCKET}/key?uploadId=upload-1`, { body: part })).toBe('400 InvalidPart');
  });

  it('counts what has come, by operations', async () => {
    await ask('PUT', `${BUCKET}/key`, { body: '1' });
    await ask('GET', `${BUCKET}/key`);
    await ask('GET', `${BUCKET}/key`);
    const { server } = world;
    expect([server.count(), server.count('GetObject'), server.count('PutObject')]).toEqual([3, 2, 1]);
    server.forget();
    expect(server.count()).toBe(0);
  });

  it('makes mistakes with the requests that they are meant for', async () => {
    const { server } = world;
    server.fail({ key: /^other$/ }, { kind: 'bare', status: 500 });
    server.fail({ operation: 'PutObject' }, { kind: 'none' }, { kind: 'bare', status: 503 });
    expect(await ask('GET', `${BUCKET}/key`)).toBe('404 NoSuchKey');
    expect(await ask('PUT', `${BUCKET}/key`)).toBe('200');
    expect(await ask('PUT', `${BUCKET}/key`)).toBe('503');
    expect(await ask('PUT', `${BUCKET}/other`)).toBe('500');
    expect(await ask('PUT', `${BUCKET}/other`)).toBe('200');
  });
});
