import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { headRef, remoteRef } from '@daggerml/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/invocation/command-table.ts';
import { HABITS, MORE_WORDS } from '../src/invocation/habits.ts';
import { parseInvocation } from '../src/invocation/program.ts';
import { dml, TestRepository, words } from './test-repository.ts';

let repository: TestRepository;
let commitId: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  ({ commitId } = await repository.run('sums'));
  await repository.ok('remote', 'add', 'origin', join(repository.folder, '../shared'));
  await repository.ok('push');
});

describe('a word of git or DVC', () => {
  it.each([
    ['remote rename origin up', 'unknown_command', 'dml remote add <new> <place>'],
    ['remote set-url origin x', 'unknown_command', 'dml remote remove <name>'],
    ['remote show origin', 'unknown_command', 'dml remote log <name>'],
    ['remote prune origin', 'unknown_command', 'dml fetch --prune <remote>'],
    ['remote -v', 'unknown_option', 'dml remote list'],
    ['push -f', 'unknown_option', 'dml push --force-with-lease'],
    ['push --force origin main', 'unknown_option', 'dml push --force-with-lease'],
    ['push -u origin main', 'unknown_option', 'leave it out'],
    ['push --set-upstream=x', 'unknown_option', 'leave it out'],
    ['switch -c next', 'unknown_option', 'dml branch <name> [commit]'],
    ['checkout main', 'unknown_command', 'dml switch <branch>'],
    ['checkout -b next', 'unknown_command', 'dml switch <branch>'],
    ['help checkout', 'unknown_command', 'dml switch <branch>'],
    ['diff main~1', 'unknown_command', 'dml compare <first> [others...]'],
    ['ls-remote', 'unknown_command', 'dml branch --remotes'],
    ['repro', 'unknown_command', 'dml run <file>'],
    ['gc --remote', 'unknown_option', 'dml remote gc'],
    ['fetch origin main', 'invalid_argument', 'brings every branch of the remote'],
  ])('in "%s" is refused with what is meant [DML-CLI-3842]', async (line, code, meant) => {
    const error = await repository.error(2, words(line));
    expect(error).toMatchObject({ code, detail: 'meant', hint: expect.stringContaining(meant) });
    expect(error.hint).not.toContain('did you mean');
  });

  it('is in no list that dml itself knows, and what is meant there is [DML-CLI-3842]', () => {
    const names = ['', 'remote', ...COMMANDS.map(({ name }) => name)];
    for (const [command, known] of Object.entries({ ...HABITS, ...MORE_WORDS })) {
      expect(names).toContain(command);
      const texts = typeof known === 'string' ? { '': known } : known;
      for (const [word, text] of Object.entries(texts)) {
        if (word !== '')
          expect(parseInvocation([...words(command), word]).kind, `${command} ${word}`).toBe('misuse');
        for (const [, proposed = ''] of text.matchAll(/"dml ([^"]+)"/g)) {
          const argv = proposed.split(' ').map((each) => each.replace(/[<>[\]]/g, '').replace('...', ''));
          const invocation = parseInvocation(argv);
          // Where the command alone is named, its arguments are missing.
          const isKnown =
            invocation.kind === 'command' ||
            (invocation.kind === 'misuse' && invocation.misuse.code === 'missing_argument');
          expect(isKnown, proposed).toBe(true);
        }
      }
    }
  });

  it.each([
    ['remote rm origin', { name: 'remote remove' }, {}],
    ['push -n', { name: 'push' }, { dryRun: true }],
    ['fetch -p', { name: 'fetch' }, { prune: true }],
  ])('"%s" is the command that it plainly is [DML-CLI-3843]', (line, command, options) => {
    expect(parseInvocation(words(line))).toMatchObject({ kind: 'command', command, options });
  });
});

describe('dml branch', () => {
  it('lists the branches of remotes where they are asked for [DML-CLI-3845]', async () => {
    const own = { branch: 'main', commitId, current: true };
    const tracked = { branch: 'origin/main', remote: 'origin', commitId, current: false };
    expect(await repository.json('branch')).toEqual([own]);
    expect(await repository.json('branch', '--all')).toEqual([own, tracked]);
    expect(await repository.json('branch', '-a')).toEqual([own, tracked]);
    expect(await repository.json('branch', '--remotes')).toEqual([tracked]);
    expect(await repository.ok('branch', '-r')).toBe(`   ${commitId.slice(0, 12)}  origin/main\n`);
    expect(await repository.refusal(2, ['branch', 'x', '--all'])).toContain('take no name');
    await repository.refusal(2, ['branch', '-d', 'x', '-r']);
    const fresh = await TestRepository.create();
    expect(await fresh.dml(['branch', '-r'])).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('dml fetch'),
    });
  });
});

describe('dml switch', () => {
  it('makes a branch that only a remote has, and says of what [DML-CLI-3844]', async () => {
    const own = await TestRepository.create();
    const { commitId: at } = await own.run('sums');
    await own.plant(remoteRef('origin', 'copy'), at);
    await own.plant(remoteRef('other', 'copy'), at);
    await own.plant(remoteRef('other', 'team/next'), at);
    expect(await own.ok('switch', 'copy')).toBe(
      `On branch copy at ${at.slice(0, 12)}, new from origin/copy\n`,
    );
    expect(await own.json('status')).toMatchObject({ branch: 'copy', commitId: at });
    expect(await own.json('switch', 'team/next')).toEqual({
      branch: 'team/next',
      commitId: at,
      madeOf: 'other/team/next',
    });
    expect(await own.json('switch', 'copy')).toEqual({ branch: 'copy', commitId: at });
    expect((await own.refState()).refs).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ name: headRef('copy'), commitId: at })]),
    );
  });

  it('makes none where several remotes, a tag or nothing has the name [DML-CLI-3844]', async () => {
    const own = await TestRepository.create();
    const { commitId: at } = await own.run('sums');
    for (const remote of ['one', 'two']) await own.plant(remoteRef(remote, 'both'), at);
    await own.plant(remoteRef('origin', 'v1'), at);
    await own.ok('tag', 'v1');
    await own.refusal(3, ['switch', 'both']);
    await own.refusal(2, ['switch', 'v1']);
    await own.refusal(3, ['switch', 'nowhere']);
    await own.refusal(2, ['switch', 'origin/v1']);
  });
});

describe('a message about an option', () => {
  it.each([
    [['remote', 'gc', '--keep-states', '0'], '--keep-states takes a whole number above 0, not "0"'],
    [['forget', '--keep-younger', 'x'], '--keep-younger takes an age'],
    [['forget', '--keep-younger', ''], 'the option "--keep-younger" is empty'],
  ])('in %j names it as it is typed [DML-CLI-3848]', async (argv, message) => {
    expect((await repository.dml(argv)).stderr).toContain(`dml: ${message}`);
  });
});

describe('--quiet', () => {
  it('leaves results and errors as they are, and prints no notes [DML-CLI-3849]', async () => {
    const own = await TestRepository.create();
    const shared = join(own.folder, '../quiet');
    const steps = [
      ['run', 'pipelines.ts', 'sums'],
      ['branch', 'next'],
      ['remote', 'add', 'origin', shared],
      ['push'],
      ['fetch'],
      ['remote', 'check', '--limit', '60'],
      ['log', '-n', '1'],
      ['status'],
      ['gc'],
    ];
    for (const argv of steps) {
      const { exitCode, stdout, stderr } = await own.dml([...argv, '--quiet']);
      expect({ exitCode, stderr }, argv.join(' ')).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout, argv.join(' ')).not.toBe('');
    }
    const notes = await own.dml(['branch', 'again']);
    expect(notes.stderr).toContain('dml switch again');
    expect((await own.dml(['show', 'nothing', '--quiet'])).stderr).toMatch(/^dml: .*\nhint: /);
    const folder = join(own.folder, 'inner');
    mkdirSync(folder);
    expect(await dml(['init', '--quiet'], { cwd: folder })).toMatchObject({ exitCode: 0, stderr: '' });
    rmSync(folder, { recursive: true });
    expect((await dml(['--help'])).stdout).toContain('print results and errors only; no progress or notes');
  });
});
