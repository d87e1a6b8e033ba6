import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lastLine, type RunDocument, TestRepository, words } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

let repository: TestRepository;
let root: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('report');
  root = mkdtempSync(join(tmpdir(), 'dml-surroundings-'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const shell = (line: string, env?: Readonly<Record<string, string>>) => repository.shell(line, env);

/** What is said of a refusal: a line, a hint, no trace. */
const ONE_LINE = /^dml: [^\n]+\nhint: [^\n]+\n$/;

describe('an argument that is not UTF-8', () => {
  it.each([
    ["dml show $'caf\\xe9'", 2],
    ["dml --json --repo $'/tmp/\\xff' status", 3],
    ["dml run $'caf\\xe9.ts' x", 2],
    ["dml branch ok $'\\xff'", 3],
    ["dml $'\\xc0\\xaf'", 1],
    ["dml export report $'out\\xed\\xa0\\x80'", 3],
    ["dml show $'\\xef\\xbf\\xbd'", 2],
  ])('is refused with its place: %s [DML-CLI-2902]', async (line, place) => {
    const before = await repository.refState();
    const files = readdirSync(repository.folder);
    const { status, stdout, stderr } = shell(line);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`the argument number ${place}, `);
    expect(stderr).toContain('is not UTF-8 text');
    if (!line.includes('--json')) expect(stderr).toMatch(ONE_LINE);
    else expect(JSON.parse(stderr)).toMatchObject({ code: 'invalid_argument', detail: 'not_utf8' });
    expect(await repository.refState()).toEqual(before);
    expect(readdirSync(repository.folder)).toEqual(files);
  });
});

describe('a variable of the environment', () => {
  it.each([
    ["DML_AUTHOR=$'a\\xff' dml branch other", 'the variable DML_AUTHOR is not UTF-8 text'],
    ["DATA=$'\\xff' dml run pipelines.ts sums --env DATA", 'the value of DATA is not UTF-8 text'],
  ])('that is not UTF-8 is refused: %s [DML-CLI-0361]', async (line, message) => {
    const before = await repository.refState();
    const { status, stderr } = shell(line);
    expect(status).toBe(2);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(message);
    expect(await repository.refState()).toEqual(before);
  });

  it('that names an author whom no commit can name is refused before anything is done [DML-CLI-0366]', async () => {
    const before = await repository.refState();
    for (const argv of ['run pipelines.ts sums --no-cache', 'branch other', 'dag delete report'].map(words)) {
      expect(await repository.refusal(2, argv, { env: { DML_AUTHOR: `${'é'.repeat(127)}ab` } })).toContain(
        'the variable DML_AUTHOR has more than 255 bytes',
      );
    }
    expect(await repository.refState()).toEqual(before);
    // A run that changes nothing makes no commit of its own.
    await repository.dml(['dag', 'delete', 'sums']);
    const run = await repository.dml(['run', 'pipelines.ts', 'sums', '--json'], {
      env: { DML_AUTHOR: `${'e\u0301'.repeat(1)}${'x'.repeat(250)}` },
    });
    const { commitId } = JSON.parse(lastLine(run.stdout)) as RunDocument;
    expect(await repository.json('show', commitId)).toMatchObject({ author: `é${'x'.repeat(250)}` });
  });
});

describe('a folder that does not exist', () => {
  it('is refused by --repo and to be trusted, whatever repository lies above it [DML-CLI-0362]', async () => {
    for (const folder of [
      'nope',
      'nope/deeper',
      'pipelines.ts',
      'x'.repeat(10_000),
      join(repository.folder, 'no'),
    ]) {
      const stderr = await repository.refusal(5, ['--repo', folder, 'gc', '--json']);
      expect(JSON.parse(stderr)).toMatchObject({ code: 'missing_folder', detail: null });
      const trusting = await repository.refusal(5, ['trust', folder, '--json'], { env: { HOME: root } });
      expect(JSON.parse(trusting)).toMatchObject({ code: 'missing_folder', detail: null });
    }
    mkdirSync(join(repository.folder, 'there/deeper'), { recursive: true });
    expect((await repository.dml(['--repo', 'there/deeper', 'status'])).exitCode).toBe(0);
    expect(existsSync(join(root, '.config'))).toBe(false);
    expect((await repository.dml(['trust', 'there/deeper'], { env: { HOME: root } })).exitCode).toBe(0);
  });
});

describe('an empty text', () => {
  it.each([
    [['show', ''], 'the argument "object" is empty'],
    [['init', ''], 'the argument "folder" is empty'],
    [['export', 'report', ''], 'the argument "path" is empty'],
    [['backup', ''], 'the argument "folder" is empty'],
    [['trust', ''], 'the argument "folder" is empty'],
    [['branch', 'new', ''], 'the argument "commit" is empty'],
    [['--repo', '', 'status'], 'the option "--repo" is empty'],
    [['status', '--repo='], 'the option "--repo" is empty'],
    [['gc', '--why', ''], 'the option "--why" is empty'],
    [['log', '-n', ''], 'the option "--count" is empty'],
    [['run', 'pipelines.ts', '--env', ''], 'the option "--env" is empty'],
    [['run', 'pipelines.ts', '--workers', ''], 'the option "--workers" is empty'],
  ])('in %j is refused by its name [DML-CLI-0367]', async (argv, message) => {
    expect(await repository.refusal(2, argv)).toContain(`dml: ${message}\n`);
  });
});

describe('a current folder that was deleted', () => {
  const inIt = (line: string) =>
    shell(
      `mkdir -p "${root}/gone" && cd "${root}/gone" && rmdir "${root}/gone" && REPO="$OLDPWD" && ${line}`,
    );

  it.each([
    'dml --version',
    'dml --help',
    'dml',
    'dml run --help',
    'dml help output',
    'dml version',
    'dml --repo "$REPO" status',
    'dml --repo "$REPO" cat report --json',
    'dml --repo "$REPO" gc',
    'dml --repo "$REPO" verify',
    'dml --repo "$REPO" backup "$REPO/copy"',
    'HOME="$REPO" dml trust "$REPO"',
    'HOME="$REPO" dml trust "$REPO" && HOME="$REPO" dml trust',
    `dml --repo "$REPO" export report "$REPO/exported" --force`,
    'dml init "$REPO/inner"',
  ])('does not matter to %s [DML-CLI-0363]', (line) => {
    const { status, stdout, stderr } = inIt(line);
    expect(status, stderr).toBe(0);
    expect(stdout).not.toBe('');
    expect(stderr).toBe('');
  });

  it.each([
    'dml status',
    'dml init',
    'dml init here',
    'dml --repo .. status',
    'dml --repo "$REPO" export report here',
    'dml --repo "$REPO" backup here',
    'HOME="$REPO" dml trust here',
    'HOME="$REPO" dml trust --remove here',
    'dml --repo "$REPO" run pipelines.ts sums',
    'dml --repo "$REPO" run "$REPO/pipelines.ts" sums',
  ])('is told by %s [DML-CLI-0364]', (line) => {
    const { status, stdout, stderr } = inIt(line);
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toMatch(/^dml: the current folder was deleted\nhint: [^\n]+\n$/);
  });

  it('is told as a document with --json [DML-CLI-0364]', () => {
    const { code, detail } = JSON.parse(inIt('dml --repo "$REPO" backup here --json').stderr);
    expect({ code, detail }).toEqual({ code: 'missing_folder', detail: 'gone' });
  });

  it('leaves an unknown command what it is', () => {
    expect(inIt('dml nonsense')).toMatchObject({ status: 2, stderr: expect.stringMatching(ONE_LINE) });
  });
});

describe('a current folder whose path is not UTF-8', () => {
  it('is told by commands that need it, and nothing is made beside it [DML-CLI-0365]', () => {
    const cd = `mkdir -p "${root}/odd" && cd "${root}/odd" && mkdir -p $'caf\\xe9' && cd $'caf\\xe9' && `;
    for (const line of ['dml status', 'dml init', 'dml init here']) {
      const { status, stdout, stderr } = shell(cd + line);
      expect({ status, stdout }, line).toEqual({ status: 5, stdout: '' });
      expect(stderr).toMatch(
        /^dml: the path of the current folder is not UTF-8 text, or holds U\+FFFD\nhint: [^\n]+\n$/,
      );
    }
    expect(shell(`${cd}dml --version`)).toMatchObject({ status: 0, stderr: '' });
    expect(shell(`${cd}dml --repo "${repository.folder}" status`)).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(join(root, 'odd'))).toHaveLength(1);
    expect(shell(`${cd}ls -A`).stdout).toBe('');
  });
});

describe('standard output that takes nothing', () => {
  it('ends a command with exit code 10, and what it did is kept [DML-CLI-0503] [DML-CLI-0562]', async () => {
    await repository.run('sums');
    const before = await repository.json<{ commitId: string }>('status');
    for (const json of ['', '--json']) {
      const { status, stderr } = shell(`dml run pipelines.ts sums --no-cache ${json} >/dev/full`);
      expect(status).toBe(10);
      expect(stderr).toContain('the result cannot be written to standard output (ENOSPC)');
      expect(stderr).toContain('what the command did before is kept');
      if (json !== '') expect(JSON.parse(stderr)).toMatchObject({ code: 'unwritable_output' });
    }
    const after = await repository.json<{ commitId: string }>('status');
    expect(after.commitId).not.toBe(before.commitId);
    for (const line of ['dml status', 'dml --version', 'dml --help', 'dml cat report', 'dml log --json'])
      expect(shell(`${line} >/dev/full`), line).toMatchObject({ status: 10 });
  });

  it.each(['>&-', '2>&-', '<&-', '>&- 2>&- <&-', '2>/dev/full', '>/dev/full 2>/dev/full'])(
    'and closed or full streams never show a trace: %s',
    (streams) => {
      for (const [line, status] of [
        ['dml status', 0],
        ['dml run pipelines.ts report', 0],
        ['dml nonsense', 2],
      ] as const) {
        const ended = shell(`${line} ${streams}`);
        expect(ended.status, line).toBe(streams.startsWith('>/dev/full') && status === 0 ? 10 : status);
        expect(ended.stderr, line).not.toContain('\n    at ');
      }
    },
  );
});

describe('limits of the process', () => {
  it.each([
    ['status', ''],
    ['run pipelines.ts report', '--json'],
    ['gc --compact', ''],
  ])('on open files are reported in one line: %s %s [DML-CLI-1242]', (command, json) => {
    const ends = new Set<number | null>();
    // Node itself needs some twenty, and more when it writes down its coverage.
    for (const limit of [24, 28, 64]) {
      const { status, stdout, stderr } = shell(
        `unset NODE_V8_COVERAGE; ulimit -n ${limit}; dml ${command} ${json}`,
      );
      ends.add(status);
      if (status !== 10) continue;
      expect(stdout).toBe('');
      if (json !== '') expect(JSON.parse(stderr)).toMatchObject({ hint: expect.stringContaining('ulimit') });
      else
        expect(stderr).toMatch(
          /^dml: ([^\n]+ \(E[MN]FILE\)|too many files)[^\n]*\nhint: [^\n]*ulimit[^\n]*\n$/,
        );
    }
    expect(ends.has(10)).toBe(true);
    expect([...ends].filter((status) => status !== 10 && status !== 0)).toEqual([]);
  });

  it('on processes leave a run undone, with a word', async () => {
    const before = await repository.refState();
    // A program that is gone starts no other process.
    const vanish = join(root, 'vanish.cjs');
    writeFileSync(vanish, "require('node:fs').rmSync(process.execPath);");
    const { status, stderr } = shell(
      `cp "$NODE" "${root}/node" && "${root}/node" --require "${vanish}" "$BIN" run pipelines.ts sums --no-cache`,
    );
    expect(status, stderr).toBe(8);
    expect(stderr).toMatch(
      /^dml: the process that runs the pipeline could not be started \(ENOENT\)\nhint: [^\n]+\n$/,
    );
    expect(await repository.refState()).toEqual(before);
  });
});
