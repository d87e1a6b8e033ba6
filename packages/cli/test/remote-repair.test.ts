import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultServer } from '@daggerml/remotes/testing';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HINTS } from '../src/wording/hints.ts';
import { dml, type Outcome, TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 120_000 });

let ours: TestRepository;
let folder: string;
let shared: string;

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml repair ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  shared = join(folder, 'shared');
  ours = await TestRepository.create();
  await ours.run('sums');
  await ours.ok('remote', 'add', 'origin', shared);
  await ours.ok('push');
});

/** Returns the paths of the files in a folder of the remote. */
function filesIn(name: string): string[] {
  return readdirSync(join(shared, name)).map((file) => join(shared, name, file));
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.length - 3;
  bytes[at] = (bytes[at] as number) ^ 1;
  rmSync(path, { force: true });
  writeFileSync(path, bytes);
}

async function clone(place = shared, name = 'clone'): Promise<Outcome> {
  const target = join(folder, name);
  rmSync(target, { recursive: true, force: true });
  return await dml(['--json', 'clone', place, target], { cwd: folder });
}

interface Report {
  readonly damaged: readonly { readonly path: string; readonly problem: string }[];
}

async function reported(exitCode: number, ...argv: string[]): Promise<Report & Record<string, unknown>> {
  const outcome = await ours.dml(['--json', ...argv]);
  expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toEqual({ exitCode, stderr: '' });
  return JSON.parse(outcome.stdout);
}

describe('a remote with a damaged or lost file', () => {
  it('is found by its listing, and by its content where that is read [DML-CLI-3780] [DML-CLI-3781]', async () => {
    expect(await ours.ok('remote', 'verify')).toMatch(/^\d+ files, [\d.]+ KiB: nothing is missing\n$/);
    expect(await ours.ok('remote', 'verify', '--content')).toMatch(/nothing is missing or changed\n$/);
    const [segment = ''] = filesIn('segments');
    const [index = ''] = filesIn('indexes');
    const bytes = readFileSync(segment);
    flip(segment);
    expect((await reported(0, 'remote', 'verify')).damaged).toEqual([]);
    const talk: string[] = [];
    const { exitCode, stdout, stderr } = await ours.dml(['remote', 'verify', '--content'], {
      isTerminal: true,
      onTalk: (text) => talk.push(text),
    });
    expect(exitCode).toBe(11);
    expect(stdout).toContain('changed');
    expect(stdout).toContain(segment.slice(shared.length + 1));
    expect(stdout).toContain('"dml remote repair origin --content"');
    expect(stderr).toMatch(/reading \d+ files, [\d.]+ KiB\n/);
    expect(talk.join('')).toMatch(/reading: \d+ files?, [\d.]+ .?.?B of [\d.]+ KiB/);
    writeFileSync(segment, bytes.subarray(0, 100));
    rmSync(index);
    const before = [...filesIn('segments'), ...filesIn('states')];
    const found = await reported(11, 'remote', 'verify');
    expect(found).toMatchObject({ remote: 'origin', content: false, readBytes: 0 });
    expect(found.damaged.map(({ problem, path }) => `${problem} ${path}`).sort()).toEqual([
      `missing ${index.slice(shared.length + 1)}`,
      `size ${segment.slice(shared.length + 1)}`,
    ]);
    // Also from outside of any repository.
    const outside = await dml(['--json', 'remote', 'verify', shared], { cwd: folder });
    expect(outside.exitCode).toBe(11);
    expect(JSON.parse(outside.stdout)).toEqual({ ...found, remote: null });
    expect([...filesIn('segments'), ...filesIn('states')]).toEqual(before);
    expect(await ours.error(3, ['remote', 'verify', join(folder, 'empty')])).toMatchObject({
      code: 'remote_missing',
    });
  });

  it('is repaired from a repository that has what was lost [DML-CLI-3782] [DML-CLI-3784]', async () => {
    const [segment = ''] = filesIn('segments');
    flip(segment);
    const failed = await clone();
    expect(failed.exitCode).toBe(11);
    const error = JSON.parse(failed.stderr);
    expect(error).toMatchObject({ code: 'remote_damaged', detail: 'hash' });
    expect(error.hint).toContain('"dml remote verify --content"');
    expect(error.hint).toContain('"dml remote repair --content"');
    const { exitCode, stdout } = await ours.dml(['remote', 'repair', '--content']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(segment.slice(shared.length + 1));
    expect(stdout).toMatch(/put \d+ objects?, [\d.]+ .?.?B, \d+ objects? of them from changed files\n/);
    expect(stdout).toContain('origin is whole again');
    expect((await clone()).exitCode).toBe(0);
    expect((await reported(0, 'remote', 'verify', '--content')).damaged).toEqual([]);
    expect(await ours.ok('remote', 'repair')).toContain('there is nothing to repair');
    // What was damaged goes with the next collection.
    expect(readdirSync(join(shared, 'segments'))).toContain(segment.slice(shared.length + 10));
    await ours.ok('remote', 'gc');
    expect(readdirSync(join(shared, 'segments'))).not.toContain(segment.slice(shared.length + 10));
    expect((await clone()).exitCode).toBe(0);
    // A lost file is told apart.
    rmSync(filesIn('segments')[0] as string);
    const lost = JSON.parse((await clone()).stderr);
    expect(lost).toMatchObject({ code: 'remote_damaged', detail: 'missing' });
    expect(lost.hint).toContain('"dml remote repair"');
    expect(await reported(0, 'remote', 'repair')).toMatchObject({ whole: true, changed: true });
    expect(HINTS['remote_damaged/incomplete']).toContain('"dml remote repair"');
    expect((await clone()).exitCode).toBe(0);
  });

  it('says what is lacking that no repository has so far [DML-CLI-3783]', async () => {
    for (const path of filesIn('segments')) rmSync(path);
    const other = await TestRepository.create();
    await other.ok('remote', 'add', 'origin', shared);
    const { exitCode, stdout } = await other.dml(['remote', 'repair']);
    expect(exitCode).toBe(11);
    expect(stdout).toMatch(/origin still lacks 1 object that its branches and tags reach/);
    const tip = (await ours.ok('ref', 'main')).trim();
    expect(stdout).toContain(`commit ${tip.slice(0, 12)}`);
    const asJson = await other.dml(['--json', 'remote', 'repair']);
    expect(asJson.exitCode).toBe(11);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      whole: false,
      changed: false,
      lackingCount: 1,
      lacking: [{ class: 'commit', objectId: tip }],
    });
    expect(await reported(0, 'remote', 'repair')).toMatchObject({ whole: true, lackingCount: 0 });
  });

  it('is not collected [DML-CLI-3785]', async () => {
    for (const path of filesIn('segments')) rmSync(path);
    const before = filesIn('indexes');
    const refused = await ours.error(11, ['remote', 'gc']);
    expect(refused).toMatchObject({ code: 'remote_damaged', detail: 'missing' });
    expect(String(refused.hint)).toContain('"dml remote repair"');
    expect(filesIn('indexes')).toEqual(before);
    await ours.ok('remote', 'repair');
    await ours.ok('remote', 'gc');
    expect((await clone()).exitCode).toBe(0);
  });

  it('in a bucket is repaired as one in a folder', async () => {
    const server = await FaultServer.start('data');
    afterTests('test', () => server.close());
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    afterTests('test', () => void vi.unstubAllEnvs());
    const place = `s3://data/x?endpoint=${encodeURIComponent(server.endpoint)}`;
    await ours.ok('remote', 'add', 'bucket', place);
    await ours.ok('push', 'bucket');
    const keys = server.requests.map(({ key }) => key).filter((key) => key.includes('/segments/'));
    const key = keys[0] as string;
    const bytes = Buffer.from(server.buckets.bytesOf('data', key) as Buffer);
    bytes[bytes.length - 2] = (bytes.at(-2) as number) ^ 1;
    server.buckets.store('data', key, bytes);
    expect((await clone(place)).exitCode).toBe(11);
    server.forget();
    expect((await reported(0, 'remote', 'verify', 'bucket')).damaged).toEqual([]);
    expect(server.count()).toBeLessThanOrEqual(4);
    expect((await reported(11, 'remote', 'verify', 'bucket', '--content')).damaged).toHaveLength(1);
    expect(await reported(0, 'remote', 'repair', 'bucket', '--content')).toMatchObject({ whole: true });
    expect((await clone(place)).exitCode).toBe(0);
  });
});
