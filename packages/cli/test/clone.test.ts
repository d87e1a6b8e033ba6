import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultServer } from '@daggerml/remotes/testing';
import { openRepository } from '@daggerml/repository';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dml, newKeyPem, type Outcome, TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

/** More than an import puts in one transaction. */
const BLOB_BYTES = 6_000_000;

const PIPELINES = `import { blob, definePipeline } from '@daggerml/bindings';
const bytes = Buffer.alloc(${BLOB_BYTES});
for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at + 1, 2654435761) >>> 0, at);
export const large = definePipeline('large', (dag) => dag.literal(blob(bytes)));
export const small = definePipeline('small', (dag) => dag.literal('small'));
`;

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };

interface Bucket {
  readonly folder: string;
  readonly target: string;
  readonly server: FaultServer;
  readonly place: string;
  readonly ours: TestRepository;
}

let bucket: Bucket;

beforeEach(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml clone ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  afterTests('test', () => void vi.unstubAllEnvs());
  const server = await FaultServer.start('data');
  afterTests('test', () => server.close());
  const place = `s3://data/x?endpoint=${encodeURIComponent(server.endpoint)}`;
  const ours = await TestRepository.create();
  ours.write('large.ts', PIPELINES);
  await ours.ok('remote', 'add', 'origin', place);
  bucket = { folder, target: join(folder, 'target'), server, place, ours };
});

/** Pushes a commit of many bytes and one of few, which lie in two segments; returns the first. */
async function pushTwo(): Promise<string> {
  const { ours } = bucket;
  const ids: string[] = [];
  for (const name of ['large', 'small']) {
    await ours.ok('run', 'large.ts', name);
    await ours.ok('push');
    ids.push(await ours.ok('ref', 'main'));
  }
  return ids[0] as string;
}

async function clone(...options: string[]): Promise<Outcome> {
  const { folder, place, target } = bucket;
  return await dml(['clone', ...options, place, target], { cwd: folder });
}

/** Runs a command in the clone. */
async function there(...argv: string[]): Promise<Outcome> {
  return await dml(argv, { cwd: bucket.target });
}

function remotesFile(): string {
  return readFileSync(join(bucket.target, '.dml', 'remotes.json'), 'utf8');
}

/** Makes the second segment that is read fail. */
function failSecond(): void {
  bucket.server.fail(
    { operation: 'GetObject', key: /segments/ },
    { kind: 'none' },
    { kind: 'status', status: 403, code: 'AccessDenied', moment: 'before' },
  );
}

async function expectWhole(branch = 'main'): Promise<void> {
  expect(remotesFile()).not.toContain('unfinished');
  const status = await there('status');
  expect(status.stdout).toContain(`On branch ${branch}`);
  expect(status.stderr).not.toContain('has not ended');
  expect((await there('verify')).stdout).toContain('nothing is damaged');
}

describe('a clone that was cut', () => {
  it('goes on with what has arrived [DML-CLI-3824] [DML-CLI-3825]', async () => {
    const { ours } = bucket;
    await pushTwo();
    failSecond();
    const failed = await clone();
    expect(failed).toMatchObject({ stdout: '' });
    expect(failed.exitCode).toBeGreaterThan(0);
    expect(failed.stderr).toContain('hint: ');
    expect(failed.stderr).toContain('what has arrived is kept, and the same command goes on from there');
    expect(remotesFile()).toContain('"unfinished":true');
    const status = await there('status');
    expect(status.stderr).toContain(
      'the clone of this repository has not ended: "dml clone \'dml+remote://s3/data/x',
    );
    const again = await clone('--json');
    expect(again.exitCode).toBe(0);
    const { receivedBytes, branch } = JSON.parse(again.stdout) as { receivedBytes: number; branch: string };
    expect(branch).toBe('main');
    expect(receivedBytes).toBeLessThan(BLOB_BYTES / 2);
    await expectWhole();
    expect((await there('ref', 'main')).stdout).toBe(await ours.ok('ref', 'main'));
    // It is a repository like any other by now.
    expect((await clone()).stderr).toContain('holds a repository');
  });

  it('is not taken for that of another place [DML-CLI-3832]', async () => {
    const { target } = bucket;
    await pushTwo();
    failSecond();
    await clone();
    const other = await dml(['clone', bucket.place.replace('/x?', '/y?'), target], { cwd: bucket.folder });
    expect(other.exitCode).toBe(6);
    expect(other.stderr).toMatch(/holds a clone of dml\+remote:\/\/s3\/data\/x\S* that has not ended/);
    expect(remotesFile()).toContain('"unfinished":true');
  });

  it('keeps the branches that are there by then [DML-CLI-3824]', async () => {
    const first = await pushTwo();
    failSecond();
    await clone();
    const fetched = await there('fetch');
    expect(fetched).toMatchObject({ exitCode: 0 });
    expect(fetched.stderr).toContain('has not ended');
    await there('branch', 'main', 'origin/main~1');
    const { exitCode, stdout } = await clone('--json');
    expect([exitCode, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ branch: 'main', refs: [] }),
    ]);
    expect((await there('ref', 'main')).stdout).toBe(first);
    await expectWhole();
  });

  it('goes on after it was killed, and dml fetch knows its remote [DML-REM-1952] [DML-CLI-3829]', async () => {
    const { ours, server, folder, place, target } = bucket;
    await pushTwo();
    server.fail(
      { operation: 'GetObject', key: /segments/ },
      { kind: 'none' },
      { kind: 'silence', moment: 'before' },
    );
    const started = ours.start(['clone', place, target], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...CREDENTIALS },
    });
    await vi.waitUntil(hasObjectsThere, { timeout: 200_000, interval: 50 });
    started.child.kill('SIGKILL');
    await started.ended;
    server.forget();
    expect((await there('status')).stderr).toContain('has not ended');
    const { receivedBytes } = JSON.parse((await there('fetch', '--json')).stdout) as {
      receivedBytes: number;
    };
    expect(receivedBytes).toBeLessThan(BLOB_BYTES / 2);
    expect(await clone()).toMatchObject({ exitCode: 0 });
    await expectWhole();
  });

  it('goes on where it was killed before there was a store [DML-CLI-3824]', async () => {
    const { ours, target, folder } = bucket;
    await pushTwo();
    mkdirSync(join(target, '.dml'), { recursive: true });
    const remotes = readFileSync(join(ours.folder, '.dml', 'remotes.json'), 'utf8');
    writeFileSync(join(target, '.dml', 'remotes.json'), remotes.replace('"uri"', '"unfinished":true,"uri"'));
    // Nothing of it is lost where nothing arrives either.
    const missing = await dml(['clone', bucket.place.replace('/x?', '/none?'), target], { cwd: folder });
    expect(missing.exitCode).toBe(6);
    expect(await clone()).toMatchObject({ exitCode: 0 });
    await expectWhole();
  });

  it('is no matter where the file of remotes cannot be read [DML-CLI-3829]', async () => {
    const { ours, folder } = bucket;
    await ours.run('sums');
    const path = join(ours.folder, '.dml', 'remotes.json');
    writeFileSync(path, '{"unfinished":');
    expect(await ours.dml(['status'])).toMatchObject({ exitCode: 0, stderr: '' });
    const again = await dml(['clone', bucket.place, ours.folder], { cwd: folder });
    expect(again.stderr).toContain('holds a repository');
    rmSync(path);
    symlinkSync('/dev/zero', path);
    expect(await ours.dml(['status'])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('leaves nothing where nothing has arrived [DML-REM-0918]', async () => {
    const { server, target } = bucket;
    await pushTwo();
    server.modes.refusedAccessKey = 'test';
    expect((await clone()).exitCode).toBeGreaterThan(0);
    expect(existsSync(target)).toBe(false);
    server.modes.refusedAccessKey = undefined;
    server.fail(
      { operation: 'GetObject', key: /segments/ },
      { kind: 'status', status: 403, code: 'AccessDenied', moment: 'before' },
    );
    mkdirSync(target);
    const failed = await clone();
    expect(failed.exitCode).toBeGreaterThan(0);
    expect(failed.stderr).not.toContain('goes on');
    expect(readdirSync(target)).toEqual([]);
  });
});

async function hasObjectsThere(): Promise<boolean> {
  if (!existsSync(join(bucket.target, '.dml', 'store', 'data.mdb'))) return false;
  const store = await openRepository(bucket.target, 'read').catch(() => undefined);
  const hasObjects = store?.hasObjects() === true;
  await store?.close();
  return hasObjects;
}

describe('a repository in the place of a remote', () => {
  it('is named as one, with what to do instead [DML-REM-1954]', async () => {
    const { ours, folder, target } = bucket;
    const { exitCode, stderr } = await dml(['clone', ours.folder, target], { cwd: folder });
    expect(exitCode).toBe(6);
    expect(stderr).toContain(`${ours.folder} is a repository, and no remote that repositories share`);
    expect(stderr).toContain('"dml remote add origin <folder or bucket>" and "dml push" in the repository');
    expect(existsSync(target)).toBe(false);
  });
});

describe('the branch of a clone', () => {
  it('is refused before an object is asked for where the remote does not have it [DML-CLI-3826]', async () => {
    const { server, target } = bucket;
    await pushTwo();
    server.forget();
    const { exitCode, stderr } = await clone('--branch', 'nosuch');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the remote has no branch "nosuch"; it has main; nothing was cloned');
    expect(server.requests.map(({ key }) => key).filter((key) => /segments|indexes/.test(key))).toEqual([]);
    expect(existsSync(target)).toBe(false);
  });

  it('is named, with how to choose, where the remote has several and no main [DML-CLI-3827]', async () => {
    const { ours, target } = bucket;
    await ours.run('sums');
    for (const name of ['work', 'a-b']) await ours.ok('branch', name);
    await ours.ok('push', 'origin', 'work', 'a-b');
    const { exitCode, stdout, stderr } = await clone();
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('on branch a-b')]);
    expect(stderr).toContain(
      'there is no branch "main" there, so "a-b" is current, the first of 2 by name; for another one: dml branch work origin/work && dml switch work',
    );
    await there('branch', 'work', 'origin/work');
    expect((await there('switch', 'work')).exitCode).toBe(0);
    rmSync(target, { recursive: true });
    expect((await clone('--branch', 'work')).stderr).not.toContain('there is no branch');
  });
});

describe('a remote for publications', () => {
  it('is no remote to clone, fetch or pull, and says what takes its publications [DML-CLI-3828]', async () => {
    const { ours, folder, target } = bucket;
    await ours.run('sums');
    const key = join(folder, 'key.pem');
    writeFileSync(key, newKeyPem(), { mode: 0o600 });
    const place = join(folder, 'pub');
    await ours.ok('remote', 'add', 'pub', place);
    await ours.ok('publish', 'main', '--as', 'model', '--remote', 'pub', '--sign', key);
    const cloned = await dml(['clone', './pub', target], { cwd: folder });
    expect(cloned.exitCode).toBe(6);
    expect(cloned.stderr).toContain(`${place} holds publications and no branches; published there: model`);
    expect(cloned.stderr).toContain('"dml reference add <name> ./pub <published>"');
    expect(existsSync(target)).toBe(false);
    for (const command of ['fetch', 'pull'])
      expect(await ours.error(6, [command, 'pub']), command).toMatchObject({
        code: 'remote_purpose',
        detail: 'publications',
        hint: expect.stringContaining('"dml reference add <name> pub <published>"'),
      });
    await ours.ok('remote', 'gc', 'pub');
  });
});
