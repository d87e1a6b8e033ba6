import { randomUUID } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRemote, type RemoteFiles, systemRemote } from '@daggerml/remotes';
import { FaultServer } from '@daggerml/remotes/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { boxedProgram } from '../../test/remote-programs.ts';
import { markedProcesses } from '../process/marked-processes.ts';
import { send } from '../process/send-signal.ts';
import { remoteAdapters } from './remote-adapters.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml-boxed-remotes-')));
boxedProgram(join(folder, 'bin'), 'dml-remote-s3');
boxedProgram(join(folder, 'bin'), 'dml-remote-file');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BUCKET = 'bucket';
const CURRENT = 'CURRENT.json';
const SEGMENT = `segments/0-${'a'.repeat(64)}-${'b'.repeat(32)}.car`;
const SECRET = 'a secret of this test';

let server: FaultServer;
let mark: string;
let files: RemoteFiles;
beforeEach(async () => {
  server = await FaultServer.start(BUCKET);
  mark = randomUUID();
  files = await open(BUCKET);
});
afterEach(async () => {
  await files.close();
  await server.close();
  expect(markedProcesses([mark])).toEqual([]);
});

/** Opens a bucket of the server by the executable. */
async function open(bucket: string): Promise<RemoteFiles> {
  const openAdapter = remoteAdapters({
    searchPath: join(folder, 'bin'),
    environment: {
      PATH: process.env.PATH ?? '',
      MARK: mark,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_REGION: 'eu-test-1',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  const endpoint = encodeURIComponent(server.endpoint);
  return await openAdapter(`dml+remote://s3/${bucket}/team?endpoint=${endpoint}`, 's3');
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('the bucket adapter as an executable', () => {
  it('leaves open what became of a write whose answer got lost, and reads it back [DML-REM-0663]', async () => {
    server.fail({ operation: 'PutObject' }, { kind: 'reset', moment: 'after' });
    const answer = await files.swap(CURRENT, null, Buffer.from('first'));
    expect(answer).toMatchObject({ outcome: 'unknown', cause: { code: 'remote_unreachable' } });
    const found = await files.readVersion(CURRENT);
    expect(text((found as { bytes: Uint8Array }).bytes)).toBe('first');
    expect(server.count('PutObject')).toBe(1);
  });

  it('that is killed in a conditional write leaves open what becomes of it [DML-REM-0655]', async () => {
    let release: (value: unknown) => void = () => {};
    const until = new Promise((resolve) => {
      release = resolve;
    });
    server.fail({ operation: 'PutObject' }, { kind: 'held', moment: 'after', until });
    const swapping = files.swap(CURRENT, null, Buffer.from('first'));
    await vi.waitFor(() => expect(server.count('PutObject')).toBe(1), 50_000);
    for (const pid of markedProcesses([mark])) send(pid, 'SIGKILL');
    expect(await swapping).toMatchObject({ outcome: 'unknown' });
    release(undefined);
    // Another process goes on, and the write is there once.
    expect(await files.swap(CURRENT, null, Buffer.from('second'))).toEqual({ outcome: 'refused' });
    const found = await files.readVersion(CURRENT);
    expect(text((found as { bytes: Uint8Array }).bytes)).toBe('first');
  });

  it('repeats what is no conditional write, also where its process is killed [DML-REM-0661]', async () => {
    await files.put(SEGMENT, Buffer.from('bytes'));
    server.fail({ operation: 'GetObject' }, { kind: 'bare', status: 503 });
    expect(text((await files.read(SEGMENT)) ?? new Uint8Array())).toBe('bytes');
    server.fail({ operation: 'GetObject' }, { kind: 'silence', moment: 'before' });
    const before = server.count('GetObject');
    const reading = files.read(SEGMENT);
    await vi.waitFor(() => expect(server.count('GetObject')).toBe(before + 1), 50_000);
    for (const pid of markedProcesses([mark])) send(pid, 'SIGKILL');
    expect(text((await reading) ?? new Uint8Array())).toBe('bytes');
  });

  it('says refused and missing as they are, without secrets [DML-REM-0656]', async () => {
    const other = await open('no-such-bucket');
    await expect(other.read(SEGMENT)).rejects.toMatchObject({ code: 'remote_missing' });
    await other.close();
    server.modes.refusedAccessKey = 'test';
    const refused = await files.read(SEGMENT).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'remote_refused' });
    expect((refused as Error).message).toContain('the adapter "dml-remote-s3" says: ');
    expect((refused as Error).message).not.toContain(SECRET);
  });

  it('passes the check of a remote, and fails it where the server ignores conditions [DML-REM-0663]', async () => {
    const remote = systemRemote(files, 'test');
    expect((await checkRemote(remote, { limitMs: 60_000 })).verdict).toBe('safe');
    server.modes.conditions = 'ignored';
    expect((await checkRemote(remote, { limitMs: 60_000 })).verdict).toBe('unsafe');
  });
});

it('bytes of many MiB go through in parallel [DML-REM-0663]', async () => {
  const openAdapter = remoteAdapters({
    searchPath: join(folder, 'bin'),
    environment: { PATH: process.env.PATH ?? '' },
  });
  const opened = await openAdapter(`dml+remote://file${folder}/large`, 'file');
  const bytes = Buffer.alloc(64 * 2 ** 20, 'large ');
  const paths = [1, 2, 3].map((number) => SEGMENT.replace('b', String(number)));
  await Promise.all(paths.map((path) => opened.put(path, bytes)));
  for (const path of paths) expect(bytes.equals((await opened.read(path)) ?? new Uint8Array())).toBe(true);
  await opened.close();
});
