import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
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

function byRef(one: { readonly ref: string }, other: { readonly ref: string }): number {
  return one.ref < other.ref ? -1 : 1;
}
