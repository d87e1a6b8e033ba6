import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoreEnvironment, setAwsEnvironment, TEST_KEYS } from '../../../test/aws-environment.ts';
import { BUCKET, listed, outcomeOf, segmentPath } from '../../../test/s3-world.ts';
import { FaultServer } from '../../testing/fault-server.ts';
import { openS3Files } from './s3-files.ts';
import type { S3Place } from './s3-place.ts';

const CURRENT = 'CURRENT.json';
const PROFILES = (endpoint: string) => `
[default]
region = eu-central-1
endpoint_url = http://127.0.0.1:9

[profile direct]
endpoint_url = ${endpoint}
region = eu-west-1

[profile by-service]
services = local

[profile by-default]

[profile ignoring]
endpoint_url = http://127.0.0.1:9
ignore_configured_endpoint_urls = true

[services local]
s3 =
  endpoint_url = ${endpoint}

[profile broken]
services = nothing
endpoint_url = ${endpoint}
`;
const KEYS = ['default', 'direct', 'by-service', 'ignoring', 'broken'].map(
  (name) => `[${name}]\naws_access_key_id = key-of-${name}\naws_secret_access_key = secret\n`,
);

restoreEnvironment();
let server: FaultServer;
let folder: string;
beforeEach(async () => {
  server = await FaultServer.start(BUCKET);
  // The client library reads a file of one name once.
  folder = mkdtempSync(join(tmpdir(), 'dml-aws-'));
  writeFileSync(join(folder, 'config'), PROFILES(server.endpoint));
  writeFileSync(join(folder, 'credentials'), KEYS.join('\n'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function setFiles(values: Readonly<Record<string, string>> = {}): void {
  const files = { AWS_CONFIG_FILE: 'config', AWS_SHARED_CREDENTIALS_FILE: 'credentials' };
  const paths = Object.entries(files).map(([name, file]) => [name, join(folder, file)]);
  setAwsEnvironment({ ...Object.fromEntries(paths), ...values });
}

/** Returns key and region that a request was signed with, as the server has seen it. */
async function signerAt(place: Partial<S3Place>): Promise<string> {
  const files = await openS3Files({ bucket: BUCKET, prefix: '', ...place });
  await files.readVersion(CURRENT);
  await files.close();
  const [, key, region] =
    /Credential=([^/]+)\/\d+\/([^/]+)\/s3\//.exec(server.requests.at(-1)?.headers.authorization ?? '') ?? [];
  return `${key} ${region}`;
}

describe('settings', () => {
  it('are those of the place before those of the environment [DML-REM-0614]', async () => {
    const elsewhere = 'http://127.0.0.1:9';
    setFiles({ ...TEST_KEYS, AWS_ENDPOINT_URL: elsewhere, AWS_REGION: 'eu-north-1', AWS_PROFILE: 'default' });
    const { endpoint } = server;
    expect(await signerAt({ endpoint, region: 'sa-east-1', profile: 'direct' })).toBe(
      'key-of-direct sa-east-1',
    );
    expect(await signerAt({ endpoint, profile: 'direct' })).toBe('key-of-direct eu-north-1');
    expect(await signerAt({ endpoint, region: 'sa-east-1' })).toBe('key-of-default sa-east-1');
  });

  it('are those of the environment before those of the profile [DML-REM-0614]', async () => {
    setFiles({ ...TEST_KEYS, AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: 'eu-north-1' });
    expect(await signerAt({})).toBe('test eu-north-1');
    setFiles({ ...TEST_KEYS, AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_ENDPOINT_URL_S3: server.endpoint });
    expect(await signerAt({})).toBe('test eu-central-1');
    setFiles({ ...TEST_KEYS, AWS_ENDPOINT_URL_S3: server.endpoint, AWS_DEFAULT_REGION: 'eu-south-1' });
    expect(await signerAt({})).toBe('test eu-south-1');
  });

  it('are those of the profile that is named [DML-REM-0614]', async () => {
    setFiles();
    expect(await signerAt({ profile: 'direct' })).toBe('key-of-direct eu-west-1');
    expect(await signerAt({ profile: 'by-service' })).toBe('key-of-by-service us-east-1');
    expect(await signerAt({ profile: 'broken' })).toBe('key-of-broken us-east-1');
    setFiles({ AWS_PROFILE: 'direct' });
    expect(await signerAt({})).toBe('key-of-direct eu-west-1');
  });

  it('never take the endpoint of the default profile for another one [DML-REM-0614]', async () => {
    setFiles();
    for (const profile of ['by-default', 'ignoring']) {
      const files = await openS3Files({ bucket: BUCKET, prefix: '', profile });
      expect(files.name).toBe(`s3://${BUCKET}`);
      await files.close();
    }
    const files = await openS3Files({ bucket: BUCKET, prefix: '' });
    expect(files.name).toBe(`s3://${BUCKET} at http://127.0.0.1:9`);
    await files.close();
    setFiles({ AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
    const ignoring = await openS3Files({ bucket: BUCKET, prefix: '' });
    expect(ignoring.name).toBe(`s3://${BUCKET}`);
    await ignoring.close();
  });

  it('send checksums to those who ask for them [DML-REM-0614]', async () => {
    setAwsEnvironment({ ...TEST_KEYS, AWS_REQUEST_CHECKSUM_CALCULATION: 'when_supported' });
    const files = await openS3Files({ bucket: BUCKET, prefix: '', endpoint: server.endpoint });
    await files.put(segmentPath(), Buffer.from('1'));
    expect(server.requests[0]?.headers).toMatchObject({ 'x-amz-checksum-crc32': expect.any(String) });
    await files.close();
  });
});

describe('credentials', () => {
  it('that are missing are told with the place where they were looked for [DML-REM-0611]', async () => {
    setFiles();
    const { endpoint } = server;
    for (const profile of ['by-default', 'absent']) {
      const files = await openS3Files({ bucket: BUCKET, prefix: '', endpoint, profile });
      for (const operation of [
        () => files.readVersion(CURRENT),
        () => files.swap(CURRENT, null, Buffer.from('')),
      ])
        expect(await outcomeOf(operation())).toMatchObject({
          code: 'remote_refused',
          message: expect.stringMatching(
            new RegExp(`no credentials in the profile "${profile}".*\\?profile=`),
          ),
        });
      await files.close();
    }
    setAwsEnvironment({});
    const files = await openS3Files({ bucket: BUCKET, prefix: '', endpoint });
    expect(await outcomeOf(listed(files))).toMatchObject({
      code: 'remote_refused',
      message: expect.stringContaining('no credentials in the environment, the profile "default"'),
    });
    await files.close();
    expect(server.count()).toBe(0);
  });

  it('that are refused are named by their source [DML-REM-0611]', async () => {
    const messageOf = async (place: Partial<S3Place>) => {
      const files = await openS3Files({ bucket: BUCKET, prefix: '', endpoint: server.endpoint, ...place });
      server.fail({}, { kind: 'status', status: 403, code: 'SignatureDoesNotMatch', moment: 'before' });
      const outcome = (await outcomeOf(files.readVersion(CURRENT))) as { message: string };
      await files.close();
      return outcome.message;
    };
    setFiles();
    expect(await messageOf({ profile: 'direct' })).toContain('credentials of the profile "direct"');
    expect(await messageOf({})).toContain('credentials of the profile "default"');
    setFiles({ AWS_PROFILE: 'ignoring' });
    expect(await messageOf({})).toContain('credentials of the profile "ignoring"');
    setFiles(TEST_KEYS);
    expect(await messageOf({})).toContain('credentials of the environment');
  });

  it('are in no part of an error', async () => {
    setAwsEnvironment({ ...TEST_KEYS, AWS_SESSION_TOKEN: 'a-token-of-a-session' });
    const files = await openS3Files({ bucket: BUCKET, prefix: '', endpoint: server.endpoint });
    server.fail({}, { kind: 'status', status: 403, code: 'AccessDenied', moment: 'before' });
    const refused: unknown = await files.readVersion(CURRENT).catch((error: unknown) => error);
    server.fail({}, { kind: 'status', status: 500, code: 'InternalError', moment: 'before' });
    const unknown = await files.swap(CURRENT, null, Buffer.from('1'));
    const text = inspect([refused, unknown], { depth: Number.POSITIVE_INFINITY, showHidden: true });
    expect(server.requests[0]?.headers['x-amz-security-token']).toBe('a-token-of-a-session');
    expect(text).toContain('AccessDenied');
    expect(text).not.toMatch(/a-token-of-a-session|testtest|AWS4-HMAC/);
    await files.close();
  });
});

describe('the address of a bucket', () => {
  let plain: Server;
  let hosts: string[];
  beforeEach(async () => {
    hosts = [];
    plain = createServer(({ headers, url }, answer) => {
      hosts.push(`${headers.host?.replace(/:\d+$/, '')}${url?.replace(/\?.*/, '')}`);
      answer.writeHead(404, { 'content-type': 'application/xml' });
      answer.end('<Error><Code>NoSuchKey</Code></Error>');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    setAwsEnvironment(TEST_KEYS);
  });
  afterEach(() => plain.close());

  it('is its path at an endpoint, unless its name is to be part of the host [DML-REM-0640]', async () => {
    const { port } = plain.address() as AddressInfo;
    for (const pathStyle of [undefined, true, false]) {
      const endpoint = `http://localhost:${port}`;
      const files = await openS3Files({ bucket: BUCKET, prefix: 'p', endpoint, pathStyle });
      await outcomeOf(files.readVersion(CURRENT));
      await files.close();
    }
    expect(hosts.slice(0, 2)).toEqual([
      `localhost/${BUCKET}/p/${CURRENT}`,
      `localhost/${BUCKET}/p/${CURRENT}`,
    ]);
    // Names below localhost lead nowhere on some systems.
    expect(hosts.slice(2)).not.toContain(`localhost/${BUCKET}/p/${CURRENT}`);
    for (const host of hosts.slice(2)) expect(host).toBe(`${BUCKET}.localhost/p/${CURRENT}`);
  });

  it('is below those of AWS without an endpoint [DML-REM-0640]', async () => {
    const files = await openS3Files(
      { bucket: BUCKET, prefix: 'p', region: 'nowhere-1' },
      { pause: async () => undefined },
    );
    expect(await outcomeOf(files.swap(CURRENT, null, Buffer.from('1')))).toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining(`${BUCKET}.s3.nowhere-1.amazonaws.com`),
    });
    await files.close();
  });
});

describe('the client library', () => {
  const run = promisify(execFile);
  const program = `
    const { createRequire } = await import('node:module');
    const cache = createRequire(import.meta.url).cache;
    const loaded = () => Object.keys(cache).some((file) => /[\\\\/]@(?:aws-sdk|smithy)[\\\\/]/.test(file));
    const remotes = await import(process.argv[1]);
    const uris = [remotes.canonicalRemoteUri('s3://bucket/x', '/'), remotes.canonicalRemoteUri('/srv', '/')];
    const clock = { now: Date.now, sleep: async () => undefined };
    const surroundings = { clock, randomBytes: (count) => new Uint8Array(count) };
    await (await remotes.openFiles(uris[1], surroundings)).close();
    const before = loaded();
    await (await remotes.openFiles(uris[0], surroundings)).close();
    const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
    console.log(JSON.stringify([before, loaded(), process.env[name] ?? 'unset']));
  `;

  it('is loaded once a bucket is opened, without a word and without a trace [DML-REM-0615]', async () => {
    const index = join(import.meta.dirname, '../../../dist/index.js');
    const args = ['--input-type=module', '--eval', program, index];
    const quiet = await run(process.execPath, args);
    expect(quiet).toEqual({ stdout: '[false,true,"unset"]\n', stderr: '' });
    const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'false' };
    const { stdout } = await run(process.execPath, args, { env });
    expect(stdout).toBe('[false,true,"false"]\n');
  });
});
