import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { COMMAND_LINES } from './command-lines.ts';
import { type Outcome, TestRepository } from './test-repository.ts';

/** Commands that use no repository, or none that is there. */
const OTHERS = [
  'init',
  'code',
  'params',
  'adapter list',
  'adapter check',
  'version',
  'trust',
  'bundle verify',
  'clone',
];
const NAMES = Object.keys(COMMAND_LINES).filter((name) => !OTHERS.includes(name));

let repository: TestRepository;
let home: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  home = join(repository.folder, 'home of me');
  mkdirSync(home);
  for (const pipeline of ['sums', 'values']) await repository.run(pipeline);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(join(home, '.config'), { recursive: true, force: true });
});

function asAnotherUser(): void {
  vi.spyOn(process, 'geteuid').mockReturnValue(statSync(repository.folder).uid + 1);
}

function dml(...argv: string[]): Promise<Outcome> {
  return repository.dml(argv, { env: { HOME: home } });
}

const quoted = (folder: string): string => `'${folder}'`;

describe('a repository that somebody else may have written to', () => {
  it.each(NAMES)('is refused by "dml %s" [DML-CLI-1240]', async (name) => {
    const before = readdirSync(repository.folder, { recursive: true }).map(String).sort();
    asAnotherUser();
    const { exitCode, stdout, stderr } = await dml(...(COMMAND_LINES[name] ?? []));
    const mark = join(repository.folder, '.dml');
    const uid = statSync(repository.folder).uid;
    expect([exitCode, stdout, stderr]).toEqual([
      13,
      '',
      `dml: "${mark}" belongs to another user (number ${uid}), who decides what this repository returns and runs\n` +
        `hint: if you trust whoever can write there, run "dml trust ${quoted(repository.folder)}"\n`,
    ]);
    expect(readdirSync(repository.folder, { recursive: true }).map(String).sort()).toEqual(before);
  });

  it('is refused where others may write to the list of its remotes [DML-CLI-1240]', async () => {
    await repository.ok('remote', 'add', 'shared', '/nowhere/shared');
    const list = join(repository.folder, '.dml', 'remotes.json');
    chmodSync(list, 0o666);
    for (const line of [['remote', 'list'], ['fetch'], ['push']]) {
      const { exitCode, stderr } = await dml(...line);
      expect(exitCode).toBe(13);
      expect(stderr).toContain(`dml: "${list}" may be written to by everybody on this machine\n`);
    }
    chmodSync(list, 0o644);
    expect((await dml('remote', 'list')).stdout).toMatch(/^shared /);
    await repository.ok('remote', 'remove', 'shared');
  });

  it('is refused also where only its rights tell [DML-CLI-1240]', async () => {
    const store = join(repository.folder, '.dml', 'store');
    const { mode } = statSync(store);
    chmodSync(store, 0o777);
    const { exitCode, stderr } = await dml('status');
    chmodSync(store, mode);
    expect(exitCode).toBe(13);
    expect(stderr).toBe(
      `dml: "${store}" may be written to by everybody on this machine\n` +
        `hint: take that right away with "chmod o-w"; or if you trust whoever can write there, run "dml trust ${quoted(repository.folder)}"\n`,
    );
  });

  it('is used once it is trusted, from whichever folder in it that was said [DML-CLI-0740]', async () => {
    const store = join(repository.folder, '.dml', 'store');
    const { mode } = statSync(store);
    mkdirSync(join(repository.folder, 'below', 'deep'), { recursive: true });
    const below = { cwd: join(repository.folder, 'below'), env: { HOME: home } };
    chmodSync(store, 0o777);
    const ends = [await dml('status'), await repository.dml(['trust', 'deep'], below), await dml('status')];
    ends.push(
      await dml('gc', '--compact'),
      await dml('trust', '--remove', repository.folder),
      await dml('status'),
    );
    chmodSync(store, mode);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([13, 0, 0, 0, 0, 13]);
    expect(ends[1]?.stdout).toBe(`trusted ${repository.folder}\n`);
  });
});

describe('dml trust', () => {
  it('lists, adds and removes, and says when nothing changes [DML-CLI-0743]', async () => {
    const { folder } = repository;
    const said = async (...argv: string[]): Promise<unknown> =>
      JSON.parse((await dml(...argv, '--json')).stdout);
    expect(await dml('trust')).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await dml('trust', folder)).toMatchObject({ exitCode: 0, stdout: `trusted ${folder}\n` });
    expect(await dml('trust', folder)).toMatchObject({
      exitCode: 0,
      stdout: `${folder} is trusted already; nothing changed\n`,
    });
    expect(await said('trust', folder)).toEqual({ path: folder, added: false });
    expect(await said('trust', '--remove', folder)).toEqual({ path: folder, removed: true });
    expect(await dml('trust', '--remove', folder)).toMatchObject({
      exitCode: 0,
      stdout: `${folder} was not on the list; nothing changed\n`,
    });
    expect(await said('trust')).toEqual({ trusted: [] });
  });

  it('prints the list without a folder [DML-CLI-2907]', async () => {
    const { folder } = repository;
    await dml('trust', folder);
    expect(await dml('trust')).toMatchObject({ exitCode: 0, stdout: `${folder}\n`, stderr: '' });
    expect(JSON.parse((await dml('trust', '--json')).stdout)).toEqual({ trusted: [folder] });
  });

  it('takes a folder off the list that is gone [DML-CLI-0742]', async () => {
    const gone = join(repository.folder, 'gone');
    await repository.dml(['init', gone]);
    expect((await dml('trust', gone)).exitCode).toBe(0);
    rmSync(gone, { recursive: true });
    expect(await dml('trust', '--remove', gone)).toMatchObject({ stdout: `${gone} is no longer trusted\n` });
    expect((await dml('trust')).stdout).toBe('');
  });

  it('refuses what makes no sense, and a folder without a repository', async () => {
    const ends = [await dml('trust', '--remove'), await dml('trust', '/')];
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([2, 5]);
    const nowhere = await repository.dml(['trust', repository.folder], { env: {} });
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([
      10,
      'dml: the user has no configuration folder: neither XDG_CONFIG_HOME nor HOME is an absolute path\n' +
        'hint: set the variable HOME or XDG_CONFIG_HOME to an absolute path\n',
    ]);
  });
});
