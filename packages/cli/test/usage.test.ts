import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
});

describe('a word that dml does not know', () => {
  it.each([
    [['stauts'], 'there is no command "stauts"', 'status'],
    [['lgo', '-n', '5'], 'there is no command "lgo"', 'log'],
    [['wip', 'lst'], 'there is no command "lst"', 'list'],
    [['wip', 'prnue', 'x'], 'there is no command "prnue"', 'prune'],
    [['dag', 'lits'], 'there is no command "lits"', 'list'],
    [['--jsn', 'status'], 'there is no option "--jsn" here', '--json'],
    [['gc', '--dry-rum'], 'there is no option "--dry-rum" here', '--dry-run'],
    [['run', 'x.ts', '--worker', '3'], 'there is no option "--worker" here', '--workers'],
  ])('in %j is refused with the nearest one [DML-CLI-0302]', async (argv, message, nearest) => {
    expect(await repository.refusal(2, argv)).toMatch(
      new RegExp(`^dml: ${message}\nhint: did you mean: ([^?]*, )?${nearest}(,[^?]*)?\\?`),
    );
  });

  it('and that is like no other is refused without a guess [DML-CLI-0302]', async () => {
    const outcome = await repository.dml(['frobnicate']);
    expect(outcome.stderr).toBe(
      'dml: there is no command "frobnicate"\nhint: "dml --help" lists all commands\n',
    );
  });
});

describe('wrong usage', () => {
  it.each([
    [['export', 'a'], 'the argument "path" is missing', 'dml export --help'],
    [['wip', 'prune'], 'the argument "name" is missing', 'dml wip prune --help'],
    [['run', 'x.ts', '--workers'], 'the option "--workers <number>" has no value', 'dml run --help'],
    [['log', '-n', '0'], '--count takes a whole number above 0, not "0"', 'dml log --help'],
  ])('in %j is told with the help to read', async (argv, message, help) => {
    const { exitCode, stderr } = await repository.dml(argv);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: `dml: ${message}\nhint: "${help}" shows what it takes\n`,
    });
  });
});

describe('the repository', () => {
  it('is the nearest one at or above the folder [DML-CLI-0305]', async () => {
    const deep = join(repository.folder, 'a/b/c');
    mkdirSync(deep, { recursive: true });
    const folderOf = async (argv: string[], cwd: string): Promise<string> => {
      const outcome = await dml([...argv, 'status', '--json'], { cwd });
      return outcome.exitCode === 0 ? JSON.parse(outcome.stdout).repository : JSON.parse(outcome.stderr).code;
    };
    expect(await folderOf([], repository.folder)).toBe(repository.folder);
    expect(await folderOf([], deep)).toBe(repository.folder);
    expect(await folderOf(['--repo', deep], '/')).toBe(repository.folder);
    expect(await folderOf(['--repo', 'a'], repository.folder)).toBe(repository.folder);
    expect(await folderOf(['--repo', '/'], repository.folder)).toBe('not_a_repository');
    expect(await folderOf(['--repo', '/no/such/folder'], repository.folder)).toBe('missing_folder');
    await dml(['init', 'a'], { cwd: repository.folder });
    expect(await folderOf([], deep)).toBe(join(repository.folder, 'a'));
  });
});
