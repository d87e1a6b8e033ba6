import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolderFiles, readSnapshot, systemSurroundings } from '@daggerml/remotes';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let shared: string;
let ours: TestRepository;

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml safe ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  shared = join(folder, 'shared');
  ours = await TestRepository.create();
  await ours.run('sums');
  await ours.ok('remote', 'add', 'origin', shared);
});

async function head(repository: TestRepository, name = 'main'): Promise<string> {
  return (await repository.ok('ref', name)).trim();
}

async function clone(...options: string[]): Promise<TestRepository> {
  const theirs = new TestRepository();
  rmSync(theirs.folder, { recursive: true });
  const { exitCode, stderr } = await dml(['clone', ...options, shared, theirs.folder], { cwd: folder });
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
  return theirs;
}

/** Returns the text of a value as states and CURRENT have it. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
}

/** Puts refs on the remote besides those that are there, as another implementation may. */
async function plantRefs(refs: Readonly<Record<string, string>>): Promise<void> {
  const files = openFolderFiles(shared, systemSurroundings());
  const { version, name, state } = await readSnapshot(files);
  const sequence = state.sequence + 1;
  const write = '00000000-1111-2222-3333-444444444444';
  const next = { ...state, format: 1, refs: { ...state.refs, ...refs }, previous: name, sequence, write };
  const bytes = Buffer.from(`${canonical(next)}\n`);
  const stateName = `${state.epoch}-${sequence}-${createHash('sha256').update(bytes).digest('hex')}`;
  await files.put(`states/${stateName}.json`, bytes);
  const current = Buffer.from(`${canonical({ format: 1, sequence, state: stateName, write })}\n`);
  expect((await files.swap('CURRENT.json', version, current)).outcome).toBe('applied');
  await files.close();
}

describe('names of branches on a remote', () => {
  it('are checked before anything is sent [DML-REM-1870]', async () => {
    for (const name of ['a..b', 'x/', '-x', 'refs/heads/q', 'tags/v']) {
      const error = await ours.error(2, ['push', 'origin', `main:${name}`]);
      const message = expect.stringContaining(`"${name}" cannot name a branch`);
      expect(error).toMatchObject({ code: 'ref_name_invalid', message });
    }
    expect(existsSync(shared)).toBe(false);
  });

  it('are two around one colon [DML-CLI-3762]', async () => {
    expect(await ours.refusal(2, ['push', 'origin', 'main:a:b'])).toContain('more than one ":"');
    expect(await ours.refusal(2, ['push', 'origin', 'main:'])).toContain(
      'lacks the name of the branch there',
    );
    expect(await ours.refusal(2, ['push', 'origin', ':gone'])).toContain(
      'lacks the name of the branch here; "dml push --delete origin gone" deletes a branch there',
    );
    expect(existsSync(shared)).toBe(false);
  });

  it('that others put there are left out, named, and can be deleted [DML-CLI-3760] [DML-CLI-3761]', async () => {
    await ours.ok('push');
    const commitId = await head(ours);
    const keys = ['heads/a b', 'heads/-x', 'heads/refs/heads/q', 'tags/a..b'];
    await plantRefs(Object.fromEntries([...keys, 'tags/v1'].map((key) => [key, commitId])));
    const theirs = await clone();
    expect((await theirs.refState()).refs).toEqual([
      expect.objectContaining({ name: 'refs/heads/main' }),
      expect.objectContaining({ name: 'refs/remotes/origin/main' }),
      expect.objectContaining({ name: 'refs/tags/v1' }),
    ]);
    const { skippedRefs } = await theirs.json<{ skippedRefs: unknown }>('pull');
    expect(skippedRefs).toEqual(keys.map((key) => ({ ref: `refs/${key}`, commitId })).sort(byRef));
    const { stderr } = await theirs.dml(['fetch']);
    expect(stderr).toContain('warning: left out the branch "a b" of origin');
    const commands = [...stderr.matchAll(/"(dml push --delete .*)" deletes it there/g)].map(
      ([, line]) => line,
    );
    expect(commands.sort()).toEqual([
      "dml push --delete origin 'a b'",
      'dml push --delete origin -- -x',
      'dml push --delete origin refs/heads/refs/heads/q',
      'dml push --delete origin refs/tags/a..b',
    ]);
    // As they stand, and a tag with a name like any other.
    for (const command of [...commands, 'dml push --delete origin refs/tags/v1'])
      expect(theirs.shell(command as string)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('deleted'),
      });
    expect(await theirs.json('fetch')).toMatchObject({ skippedRefs: [] });
    const another = await clone();
    expect((await another.refState()).refs).toHaveLength(2);
  });
});

describe('dml remote restore', () => {
  it('puts the newest state in effect again [DML-CLI-3763] [DML-CLI-3764]', async () => {
    await ours.ok('push');
    const first = await head(ours);
    await ours.run('values');
    await ours.ok('push');
    const commitId = await head(ours);
    expect(await ours.error(6, ['remote', 'restore'])).toMatchObject({ detail: 'restore' });
    rmSync(join(shared, 'CURRENT.json'), { recursive: true });
    const before = readdirSync(shared, { recursive: true });
    for (const argv of [['push'], ['fetch'], ['remote', 'gc'], ['remote', 'log'], ['remote', 'check']]) {
      const { code, detail, message, hint } = await ours.error(11, argv);
      expect([code, detail]).toEqual(['remote_damaged', 'lost']);
      expect(message).toContain('its journal goes up to state 1');
      expect(hint).toContain('"dml remote restore --dry-run"');
    }
    const state = { sequence: 1, refs: [{ ref: 'refs/heads/main', commitId }] };
    expect(await ours.json('remote', 'restore', '--dry-run')).toMatchObject({ dryRun: true, state });
    expect(readdirSync(shared, { recursive: true })).toEqual(before);
    expect(await ours.error(3, ['remote', 'restore', '--at', '5'])).toMatchObject({ detail: 'state' });
    expect(await ours.json('remote', 'restore', '--dry-run', '--at', '0')).toMatchObject({
      state: { sequence: 0, refs: [{ commitId: first }] },
    });
    expect(await ours.ok('remote', 'restore')).toMatch(
      /^restored state 1 of origin: push heads\/main, by tester, /,
    );
    const theirs = await clone();
    expect(await head(theirs)).toBe(commitId);
    await ours.run('sums');
    await ours.ok('push');
  });
});

describe('a remote that is not where it was', () => {
  it('is not begun again [DML-REM-1878] [DML-REM-1883]', async () => {
    await ours.ok('push');
    renameSync(shared, `${shared}.away`);
    const runOnRemote = ['run', 'pipelines.ts', 'values', '--remote', 'origin'];
    for (const argv of [
      ['push'],
      ['push', '--dry-run'],
      ['fetch'],
      ['pull'],
      ['remote', 'log'],
      ['remote', 'gc', '--dry-run'],
      ['worker', 'origin', '--idle', '1'],
      runOnRemote,
    ]) {
      const { code, detail, message, hint } = await ours.error(3, argv);
      expect([code, detail], argv.join(' ')).toEqual(['remote_missing', 'vanished']);
      expect(message).toMatch(/it was seen last at state 0, written \d{4}-\d\d-\d\dT/);
      expect(hint).toContain('remove this one with "dml remote remove origin"');
    }
    expect(existsSync(shared)).toBe(false);
    // A mount point without its disk, and a file in its place.
    mkdirSync(shared);
    for (const argv of [['push'], runOnRemote])
      expect(await ours.error(3, argv)).toMatchObject({ detail: 'vanished' });
    expect(readdirSync(shared)).toEqual([]);
    rmSync(shared, { recursive: true });
    writeFileSync(shared, 'no folder');
    expect(await ours.error(3, ['push'])).toMatchObject({ detail: 'vanished' });
    rmSync(shared);
    renameSync(`${shared}.away`, shared);
    await ours.run('values');
    await ours.ok('push');
  });

  it('is begun where it was removed and added again [DML-CLI-3766]', async () => {
    await ours.ok('push');
    const remembered = join(ours.folder, '.dml', 'remotes', 'origin.json');
    const text = readFileSync(remembered);
    rmSync(shared, { recursive: true });
    await ours.ok('remote', 'remove', 'origin');
    expect(existsSync(remembered)).toBe(false);
    // As an earlier version leaves it.
    writeFileSync(remembered, text);
    await ours.ok('remote', 'add', 'origin', shared);
    expect(existsSync(remembered)).toBe(false);
    expect(await ours.ok('push')).toContain('main  new, at');
  });
});

describe('a remote that went back', () => {
  /** Pushes twice and puts a copy from between in the place of the remote. */
  async function rollBack(): Promise<{ first: string; second: string }> {
    await ours.ok('push');
    const first = await head(ours);
    cpSync(shared, `${shared}.copy`, { recursive: true });
    await ours.run('values');
    await ours.ok('push');
    rmSync(shared, { recursive: true });
    renameSync(`${shared}.copy`, shared);
    return { first, second: await head(ours) };
  }

  it('is told, with the command that sends back what was lost [DML-CLI-3767] [DML-CLI-3765]', async () => {
    const { first, second } = await rollBack();
    const refused = await ours.error(6, ['push']);
    expect(refused).toMatchObject({ code: 'push_stale', detail: 'back' });
    expect(refused.hint).toContain('"dml fetch"');
    const fetched = await ours.dml(['fetch']);
    expect(fetched.stdout).toMatch(
      new RegExp(`origin/main +${second.slice(0, 12)} → ${first.slice(0, 12)} +forced\n`),
    );
    expect(fetched.stderr).toMatch(/warning: origin went back: state 1 of .*; it is at state 0 of /);
    const [, command = ''] =
      /"(dml push origin [^"]*)" sends what is not in "main" there/.exec(fetched.stderr) ?? [];
    expect(ours.shell(command)).toMatchObject({ status: 0 });
    expect(await head(await clone())).toBe(second);
  });

  it('is told in the documents of a fetch and a pull [DML-CLI-3767] [DML-CLI-3765]', async () => {
    const { first, second } = await rollBack();
    const moved = { ref: 'refs/remotes/origin/main', kind: 'forced', fromCommitId: second, commitId: first };
    expect(await ours.json('fetch')).toMatchObject({
      refs: [moved],
      wentBackFrom: { sequence: 1, timeMs: expect.any(Number) },
    });
    expect(await ours.json('fetch')).toMatchObject({ refs: [], wentBackFrom: null });
    const { refs } = await ours.json<{ refs: object[] }>('push');
    expect(refs).toMatchObject([{ kind: 'forward' }]);
    // A pull prints no other moves.
    const theirs = await clone();
    await ours.ok('push', `--force-with-lease=${second}`, 'origin', `${first}:main`);
    const { stderr } = await theirs.dml(['pull']);
    expect(stderr).toMatch(/origin\/main .* forced/);
    expect(stderr).not.toContain('went back');
  });

  it('is not taken for pushes of others', async () => {
    await ours.ok('push');
    const theirs = await clone();
    for (const pipeline of ['values', 'sums']) {
      await ours.run(pipeline);
      await ours.ok('push');
    }
    expect((await theirs.dml(['fetch'])).stderr).not.toContain('warning');
  });
});

describe('dml push --force-with-lease', () => {
  it('takes a commit after = alone [DML-CLI-3769]', async () => {
    await ours.ok('push');
    const first = await head(ours);
    await ours.run('values');
    // A fast-forward is not forced.
    const pushed = await ours.ok('push', '--force-with-lease', 'origin');
    expect(pushed).toContain(`main  ${first.slice(0, 12)} → `);
    expect(pushed).not.toContain('forced');
    const second = await head(ours);
    await ours.ok('push', 'origin', '--force-with-lease', `${first}:main`);
    expect((await ours.json<object>('push', '--force-with-lease', 'origin', 'main')) as object).toMatchObject(
      {
        refs: [{ kind: 'forward', fromCommitId: first, commitId: second }],
      },
    );
    expect(
      await ours.error(6, ['push', 'origin', `--force-with-lease=${first}`, `${first}:main`]),
    ).toMatchObject({
      code: 'push_stale',
    });
    const args = ['push', '--force-with-lease=', 'origin'];
    expect(await ours.refusal(2, args)).toContain('option "--force-with-lease" is empty');
    // After "--" it is a name.
    expect(await ours.error(3, ['push', 'origin', '--', '--force-with-lease'])).toMatchObject({
      code: 'unknown_name',
    });
  });
});

describe('dml push <remote> <commit>:<branch>', () => {
  it('pushes a commit that no branch has [DML-CLI-3768]', async () => {
    const first = await head(ours);
    await ours.run('values');
    await ours.ok('push', 'origin', 'HEAD~1:old', `${first}:same`);
    const { refs } = await (await clone()).refState();
    for (const name of ['old', 'same'])
      expect(refs).toContainEqual(
        expect.objectContaining({ name: `refs/remotes/origin/${name}`, commitId: first }),
      );
    expect(await ours.error(2, ['push', 'origin', 'HEAD~1'])).toMatchObject({ code: 'wrong_class' });
  });
});

describe('words about remotes', () => {
  it('say what stands in the place of the name of a remote [DML-CLI-3770]', async () => {
    const hintOf = async (...argv: string[]): Promise<unknown> => {
      const { code, hint } = await ours.error(3, argv, { cwd: ours.folder });
      expect(code).toBe('remote_unknown');
      return hint;
    };
    expect(await hintOf('push', '../team')).toBe(
      '"dml remote add <name> ../team" makes the place a remote, and commands take that <name>',
    );
    expect(await hintOf('run', 'pipelines.ts', 'sums', '--remote', '../team')).toContain(
      '"dml remote add <name> ../team"',
    );
    expect(await hintOf('push', shared)).toBe('give the name: "origin"');
    expect(await hintOf('push', 'main')).toBe('name the remote first: "dml push origin main"');
    expect(await hintOf('pull', 'main')).toBe('name the remote first: "dml pull origin main"');
    expect(await hintOf('fetch', 'main')).toBe('"dml fetch origin" brings all branches of a remote');
    expect(await hintOf('run', '--remote', 'pipelines.ts', 'sums')).toBe(
      'name the remote first: "dml run --remote origin pipelines.ts"',
    );
    await ours.ok('bundle', 'create', 'all.car');
    for (const path of ['all.car', './all.car'])
      expect(await hintOf('pull', path)).toContain(`"dml bundle unbundle ${path}" takes what is in a bundle`);
    expect(await hintOf('push', 'orign')).toBe('"dml remote add orign <folder or bucket>" adds it');
    expect(await hintOf('remote', 'log', 'main')).toContain('"dml remote add main <folder or bucket>"');
  });

  it('say how a branch that was deleted there comes back [DML-CLI-3771]', async () => {
    await ours.ok('branch', 'old');
    await ours.run('values');
    await ours.ok('push', '--all');
    const commitId = await head(ours, 'old');
    const command = `dml push origin ${commitId.slice(0, 16)}:old`;
    expect(await ours.ok('push', '--dry-run', '-d', 'origin', 'old')).not.toContain('brings it back');
    expect(await ours.ok('push', '-d', 'origin', 'old')).toContain(`"${command}" brings it back\n`);
    expect(ours.shell(command)).toMatchObject({ status: 0 });
    const { refs } = await ours.json<{ refs: object[] }>('push', '-d', 'origin', 'old');
    expect(refs).toEqual([
      expect.objectContaining({ ref: 'refs/heads/old', kind: 'deleted', restoringCommand: command }),
    ]);
    // Nothing else keeps the commit.
    await ours.ok('branch', 'alone');
    await ours.ok('push', 'origin', 'alone');
    await ours.ok('forget', '--keep', '1');
    expect(await ours.ok('push', '-d', 'origin', 'alone')).toContain('brings it back');
    const theirs = await clone();
    await ours.ok('push', 'origin', 'old');
    // Its commit is not there.
    expect(await theirs.ok('push', '-d', 'origin', 'old')).toContain('old  deleted');
  });

  it('say of a push that moved nothing why [DML-CLI-3772]', async () => {
    await ours.ok('push');
    expect(await ours.ok('push')).toBe('origin has everything already\n');
    await ours.ok('push', '-d', 'origin', 'main');
    expect(await ours.ok('push', '--tags')).toBe('there are no tags here, so nothing was pushed\n');
    const { stdout, stderr } = await ours.dml(['push', '-d', 'origin', 'main', 'refs/tags/v1']);
    expect(stdout).toBe('nothing to delete on origin\n');
    expect(stderr).toContain('origin has no branch "main", so nothing was deleted there');
    expect(stderr).toContain('origin has no tag "v1"');
  });

  it('say how the place of a remote is made [DML-REM-1886]', async () => {
    await ours.ok('remote', 'add', 'deep', join(folder, 'not', 'there'));
    const deep = await ours.error(3, ['push', 'deep']);
    expect(deep).toMatchObject({ code: 'remote_missing', detail: 'parent' });
    expect(deep.hint).toContain(`make it with "mkdir -p '${join(folder, 'not')}'"`);
    writeFileSync(join(folder, 'file'), 'mine');
    await ours.ok('remote', 'add', 'file', join(folder, 'file'));
    for (const verb of ['push', 'fetch'])
      expect(await ours.error(3, [verb, 'file'])).toMatchObject({ detail: 'not_a_folder' });
  });
});

function byRef(one: { readonly ref: string }, other: { readonly ref: string }): number {
  return one.ref < other.ref ? -1 : 1;
}
