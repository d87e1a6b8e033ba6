import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROGRAM } from './started-program.ts';
import { lastLine, TestRepository, words } from './test-repository.ts';

const PACKAGE = join(import.meta.dirname, '..');

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
});

function run(...argv: string[]) {
  return repository.program(argv);
}

function program(...argv: string[]): string {
  const { status, stdout, stderr } = run(...argv);
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Addresses of the modules that a command line loads. */
function loadedBy(...argv: string[]): string[] {
  const list = repository.write('loaded.txt', '');
  const hook = repository.write(
    'loaded.mjs',
    `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(\`
      import { appendFileSync } from 'node:fs';
      export async function resolve(specifier, context, next) {
        const found = await next(specifier, context);
        if (!found.url.startsWith('node:')) appendFileSync(process.env.LOADED, found.url + '\\\\n');
        return found;
      }\`));`,
  );
  const { status } = spawnSync(process.execPath, ['--import', hook, PROGRAM, ...argv], {
    cwd: repository.folder,
    env: { ...process.env, LOADED: list },
  });
  expect(status).toBe(0);
  return [...new Set(readFileSync(list, 'utf8').trim().split('\n'))];
}

describe('the published program', () => {
  it('does what the compiled modules do', async () => {
    expect(
      JSON.parse(lastLine(program('run', 'pipelines.ts', 'sums', '--no-cache', '--json'))).counts,
    ).toMatchObject({
      executed: 2,
    });
    for (const argv of [
      'status --json',
      'log',
      'show sums',
      'cat sums',
      'dag list',
      'branch',
      'gc --dry-run',
      'verify',
      'version',
    ].map(words)) {
      expect(program(...argv), argv.join(' ')).toBe(await repository.ok(...argv));
    }
    program('branch', 'side');
    program('init', 'inner');
    expect(JSON.parse(program('gc', '--json'))).toMatchObject({ dryRun: false });
    expect(program('--version')).toBe(program('version').replace(/^dml +(\S+)\n.*$/s, '$1\n'));
  });

  it('reports errors of the installed packages as its own', () => {
    const outcomeOf = (...argv: string[]) => {
      const { status, stderr } = run(...argv);
      return [status, stderr.match(/^dml: .*$/m)?.[0]];
    };
    expect(outcomeOf('run', 'pipelines.ts', 'fails')).toEqual([
      7,
      'dml: the call "boom of three: boom(add(1, 2))" failed: function_threw: RangeError: 3 is no good',
    ]);
    expect(outcomeOf('run', 'pipelines.ts', 'lost')[0]).toBe(8);
    expect(outcomeOf('run', 'steps.ts')[0]).toBe(12);
    expect(outcomeOf('--repo', '/', 'run', 'pipelines.ts')[0]).toBe(5);
  });

  it.each([
    [['--version'], 7],
    [['--help'], 7],
    [['status'], 34],
    [['log'], 36],
    [['show', 'sums'], 42],
  ])('loads few files for %j, and nothing heavy', (argv, limit) => {
    const loaded = loadedBy(...argv);
    expect(loaded.filter((url) => /esbuild|acorn|\/zod\/|@aws-sdk/.test(url))).toEqual([]);
    expect(loaded.length, loaded.join('\n')).toBeLessThanOrEqual(limit);
  });

  it('ends when files of its installation are missing, also those that report it [DML-CLI-0508]', () => {
    const folder = join(repository.folder, 'incomplete');
    cpSync(join(PACKAGE, 'dist/program'), folder, {
      recursive: true,
      filter: (path) => !basename(path).startsWith('error-report-'),
    });
    symlinkSync(join(PACKAGE, 'node_modules'), join(folder, 'node_modules'));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'dml.js'), 'nonsense'], {
      cwd: repository.folder,
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: .*Cannot find module .*error-report-/);
  });
});
