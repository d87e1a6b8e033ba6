import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { CommitId, ExecId, ExecutionKey } from '@daggerml/object-model';
import {
  type OwnClaim,
  openFolderFiles,
  RemoteClaims,
  type RemoteFiles,
  systemRemote,
  systemSurroundings,
} from '@daggerml/remotes';
import { FaultServer } from '@daggerml/remotes/testing';
import { headRef } from '@daggerml/store';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

/** Two people with a repository each, and a folder that they share. */
interface Team {
  readonly folder: string;
  readonly shared: string;
  readonly ours: TestRepository;
}

let team: Team;

beforeEach(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml share ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  const ours = await TestRepository.create();
  await ours.run('sums');
  team = { folder, shared: join(folder, 'shared'), ours };
  await ours.ok('remote', 'add', 'origin', team.shared);
});

async function head(repository: TestRepository, name = 'main'): Promise<string> {
  return (await repository.ok('ref', name)).trim();
}

/** Clones the shared folder and returns what runs `dml` there. */
async function clone(name = 'theirs', ...options: string[]): Promise<TestRepository> {
  const theirs = new TestRepository();
  rmSync(theirs.folder, { recursive: true });
  const { exitCode, stderr } = await dml(['clone', ...options, team.shared, theirs.folder], {
    cwd: team.folder,
  });
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`, name).toBe('0 ');
  return theirs;
}

/** Puts claims on the remote in a folder: one whose lease has passed, one that was taken over, and two that are free. */
async function putClaims(folder: string, aheadMs = 0): Promise<{ keys: readonly string[]; execId: string }> {
  const files = openFolderFiles(folder, systemSurroundings());
  let nowMs = Date.now() + aheadMs;
  const clocks = { monotonicMs: () => nowMs, wallMs: () => nowMs };
  const remote = systemRemote({ ...bound(files), now: async () => nowMs }, 'test');
  const claimsOf = (owner: string, leaseMs: number): RemoteClaims =>
    new RemoteClaims(remote, { owner, leaseMs, clocks });
  const keys = ['aa', 'bb', 'cc', 'dd'].map((byte) => byte.repeat(32) as ExecutionKey);
  const execId = 'ee'.repeat(32) as ExecId;
  const claimed = async (claims: RemoteClaims, key: number): Promise<OwnClaim> => {
    const answer = await claims.claim(keys[key] as ExecutionKey);
    if (answer.type !== 'claimed') throw new Error(answer.type);
    return answer.claim;
  };
  nowMs -= 10_000;
  const ada = claimsOf('ada', 1_000);
  for (const key of [0, 1]) await claimed(ada, key);
  await ada.finish(await claimed(ada, 2), { exec: execId, status: 'ok' });
  await ada.release(await claimed(ada, 3));
  nowMs += 9_000;
  await claimed(claimsOf('grace', 60_000), 1);
  return { keys, execId };
}

/** Returns the operations of files, bound to them. */
function bound(files: RemoteFiles): RemoteFiles {
  return {
    name: files.name,
    read: (path, range) => files.read(path, range),
    put: (path, bytes) => files.put(path, bytes),
    readVersion: (path, version) => files.readVersion(path, version),
    swap: (path, expected, bytes) => files.swap(path, expected, bytes),
    list: (prefix) => files.list(prefix),
    remove: (paths) => files.remove(paths),
    now: () => files.now(),
    close: () => files.close(),
  };
}

async function tracking(repository: TestRepository): Promise<Record<string, string>> {
  const { refs } = await repository.refState();
  return Object.fromEntries(
    (refs as { name: string; commitId: string }[])
      .filter(({ name }) => name.startsWith('refs/remotes/'))
      .map(({ name, commitId }) => [name.slice('refs/remotes/'.length), commitId]),
  );
}

describe('dml remote', () => {
  it('adds a remote under its canonical URI, relative to the current folder [DML-CLI-2102]', async () => {
    const { ours, folder } = team;
    const below = join(folder, 'below');
    mkdirSync(below);
    const added = await dml(['--repo', ours.folder, '--json', 'remote', 'add', 'near', '../other'], {
      cwd: below,
    });
    const uri = `dml+remote://file${join(folder, 'other').split('/').map(encodeURIComponent).join('/')}`;
    expect(JSON.parse(added.stdout)).toEqual({ remote: 'near', uri });
    await ours.ok('remote', 'add', 'bucket', 's3://team-data/forecasts');
    expect(await ours.json('remote', 'list')).toEqual([
      { remote: 'bucket', uri: 'dml+remote://s3/team-data/forecasts' },
      { remote: 'near', uri },
      expect.objectContaining({ remote: 'origin' }),
    ]);
    expect(await ours.error(6, ['remote', 'add', 'near', '/x'])).toMatchObject({ code: 'remote_exists' });
    expect(await ours.error(2, ['remote', 'add', 'a/b', '/x'])).toMatchObject({
      code: 'remote_name_invalid',
    });
    expect(await ours.refusal(2, ['remote', 'add', 'x', 's3:/data'])).toContain('s3://<bucket>/<folder>');
  });

  it('lists name and URI of each [DML-CLI-2103]', async () => {
    const { ours } = team;
    const [origin] = await ours.json<{ remote: string; uri: string }[]>('remote', 'list');
    expect(origin?.uri).toMatch(/^dml\+remote:\/\/file\/.*\/shared$/);
    expect(await ours.ok('remote')).toBe(`origin  ${origin?.uri}\n`);
    await ours.ok('remote', 'remove', 'origin');
    expect(await ours.json('remote', 'list')).toEqual([]);
  });

  it('is removed with its tracking refs, and what lies there stays [DML-CLI-2104]', async () => {
    const { ours, shared } = team;
    await ours.ok('remote', 'add', 'other', `${shared}-2`);
    await ours.ok('push', 'origin');
    await ours.ok('push', 'other');
    expect(Object.keys(await tracking(ours))).toEqual(['origin/main', 'other/main']);
    expect(await ours.json('remote', 'remove', 'origin')).toMatchObject({
      remote: 'origin',
      trackingRefs: 1,
    });
    expect(Object.keys(await tracking(ours))).toEqual(['other/main']);
    expect(existsSync(join(shared, 'CURRENT.json'))).toBe(true);
    expect(await ours.error(3, ['remote', 'remove', 'origin'])).toMatchObject({ code: 'remote_unknown' });
  });

  it('lists what happened there [DML-CLI-2105]', async () => {
    const { ours } = team;
    await ours.ok('push');
    await ours.run('values');
    await ours.ok('push');
    const states = await ours.json<object[]>('remote', 'log');
    expect(states).toEqual([
      expect.objectContaining({
        sequence: 1,
        actor: 'tester',
        reason: 'push heads/main',
        timeMs: expect.any(Number),
      }),
      expect.objectContaining({ sequence: 0, actor: 'tester', reason: 'push heads/main' }),
    ]);
    expect(await ours.ok('remote', 'log', '--count', '1')).toMatch(
      /^1 {2}\d{4}-.*Z {2}tester {2}push heads\/main {2}main [0-9a-f]{12}\n$/,
    );
    for (let at = 0; at < 22; at += 1) {
      await ours.ok('branch', `b${at}`);
      await ours.ok('push', 'origin', `b${at}`);
    }
    expect(await ours.json<object[]>('remote', 'log')).toHaveLength(20);
  });

  it('says which refs each state moved, and where to [DML-CLI-2106]', async () => {
    const { ours } = team;
    await ours.ok('push');
    const first = await head(ours);
    await ours.run('values');
    for (const name of ['a', 'b', 'c', 'd', 'e']) await ours.ok('branch', name);
    await ours.ok('push', '--all');
    await ours.ok('push', '--delete', 'origin', 'a');
    const second = await head(ours);
    const states = await ours.json<{ moved: object[] }[]>('remote', 'log');
    expect(states.map(({ moved }) => moved)).toEqual([
      [{ ref: 'refs/heads/a', before: second, after: null }],
      [
        ...['a', 'b', 'c', 'd', 'e'].map((name) => ({
          ref: `refs/heads/${name}`,
          before: null,
          after: second,
        })),
        { ref: 'refs/heads/main', before: first, after: second },
      ],
      [{ ref: 'refs/heads/main', before: null, after: first }],
    ]);
    await ours.ok('remote', 'gc', '--keep-states', '1');
    const kept = await ours.json<{ moved: object[] | null }[]>('remote', 'log');
    expect(kept.map(({ moved }) => moved)).toEqual([...kept.slice(1).map(() => []), null]);
    await ours.ok('push', '--delete', 'origin', 'b', 'c', 'd', 'e');
    await ours.ok('push', '--all');
    await ours.ok('push', '--delete', 'origin', 'b');
    const [deleted, pushed] = (await ours.ok('remote', 'log', '--count', '2')).split('\n');
    expect(deleted).toMatch(/ {2}b deleted$/);
    const short = second.slice(0, 12);
    expect(pushed?.endsWith(`  a ${short}, b ${short}, c ${short}, d ${short}, 1 more`), pushed).toBe(true);
  });

  it('is the only one, or else origin, where none is named [DML-CLI-2101]', async () => {
    const { ours, shared } = team;
    await ours.ok('remote', 'remove', 'origin');
    await ours.ok('remote', 'add', 'only', shared);
    expect(await ours.json('push')).toMatchObject({ remote: 'only' });
    await ours.ok('remote', 'add', 'second', `${shared}-2`);
    expect(await ours.error(3, ['push'])).toMatchObject({ code: 'remote_unknown' });
    await ours.ok('remote', 'add', 'origin', `${shared}-3`);
    expect(await ours.json('push')).toMatchObject({ remote: 'origin' });
    expect(await ours.json('push', 'second')).toMatchObject({ remote: 'second' });
  });

  it.each(['push', 'fetch', 'pull', 'remote log', 'remote gc', 'remote check --limit 10', 'claim list'])(
    'is chosen in the same way by dml %s [DML-CLI-2101]',
    async (command) => {
      const { ours, shared } = team;
      const argv = command.split(' ');
      await ours.ok('remote', 'remove', 'origin');
      await ours.ok('remote', 'add', 'only', shared);
      await ours.ok('push');
      await ours.ok(...argv);
      await ours.ok('remote', 'add', 'second', `${shared}-2`);
      expect(await ours.error(3, argv)).toMatchObject({ code: 'remote_unknown' });
      await ours.ok('remote', 'remove', 'only');
      await ours.ok('remote', 'add', 'origin', shared);
      await ours.ok(...argv);
    },
  );

  it('is checked part by part [DML-CLI-1102]', async () => {
    const { ours } = team;
    const { parts, verdict } = await ours.json<{
      parts: { part: string; result: string }[];
      verdict: string;
    }>('remote', 'check');
    expect(parts.map(({ part, result }) => `${part} ${result}`)).toEqual([
      'conditions passed',
      'read-back passed',
      'list-back passed',
      'create-race passed',
      'replace-race passed',
      'counter passed',
      'clock passed',
      'clean-up passed',
    ]);
    expect(verdict).toBe('safe');
    const text = await ours.ok('remote', 'check');
    expect(text).toMatch(/✓ {2}race to create a file {2,}\S/);
    expect(text).toMatch(/^origin is safe: conditional writes/m);
    expect(await ours.refusal(2, ['remote', 'check', '--limit', 'x'])).toContain(
      '--limit takes a whole number',
    );
  });

  it('is not checked where files of something else lie [DML-CLI-2162]', async () => {
    const { ours, shared } = team;
    mkdirSync(shared);
    writeFileSync(join(shared, 'holiday.jpg'), 'x');
    expect(await ours.error(6, ['remote', 'check'])).toMatchObject({ code: 'remote_foreign' });
    expect(readdirSync(shared)).toEqual(['holiday.jpg']);
    rmSync(shared, { recursive: true });
  });

  it('that is not safe ends the check with 13, and each reason once [DML-CLI-2161] [DML-CLI-3803]', async () => {
    const server = await FaultServer.start('data');
    afterTests('test', () => server.close());
    server.modes.conditions = 'ignored';
    const { ours } = team;
    await ours.ok('remote', 'add', 'bad', `s3://data/x?endpoint=${encodeURIComponent(server.endpoint)}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const { exitCode, stdout } = await ours.dml(['remote', 'check', 'bad', '--json']);
    const forPeople = await ours.dml(['remote', 'check', 'bad']);
    vi.unstubAllEnvs();
    expect([exitCode, forPeople.exitCode]).toEqual([13, 13]);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'unsafe' });
    const lines = forPeople.stdout.trim().split('\n');
    expect(lines.at(-1)).toBe('bad is unsafe: do not use it, for the reasons above');
    expect(lines.filter((line) => line.includes('it ignores conditions'))).toHaveLength(1);
  });

  it('is collected after a fetch [DML-CLI-2130]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'old');
    await ours.ok('switch', 'old');
    await ours.run('values');
    await ours.ok('push', 'origin', 'main');
    await ours.ok('push', 'origin', 'old');
    const theirs = await clone();
    await ours.ok('push', '--delete', 'origin', 'old');
    const { files, bytes } = await theirs.json<{ files: object[]; bytes: number }>('remote', 'gc');
    expect(files.length).toBeGreaterThan(1);
    expect(bytes).toBeGreaterThan(2_000);
    expect(await theirs.ok('remote', 'gc')).toMatch(/^deleted \d+ files?, [\d.]+ (?:B|KiB|MiB)\n$/);
    expect((await ours.json<{ refs: object[] }>('push', 'origin', 'main')).refs).toEqual([]);
    expect(await head(await clone('again'))).toBe(await head(ours, 'main'));
  });

  it('is collected where files of something else lie, which are named [DML-CLI-3800]', async () => {
    const { ours, shared } = team;
    await ours.ok('push');
    mkdirSync(join(shared, 'exec'));
    for (const name of ['a', 'b', 'c', 'd', 'e']) writeFileSync(join(shared, 'exec', `${name}.json`), 'x');
    const { exitCode, stdout, stderr } = await ours.dml(['remote', 'gc']);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^deleted \d+ files?, /)]);
    expect(stderr).toMatch(
      /^left in place, since no part of a remote: exec\/[a-e]\.json, exec\/[a-e]\.json, exec\/[a-e]\.json, 2 more\n$/,
    );
    const { strays } = await ours.json<{ strays: string[] }>('remote', 'gc');
    expect(strays.sort()).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `exec/${name}.json`));
    expect(readdirSync(join(shared, 'exec'))).toHaveLength(5);
  });

  it('says what a collection would delete and why [DML-CLI-2131]', async () => {
    const { ours, shared } = team;
    await ours.ok('push');
    await ours.ok('switch', 'main');
    await ours.ok('branch', 'gone');
    await ours.ok('switch', 'gone');
    await ours.run('values');
    await ours.ok('push', 'origin', 'gone');
    await ours.ok('push', '--delete', 'origin', 'gone');
    const before = readdirSync(shared, { recursive: true }).sort();
    const text = await ours.ok('remote', 'gc', '--dry-run', '--keep-states', '1');
    expect(text).toMatch(/^would delete \d+ files, /);
    expect(text).toContain('no ref reaches what it holds');
    expect(text).toContain('an old state of the journal');
    expect(await ours.json('remote', 'gc', '--dry-run')).toMatchObject({
      dryRun: true,
      files: expect.arrayContaining([expect.objectContaining({ reason: 'unreached' })]),
    });
    expect(readdirSync(shared, { recursive: true }).sort()).toEqual(before);
  });
});

describe('dml push', () => {
  it('sends the current branch [DML-CLI-2110]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'side');
    await ours.ok('switch', 'side');
    await ours.run('values');
    await ours.ok('push');
    expect(await tracking(ours)).toEqual({ 'origin/side': await head(ours, 'side') });
    const empty = await TestRepository.create();
    await empty.ok('remote', 'add', 'origin', team.shared);
    expect(await empty.refusal(2, ['push'])).toContain('has no commit yet');
  });

  it('sends the branches that are named [DML-CLI-2114]', async () => {
    const { ours } = team;
    for (const name of ['one', 'two', 'three']) await ours.ok('branch', name);
    await ours.ok('push', 'origin', 'one', 'two:second');
    const commitId = await head(ours);
    expect(await tracking(ours)).toEqual({ 'origin/one': commitId, 'origin/second': commitId });
    expect(await ours.error(3, ['push', 'origin', 'nope'])).toMatchObject({ code: 'unknown_name' });
  });

  it('sends every branch with --all [DML-CLI-2115]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'one');
    await ours.ok('tag', 'v1');
    await ours.ok('push', '--all');
    expect(Object.keys(await tracking(ours))).toEqual(['origin/main', 'origin/one']);
    const { refs } = await (await clone()).refState();
    expect(refs).not.toContainEqual(expect.objectContaining({ name: 'refs/tags/v1' }));
  });

  it('sends every tag with --tags [DML-CLI-2116]', async () => {
    const { ours } = team;
    await ours.ok('tag', 'v1');
    await ours.ok('tag', 'v2');
    await ours.ok('push', '--tags');
    expect(await tracking(ours)).toEqual({});
    await ours.ok('push');
    const theirs = await clone();
    const { refs } = await theirs.refState();
    for (const name of ['refs/tags/v1', 'refs/tags/v2'])
      expect(refs).toContainEqual(expect.objectContaining({ name }));
  });

  it('deletes branches there with --delete [DML-CLI-2117]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'one');
    await ours.ok('push', '--all');
    expect(await ours.ok('push', '--delete', 'origin', 'one')).toContain('one  deleted');
    expect(Object.keys(await tracking(ours))).toEqual(['origin/main']);
    expect(await head(ours, 'one')).toBe(await head(ours));
    expect(await ours.refusal(2, ['push', '--delete'])).toContain('names of the branches');
  });

  it('says which refs moved, from where and to where [DML-CLI-2111]', async () => {
    const { ours } = team;
    const first = await head(ours);
    expect(await ours.ok('push')).toBe(`pushed to ${team.shared}\n  main  new, at ${first.slice(0, 12)}\n`);
    await ours.run('values');
    const next = await head(ours);
    expect(await ours.json('push')).toMatchObject({
      remote: 'origin',
      refs: [{ ref: 'refs/heads/main', fromCommitId: first, commitId: next }],
      dryRun: false,
    });
    expect(await ours.ok('push')).toBe('origin has everything already\n');
  });

  it('says what it would cost, and writes nothing [DML-CLI-1106]', async () => {
    const { ours, shared } = team;
    const { cost } = await ours.json<{ cost: Record<string, number> }>('push', '--dry-run');
    expect(cost).toMatchObject({ writes: 4, sentBytes: expect.any(Number), total: expect.any(Number) });
    expect(cost.requests).toBeCloseTo((4 * 0.005 + (cost.reads as number) * 0.0004) / 1000, 9);
    expect(await ours.ok('push', '--dry-run')).toMatch(
      /^would push to .*\n.*\n {2}\d+ objects in 4 writes and \d+ reads: [\d.]+ KiB sent; some \$0\.0+\d+ at the tariff/,
    );
    expect(existsSync(shared)).toBe(false);
    expect(await tracking(ours)).toEqual({});
  });

  it('takes prices from --tariff [DML-CLI-2113]', async () => {
    const { ours } = team;
    const { cost } = await ours.json<{ cost: Record<string, number> }>(
      'push',
      '--dry-run',
      '--tariff',
      'put=1000,get=0,gib=0',
    );
    expect(cost.total).toBe(4);
    const costAt = async (tariff: string): Promise<Record<string, number>> =>
      (await ours.json<{ cost: Record<string, number> }>('push', '--dry-run', '--tariff', tariff)).cost;
    const reads = cost.reads as number;
    expect(reads).toBeGreaterThan(0);
    expect((await costAt('put=0,get=1000,gib=0')).total).toBe(reads);
    expect((await costAt('put=0,get=0,gib=1024')).total).toBeCloseTo((cost.sentBytes as number) / 2 ** 20, 9);
    expect((await costAt('put=0.5,get=0.25,gib=0')).requests).toBeCloseTo((4 * 0.5 + reads * 0.25) / 1000, 9);
    for (const tariff of [
      'put',
      'put=-1',
      'post=1',
      'put=1;get=2',
      'put=',
      'put=1e3',
      'put=1,',
      ',',
      'xput=1',
    ])
      expect(await ours.refusal(2, ['push', '--dry-run', '--tariff', tariff]), tariff).toContain(
        '--tariff takes prices',
      );
  });

  it('moves a branch that is where it was last seen with a lease [DML-CLI-2112]', async () => {
    const { ours } = team;
    await ours.ok('push');
    const theirs = await clone();
    const seen = await head(ours);
    await theirs.ok('dag', 'delete', 'sums');
    await theirs.ok('push');
    const newer = await head(theirs);
    await ours.run('values');
    expect(await ours.error(6, ['push'])).toMatchObject({ code: 'push_not_fast_forward' });
    expect(await ours.refusal(6, ['push'])).toContain('dml pull');
    expect(await ours.error(6, ['push', '--force-with-lease'])).toMatchObject({ code: 'push_stale' });
    expect(await ours.error(6, ['push', `--force-with-lease=${seen}`])).toMatchObject({ code: 'push_stale' });
    await ours.ok('fetch');
    expect(await ours.ok('push', '--force-with-lease')).toContain('forced');
    expect(await tracking(ours)).toEqual({ 'origin/main': await head(ours) });
    await theirs.ok('fetch');
    await theirs.ok('push', `--force-with-lease=${await head(ours)}`);
    expect(await tracking(theirs)).toEqual({ 'origin/main': newer });
  });

  it('expects with a lease the branch that it moves or deletes, whatever is pushed there [DML-CLI-2112]', async () => {
    const { ours } = team;
    await ours.ok('push', 'origin', 'main', 'main:side');
    const theirs = await clone();
    const seen = await head(ours);
    await theirs.ok('dag', 'delete', 'sums');
    await theirs.ok('push', 'origin', 'main:side');
    const newer = await head(theirs);
    await ours.run('values');
    const stale = { code: 'push_stale' };
    const pushed = (...argv: string[]): Promise<object> => ours.error(6, ['push', ...argv]);
    expect(await pushed('origin', 'main:side', '--force-with-lease')).toMatchObject(stale);
    expect(await pushed('--delete', 'origin', 'side', '--force-with-lease')).toMatchObject(stale);
    expect(await pushed(`--force-with-lease=${seen}`, '--delete', 'origin', 'side')).toMatchObject(stale);
    // Now the tracking refs of the two differ.
    await ours.ok('fetch');
    expect(await tracking(ours)).toEqual({ 'origin/main': seen, 'origin/side': newer });
    await ours.ok('push', 'origin', 'main:side', '--force-with-lease');
    expect(await tracking(ours)).toEqual({ 'origin/main': seen, 'origin/side': await head(ours) });
    await ours.ok('push', '--delete', 'origin', 'side', '--force-with-lease');
    expect(Object.keys(await tracking(ours))).toEqual(['origin/main']);
  });
});

describe('dml fetch', () => {
  it('says which refs moved, from where and to where [DML-CLI-2120]', async () => {
    const { ours } = team;
    await ours.ok('push');
    const theirs = await clone();
    const first = await head(ours);
    await ours.run('values');
    await ours.ok('push');
    const next = await head(ours);
    const text = await theirs.ok('fetch');
    expect(text).toBe(`from ${team.shared}\n  origin/main  ${first.slice(0, 12)} → ${next.slice(0, 12)}\n`);
    expect(await theirs.ok('fetch')).toBe('origin has nothing new\n');
    expect(await theirs.json('fetch')).toMatchObject({ remote: 'origin', refs: [], requests: 1 });
    expect(await head(theirs)).toBe(first);
    expect(await theirs.ok('cat', 'origin/main:values')).toBe(await ours.ok('cat', 'main:values'));
  });

  it('names tags that are others here [DML-CLI-2121]', async () => {
    const { ours } = team;
    await ours.ok('push');
    const theirs = await clone();
    await theirs.ok('tag', 'v1');
    await ours.run('values');
    await ours.ok('tag', 'v1');
    await ours.ok('push', '--tags');
    const { stderr } = await theirs.dml(['fetch']);
    expect(stderr).toContain('tag v1 is another commit there; the one here is kept');
    expect(await theirs.json('fetch')).toMatchObject({ keptTags: ['refs/tags/v1'] });
  });

  it('removes tracking refs of what is gone with --prune [DML-CLI-2122]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'old');
    await ours.ok('push', '--all');
    const theirs = await clone();
    await ours.ok('push', '--delete', 'origin', 'old');
    await theirs.ok('fetch');
    expect(Object.keys(await tracking(theirs))).toEqual(['origin/main', 'origin/old']);
    expect(await theirs.ok('fetch', '--prune')).toContain('origin/old  deleted');
    expect(Object.keys(await tracking(theirs))).toEqual(['origin/main']);
  });

  it('takes excisions of the remote only where it is told to [DML-CLI-2123]', async () => {
    const { ours } = team;
    const { objectId } = await ours.withStore(async (store) => {
      const { applyExcision, planExcision } = await import('@daggerml/store');
      const id = store.transact('find', (transaction) =>
        transaction.putRecord({ type: 'datum', kind: 'string', value: 'y'.repeat(300) }),
      );
      return { objectId: id, applyExcision, planExcision };
    }, 'write');
    await ours.define('secret', `(dag) => dag.literal('${'y'.repeat(300)}')`);
    await ours.withStore(async (store) => {
      const { applyExcision, planExcision } = await import('@daggerml/store');
      const plan = await planExcision(store, { objects: [{ class: 'datum', objectId }] });
      applyExcision(store, plan, { reason: 'test', message: 'test', actor: 'tester' });
    }, 'write');
    await ours.ok('push');
    const target = join(team.folder, 'target');
    const refused = await dml(['clone', team.shared, target], { cwd: team.folder });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toMatch(/excis/);
    expect(existsSync(target)).toBe(false);
    const theirs = await clone('accepting', '--accept-excisions');
    expect(await head(theirs)).toBe(await head(ours));
    const empty = await TestRepository.create();
    await empty.ok('remote', 'add', 'origin', team.shared);
    expect((await empty.dml(['fetch'])).exitCode).not.toBe(0);
    expect(await empty.json('fetch', '--accept-excisions')).toMatchObject({ tombstones: 1 });
  });
});

describe('dml pull', () => {
  it('brings the branch of the same name forward [DML-CLI-2150]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'side');
    await ours.ok('push', '--all');
    const theirs = await clone();
    const first = await head(ours);
    await ours.run('values');
    await ours.ok('push');
    const { stdout } = await theirs.dml(['pull']);
    expect(stdout).toBe(`main moved from ${first.slice(0, 12)} to ${(await head(ours)).slice(0, 12)}\n`);
    expect(await head(theirs)).toBe(await head(ours));
    expect(await theirs.json('pull')).toMatchObject({ branch: 'main', moved: false, mergeCommit: false });
    await theirs.ok('branch', 'side', 'origin/side');
    await theirs.ok('switch', 'side');
    expect(await theirs.ok('pull')).toMatch(/^side is at /);
    // A name with a slash is one name.
    await ours.ok('push', 'origin', 'main:team/side');
    await theirs.ok('fetch');
    await theirs.ok('branch', 'team/side', first);
    await theirs.ok('switch', 'team/side');
    expect(await theirs.json('pull', 'origin')).toMatchObject({ branch: 'team/side', moved: true });
    expect(await head(theirs, 'team/side')).toBe(await head(ours));
    expect(await head(theirs, 'side')).toBe(first);
  });

  it('merges what two people did [DML-CLI-1107]', async () => {
    const { ours } = team;
    await ours.ok('push');
    const theirs = await clone();
    theirs.write('own.ts', OWN_PIPELINE);
    await theirs.ok('run', 'own.ts');
    await ours.run('values');
    await ours.ok('push');
    expect(await theirs.error(6, ['push'])).toMatchObject({ code: 'push_not_fast_forward' });
    expect((await theirs.dml(['pull', '--ff-only'])).exitCode).toBe(6);
    expect(await theirs.json('pull')).toMatchObject({ branch: 'main', mergeCommit: true, refs: [] });
    expect(await theirs.ok('dag', 'list')).toMatch(/own[\s\S]*sums[\s\S]*values/);
    await theirs.ok('push');
    await ours.ok('pull');
    expect(await head(ours)).toBe(await head(theirs));
    expect((await ours.ok('cat', 'own')).trim()).toBe('"mine"');
  });

  it('is refused with what both sides changed, and told which side to take [DML-CLI-3846] [DML-CLI-3847]', async () => {
    const { ours } = team;
    await ours.ok('push');
    const theirs = await clone();
    for (const [repository, text] of [
      [ours, 'ours'],
      [theirs, 'theirs'],
    ] as const) {
      repository.write('own.ts', OWN_PIPELINE.replace('mine', text));
      await repository.ok('run', 'own.ts');
    }
    await ours.ok('push');
    const before = await head(theirs);
    const { exitCode, stderr } = await theirs.dml(['pull']);
    expect(exitCode).toBe(6);
    expect(stderr).toContain('conflict: dag own: main has');
    expect(await head(theirs)).toBe(before);
    expect(await theirs.error(3, ['pull', '--take', 'owm=theirs'])).toMatchObject({
      code: 'unknown_name',
      detail: 'dag',
      hint: expect.stringContaining('did you mean: own?'),
    });
    expect(await theirs.refusal(2, ['pull', '--take', 'own=mine'])).toContain('"dml pull --help" shows');
    await theirs.ok('pull', '--take', 'own=theirs');
    expect((await theirs.ok('cat', 'own')).trim()).toBe('"ours"');
  });

  it('is refused for a branch that the remote does not have [DML-CLI-2151]', async () => {
    const { ours } = team;
    await ours.ok('push');
    await ours.ok('branch', 'alone');
    await ours.ok('switch', 'alone');
    expect(await ours.error(3, ['pull'])).toMatchObject({
      code: 'remote_missing',
      message: `the remote ${team.shared} has no branch "alone"`,
    });
    expect(await ours.error(3, ['pull', 'origin', 'nope'])).toMatchObject({ code: 'remote_missing' });
  });
});

/** A pipeline without calls. */
const OWN_PIPELINE = `import { definePipeline } from '@daggerml/bindings';
export const own = definePipeline('own', (dag) => dag.literal('mine'));
`;

describe('dml clone', () => {
  it('takes a remote with more branches than its state lists [DML-CLI-2140]', async () => {
    const { ours } = team;
    const commitId = (await head(ours)) as CommitId;
    await ours.withStore((store) => {
      store.transact('many', (transaction) => {
        for (let number = 0; number < 1_001; number += 1) {
          const ref = headRef(`run/${number}`);
          transaction.updateRef({ ref, expected: null, next: commitId, actor: 'test', reason: 'many' });
        }
      });
    }, 'write');
    await ours.ok('push', '--all');
    expect(await ours.json('remote', 'log')).toMatchObject([
      { refs: [], trees: [{ kind: 'heads', count: 1_002 }] },
    ]);
    const theirs = await clone('many', '--branch', 'run/7');
    expect(await head(theirs, 'run/7')).toBe(commitId);
    expect(Object.keys(await tracking(theirs))).toHaveLength(1_002);
    expect(await theirs.ok('verify')).toContain('checked');
    await theirs.ok('push', '--delete', 'origin', 'run/8', 'run/9');
    expect(await ours.json('remote', 'log')).toMatchObject([{ refs: [], trees: [{ count: 1_000 }] }, {}]);
  });

  it('creates a repository with the remote origin and a current branch [DML-CLI-2140]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'side');
    await ours.ok('push', '--all');
    const theirs = await clone();
    expect(await theirs.json('remote', 'list')).toEqual(await ours.json('remote', 'list'));
    expect(Object.keys(await tracking(theirs))).toEqual(['origin/main', 'origin/side']);
    expect(await theirs.json('status')).toMatchObject({ branch: 'main', commitId: await head(ours) });
    expect(await (await clone('side', '--branch', 'side')).json('status')).toMatchObject({ branch: 'side' });
    // Cached calls came along.
    expect((await theirs.ok('cat', 'sums')).trim()).toBe((await ours.ok('cat', 'sums')).trim());
    await ours.ok('push', '--delete', 'origin', 'main');
    expect(await (await clone('first')).json('status')).toMatchObject({ branch: 'side' });
  });

  it('is refused where a repository is [DML-CLI-2141]', async () => {
    const { ours, shared } = team;
    await ours.ok('push');
    const before = await ours.refState();
    const { exitCode, stderr } = await dml(['clone', shared, ours.folder], { cwd: team.folder });
    expect(exitCode).toBe(6);
    expect(stderr).toContain(`"${ours.folder}" holds a repository; nothing was cloned`);
    expect(await ours.refState()).toEqual(before);
  });

  it.each([[['remote', 'check']], [['worker', '--idle', '1']], [['reference', 'add', 'x']]])(
    'takes a place or a name: %j [DML-CLI-2180]',
    async (command) => {
      const { ours } = team;
      const codeOf = async (text: string): Promise<unknown> => {
        const more = command[0] === 'reference' ? ['published'] : [];
        const { stderr } = await ours.dml(['--json', ...command, text, ...more]);
        return /"code": ?"([a-z_]+)"/.exec(stderr)?.[1];
      };
      for (const name of ['nobody', '.nobody', 'no body'])
        expect([name, await codeOf(name)]).toEqual([name, 'remote_unknown']);
      for (const place of ['./nobody', 'no/body', '.', '..', 'file:///nobody'])
        expect([place, await codeOf(place)]).not.toEqual([place, 'remote_unknown']);
      expect(await codeOf('no:body')).toBe('remote_uri_invalid');
    },
    120_000,
  );

  it('is made in no remote, and in no filled folder unless it is named [DML-CLI-2142]', async () => {
    const { ours, shared, folder } = team;
    await ours.ok('push');
    const before = readdirSync(shared);
    const name = basename(shared);
    for (const args of [[name], [`./${name}`], [shared, shared], [name, name]]) {
      const { exitCode, stderr } = await dml(['clone', ...args], { cwd: dirname(shared) });
      expect([args, exitCode]).toEqual([args, 6]);
      expect(stderr).toContain(`"${shared}" is the remote itself`);
      expect(stderr).toContain('dml clone <place> <folder>');
    }
    expect(readdirSync(shared)).toEqual(before);
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(join(elsewhere, name), { recursive: true });
    writeFileSync(join(elsewhere, name, 'pipeline.ts'), '');
    const { exitCode, stderr } = await dml(['clone', shared], { cwd: elsewhere });
    expect([exitCode, stderr]).toEqual([6, expect.stringContaining('exists and is not empty')]);
    expect(readdirSync(join(elsewhere, name))).toEqual(['pipeline.ts']);
    await dml(['clone', shared, name], { cwd: elsewhere });
    expect(readdirSync(join(elsewhere, name)).sort()).toEqual(['.dml', 'pipeline.ts']);
  });

  it('leaves nothing behind where it fails [DML-REM-0918]', async () => {
    const { folder } = team;
    for (const [place, options] of [
      [join(folder, 'nowhere'), []],
      [team.shared, ['--branch', 'nope']],
    ] as const) {
      if (place === team.shared) await team.ours.ok('push');
      const target = join(folder, 'target');
      const { exitCode } = await dml(['clone', ...options, place, target], { cwd: folder });
      expect(exitCode).not.toBe(0);
      expect(existsSync(target)).toBe(false);
      mkdirSync(target);
      await dml(['clone', ...options, place, target], { cwd: folder });
      expect(readdirSync(target)).toEqual([]);
      rmSync(target, { recursive: true });
    }
  });
});

describe('a transfer that is interrupted', () => {
  /** Creates a bucket to which a repository has pushed, and returns its place. */
  async function pushedBucket(): Promise<{ bucket: FaultServer; place: string }> {
    const bucket = await FaultServer.start('data');
    afterTests('test', () => bucket.close());
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    afterTests('test', () => void vi.unstubAllEnvs());
    const place = `s3://data/x?endpoint=${encodeURIComponent(bucket.endpoint)}`;
    await team.ours.ok('remote', 'add', 'bucket', place);
    await team.ours.ok('push', 'bucket');
    return { bucket, place };
  }

  /** Runs a command whose request for segments gets no answer, and interrupts it then. */
  async function interrupted(
    bucket: FaultServer,
    argv: readonly string[],
    { cwd, operation = 'GetObject', endedBy }: Interruption,
  ): Promise<Awaited<ReturnType<typeof dml>>> {
    const target = { operation, key: /segments/ } as const;
    const never = new Promise<void>(() => undefined);
    bucket.forget();
    const held = { kind: 'held', moment: 'before', until: never } as const;
    // What was interrupted before may ask again behind its back.
    bucket.fail(target, ...Array.from({ length: 50 }, () => held));
    const interrupt = new AbortController();
    const running = dml(argv, { cwd, signal: interrupt.signal, ...(endedBy && { endedBy }) });
    await vi.waitUntil(() => bucket.requests.some(({ key }) => target.key.test(key)), { timeout: 60_000 });
    interrupt.abort();
    return await running;
  }

  interface Interruption {
    readonly cwd: string;
    readonly operation?: 'GetObject' | 'PutObject';
    readonly endedBy?: 'SIGTERM' | 'SIGHUP';
  }

  it('leaves nothing of a clone behind [DML-REM-0918]', async () => {
    const { bucket, place } = await pushedBucket();
    const { folder } = team;
    const target = join(folder, 'target');
    for (const isThere of [false, true]) {
      if (isThere) mkdirSync(target);
      expect(await interrupted(bucket, ['clone', place, target], { cwd: folder })).toMatchObject({
        exitCode: 130,
        stdout: '',
      });
      expect(existsSync(target)).toBe(isThere);
    }
    expect(readdirSync(target)).toEqual([]);
    bucket.forget();
    await dml(['clone', place, target], { cwd: folder });
    expect(existsSync(join(target, '.dml'))).toBe(true);
  });

  it.each([
    ['fetch', 'GetObject'],
    ['pull', 'GetObject'],
    ['push', 'PutObject'],
    ['remote gc', 'GetObject'],
  ] as const)(
    'ends in the middle of dml %s, which can be done again [DML-CLI-0507]',
    async (command, operation) => {
      const { bucket, place } = await pushedBucket();
      const { ours } = team;
      const theirs = await TestRepository.create();
      await theirs.ok('remote', 'add', 'origin', place);
      await theirs.ok('fetch');
      const pushing = command === 'push' ? theirs : ours;
      await pushing.run('values');
      if (command !== 'push') await ours.ok('push', 'bucket');
      const before = await theirs.refState();
      const log = await ours.json('remote', 'log', 'bucket');
      const argv = [...command.split(' '), 'origin', ...(command === 'push' ? ['main:theirs'] : [])];
      for (const [endedBy, exitCode] of [
        ['SIGTERM', 143],
        ['SIGHUP', 129],
      ] as const) {
        const ended = await interrupted(bucket, argv, { cwd: theirs.folder, operation, endedBy });
        expect(ended).toMatchObject({ exitCode, stdout: '' });
        expect(await theirs.refState()).toEqual(before);
        expect(await ours.json('remote', 'log', 'bucket')).toEqual(log);
      }
      bucket.forget();
      await theirs.ok(...argv);
    },
  );
});

describe('dml run --remote', () => {
  /** Counts of calls of a run in a repository that has nothing. */
  async function runElsewhere(...options: string[]): Promise<Record<string, number>> {
    const theirs = await TestRepository.create();
    await theirs.ok('remote', 'add', 'origin', team.shared);
    const { counts } = await theirs.json<{ counts: Record<string, number> }>(
      'run',
      'pipelines.ts',
      'sums',
      ...options,
    );
    return counts;
  }

  it('takes what others have published, and publishes what runs [DML-REM-1230]', async () => {
    const first = await runElsewhere('--remote', 'origin');
    expect([first.executed, first.cached]).toEqual([expect.any(Number), 0]);
    expect(first.executed).toBeGreaterThan(0);
    const second = await runElsewhere('--remote', 'origin');
    expect([second.executed, second.cached]).toEqual([0, first.executed]);
    expect((await runElsewhere()).executed).toBe(first.executed);
  });

  it('runs again what a collection has dropped, and publishes it again [DML-CLI-3711]', async () => {
    const { ours } = team;
    await ours.ok('push');
    const { executed } = await runElsewhere('--remote', 'origin');
    await ours.ok('remote', 'gc');
    expect((await runElsewhere('--remote', 'origin')).executed).toBe(0);
    const planned = await ours.json<{ files: { path: string }[] }>(
      'remote',
      'gc',
      '--drop-cache',
      '--dry-run',
    );
    expect(planned.files.some(({ path }) => path.startsWith('caches/'))).toBe(true);
    expect((await runElsewhere('--remote', 'origin')).executed).toBe(0);
    await ours.ok('remote', 'gc', '--drop-cache');
    expect((await runElsewhere('--remote', 'origin')).executed).toBe(executed);
    expect((await runElsewhere('--remote', 'origin')).executed).toBe(0);
    expect(await head(await clone())).toBe(await head(ours));
  });

  it('lets why name the remote on which an outcome was found [DML-EXE-3515]', async () => {
    const { ours } = team;
    const theirs = await TestRepository.create();
    await theirs.ok('remote', 'add', 'shared', team.shared);
    await runElsewhere('--remote', 'origin');
    await theirs.ok('run', 'pipelines.ts', 'sums', '--remote', 'shared');
    const { calls } = await theirs.json<{ calls: { nodeId: string; sentence: string }[] }>('why', 'sums');
    expect(calls.length).toBeGreaterThan(0);
    for (const { nodeId, sentence } of calls) {
      expect(sentence).toMatch(/ did not run here: its outcome was found on the remote shared$/);
      const text = await theirs.ok('why', nodeId);
      expect(text).toMatch(/^found {5}on the remote shared$/m);
      expect(text).toMatch(/^outcome /m);
      expect(await theirs.json('why', nodeId)).toMatchObject({ remote: 'shared', reason: 'new' });
      // It ran there, so that no remote has to do with it.
      expect(await ours.json('why', nodeId)).toMatchObject({ remote: null, reason: 'new' });
      expect(await ours.ok('why', nodeId)).not.toMatch(/^found /m);
    }
    // Another run knows the outcomes, and where they came from.
    await theirs.ok('run', 'pipelines.ts', 'sums');
    expect(await theirs.json('why', calls[0]?.nodeId as string)).toMatchObject({ remote: 'shared' });
  });

  /** A repository with a pipeline whose call is not claimed, and two whose calls are. */
  async function claimer(place: string): Promise<TestRepository> {
    const theirs = await TestRepository.create();
    await theirs.ok('remote', 'add', 'origin', place);
    const code = 'export const add = (a: number, b: number): number => a + b;\n';
    for (const [at, name] of ['free', 'claimed', 'again'].entries()) {
      const options = `{ claim: ${name !== 'free'} }`;
      theirs.pipeline(name, `async (dag) => dag.call(steps.add.with(${options}), 3, ${at})`, { code });
    }
    return theirs;
  }

  const checkedIn = async (theirs: TestRepository): Promise<unknown> => {
    const text = readFileSync(join(theirs.folder, '.dml', 'remotes.json'), 'utf8');
    return (JSON.parse(text) as { remotes: { origin: { checked?: unknown } } }).remotes.origin.checked;
  };

  it('checks a remote by the first claim on it, once [DML-REM-1411]', async () => {
    const theirs = await claimer(team.shared);
    const run = async (name: string): Promise<string> => {
      const { exitCode, stderr } = await theirs.dml(['run', `${name}.ts`, name, '--remote', 'origin']);
      expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
      return stderr;
    };
    expect(await run('free')).not.toContain('never checked');
    expect(await checkedIn(theirs)).toBeUndefined();
    expect(await run('claimed')).toContain('origin was never checked');
    expect(await checkedIn(theirs)).toEqual({ atMs: expect.any(Number), place: team.shared });
    expect(readdirSync(join(team.shared, 'claims'))).toHaveLength(1);
    expect(readdirSync(join(team.shared, 'check'))).toEqual([]);
    expect(await run('again')).not.toContain('never checked');
    // A check by hand counts as well.
    const others = await claimer(team.shared);
    await others.ok('remote', 'check');
    expect(await checkedIn(others)).toMatchObject({ place: team.shared });
  });

  it('runs without claims on a remote that is not safe, and says why [DML-REM-1412]', async () => {
    const server = await FaultServer.start('data');
    afterTests('test', () => server.close());
    server.modes.conditions = 'ignored';
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    afterTests('test', () => vi.unstubAllEnvs());
    const theirs = await claimer(`s3://data/x?endpoint=${encodeURIComponent(server.endpoint)}`);
    const { exitCode, stderr } = await theirs.dml(['run', 'claimed.ts', 'claimed', '--remote', 'origin']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      'no claims on origin, so that others may run the same calls: do not use this remote',
    );
    expect(stderr).toContain('dml remote check origin');
    expect(server.requests.filter(({ key }) => key?.includes('/claims/'))).toEqual([]);
    expect(await checkedIn(theirs)).toBeUndefined();
  });

  it('has claims that are listed [DML-CLI-1109]', async () => {
    const { ours } = team;
    expect(await ours.json('claim', 'list')).toEqual([]);
    const { keys } = await putClaims(team.shared);
    const listed = await ours.json<Record<string, unknown>[]>('claim', 'list');
    expect(listed).toEqual([
      {
        executionKeyId: keys[1],
        call: null,
        owner: 'grace',
        state: 'held',
        claimedMs: expect.any(Number),
        leaseMs: 60_000,
        ageMs: expect.any(Number),
        aheadMs: 0,
        fencing: 2,
        executionUuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        outcome: null,
        isExpired: false,
      },
      expect.objectContaining({ executionKeyId: keys[0], owner: 'ada', fencing: 1, leaseMs: 1_000 }),
    ]);
    const [first = '', second = ''] = (await ours.ok('claim', 'list')).split('\n');
    expect(first).toMatch(/^b{12} {2}grace {2}lease of 1 min 0 s {2,}[\d.]+ \w+( \d+ s)? old +claim 2$/);
    expect(second).toMatch(/^a{12} {2}ada {4}lease of 1\.0 s has passed {2}.* old +claim 1$/);
  });

  it('has claims whose lease has passed [DML-CLI-2171]', async () => {
    const { ours } = team;
    await putClaims(team.shared);
    expect(await ours.json('claim', 'list')).toMatchObject([{ isExpired: false }, { isExpired: true }]);
  });

  it('has claims from the future, which are named as such [DML-CLI-3801]', async () => {
    const { ours } = team;
    await putClaims(team.shared, 7_200_000);
    const listed = await ours.json<{ aheadMs: number }[]>('claim', 'list');
    for (const { aheadMs } of listed) expect(aheadMs).toBeGreaterThan(7_000_000);
    const text = await ours.ok('claim', 'list');
    expect(text.match(/lease of .* dated 1[12]\d min \d+ s in the future +claim/g)).toHaveLength(2);
    expect(text).not.toContain(' old ');
  });

  it('has claims that nobody holds any more [DML-CLI-2172]', async () => {
    const { ours } = team;
    const { keys, execId } = await putClaims(team.shared);
    const listed = await ours.json<{ executionKeyId: string }[]>('claim', 'list', '--all');
    expect(listed).toHaveLength(4);
    expect(listed.find(({ executionKeyId }) => executionKeyId === keys[2])).toMatchObject({
      state: 'finished',
      outcome: { execId, status: 'ok' },
      isExpired: false,
    });
    expect(await ours.ok('claim', 'list', '--all')).toMatch(/ released .*\n|\n.* released /);
  });

  it('writes nothing with --no-publish and in a dry run [DML-REM-1231]', async () => {
    for (const option of ['--no-publish', '--dry-run']) {
      const theirs = await TestRepository.create();
      await theirs.ok('remote', 'add', 'origin', team.shared);
      await theirs.ok('run', 'pipelines.ts', 'sums', '--remote', 'origin', option);
      expect([option, existsSync(join(team.shared, 'states'))]).toEqual([option, false]);
    }
    const first = await runElsewhere('--remote', 'origin');
    const before = readdirSync(join(team.shared, 'states'));
    expect((await runElsewhere('--remote', 'origin', '--no-publish')).cached).toBe(first.executed);
    expect(readdirSync(join(team.shared, 'states'))).toEqual(before);
  });

  it('is planned with what the remote knows, which changes nothing here or there [DML-CLI-1715] [DML-EXE-3508]', async () => {
    const { executed } = await runElsewhere('--remote', 'origin');
    const theirs = await TestRepository.create();
    await theirs.ok('remote', 'add', 'origin', team.shared);
    const plan = ['run', 'pipelines.ts', 'sums', '--dry-run', '--remote', 'origin'];
    const states = readdirSync(join(team.shared, 'states'));
    expect(await theirs.ok(...plan)).toBe(
      `0 would run, ${executed} cached (${executed} of them on origin); nothing was run or written\n`,
    );
    const { calls } = await theirs.json<{ calls: { state: string; remote: string }[] }>(...plan);
    expect(new Set(calls.map(({ state, remote }) => `${state} ${remote}`))).toEqual(
      new Set(['cached origin']),
    );
    expect(readdirSync(join(team.shared, 'states'))).toEqual(states);
    expect(existsSync(join(team.shared, 'claims'))).toBe(false);
    await theirs.ok('run', 'pipelines.ts', 'sums');
    const local = await theirs.json<{ calls: { remote: unknown }[] }>(...plan);
    expect(new Set(local.calls.map(({ remote }) => remote))).toEqual(new Set([null]));
  });

  it('signs what it publishes, and says what it does not trust [DML-REM-1234] [DML-REM-1235]', async () => {
    const file = join(team.folder, 'key.pem');
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const signing = ['run', 'pipelines.ts', 'sums', '--remote', 'origin', '--sign'];
    const ours = await TestRepository.create();
    await ours.ok('remote', 'add', 'origin', team.shared);
    expect(await ours.error(2, [...signing, join(team.folder, 'none.pem')])).toMatchObject({
      code: 'signing_key_invalid',
      message: expect.stringContaining('none.pem" cannot be read (ENOENT)'),
    });
    expect(await ours.refusal(2, ['run', 'pipelines.ts', 'sums', '--sign', file])).toContain('--remote');
    const { exitCode, stderr } = await ours.dml([...signing, file]);
    expect(exitCode).toBe(0);
    const key = /signed as (did:key:z6Mk\w+)/.exec(stderr)?.[1] ?? '';
    const runTrusting = async (...policy: string[]): Promise<{ cached: number; says: string }> => {
      const says: string[] = [];
      let cached = 0;
      for (const isJson of [true, false]) {
        const theirs = await TestRepository.create();
        await theirs.ok('remote', 'add', 'origin', team.shared);
        await theirs.ok('remote', 'trust', 'origin', ...policy);
        const taking = ['run', 'pipelines.ts', 'sums', '--remote', 'origin', '--no-publish'];
        const { stdout, stderr } = await theirs.dml(isJson ? ['--json', ...taking] : taking);
        says.push(isJson ? stdout : stderr);
        if (isJson) cached = JSON.parse(stdout.trim().split('\n').at(-1) ?? '').counts.cached;
      }
      return { cached, says: says.join('') };
    };
    const trusted = await runTrusting(key);
    expect(trusted.cached).toBeGreaterThan(0);
    expect(trusted.says).not.toContain('not used');
    const other = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    const untrusted = await runTrusting(other);
    expect(untrusted.cached).toBe(0);
    expect(untrusted.says).toContain(`${trusted.cached} outcomes of origin signed by ${key} not used`);
    expect(untrusted.says).toContain(`"type":"outcomes-untrusted","remote":"origin","signer":"${key}"`);
    expect((await runTrusting(other, '--unsigned')).cached).toBe(trusted.cached);
  });

  it('trusts as it is told, and shows that [DML-REM-1233]', async () => {
    const { ours } = team;
    const key = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    expect(await ours.json('remote', 'trust', 'origin')).toEqual({ remote: 'origin', trust: null });
    await ours.ok('remote', 'trust', 'origin', `${key},${key}`);
    const trust = { keys: [key], unsigned: false };
    expect(await ours.json('remote', 'trust', 'origin')).toEqual({ remote: 'origin', trust });
    expect(await ours.ok('remote', 'trust', 'origin')).toContain(key);
    expect(await ours.error(2, ['remote', 'trust', 'origin', 'did:key:zNone'])).toMatchObject({
      code: 'signer_invalid',
    });
    expect(await ours.error(3, ['remote', 'trust', 'other', key])).toMatchObject({ code: 'remote_unknown' });
    // Another remote leaves it as it is.
    await ours.ok('remote', 'add', 'second', team.folder);
    expect(await ours.json('remote', 'trust', 'origin')).toEqual({ remote: 'origin', trust });
    await ours.ok('remote', 'trust', 'origin', '--all');
    expect(await ours.json('remote', 'trust', 'origin')).toEqual({ remote: 'origin', trust: null });
  });

  it('goes on where the remote fails, and says why [DML-REM-1232]', async () => {
    writeFileSync(team.shared, 'no folder');
    const theirs = await TestRepository.create();
    await theirs.ok('remote', 'add', 'origin', team.shared);
    const { exitCode, stderr } = await theirs.dml(['run', 'pipelines.ts', 'sums', '--remote', 'origin']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('the remote failed (look-up), and the run goes on without it');
    expect(await theirs.error(3, ['run', 'pipelines.ts', 'sums', '--remote', 'other'])).toMatchObject({
      code: 'remote_unknown',
    });
  });
});
