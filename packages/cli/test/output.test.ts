import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/invocation/command-table.ts';
import { EXIT } from '../src/invocation/exit-code.ts';
import { COMMAND_LINES } from './command-lines.ts';
import { dml, lastLine, newKeyPem, TestRepository, words } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  await repository.ok('branch', 'older');
  await repository.run('values');
  await repository.ok('remote', 'add', 'shared', './shared');
  await repository.ok('push', 'shared');
});

const READERS = ['code', 'status', 'log', 'show', 'dag list', 'cat', 'ref', 'version', 'wip list', 'verify'];

/** Content of every file of the repository; the lock table is how processes see each other, not its data. */
function fingerprint(): Map<string, string> {
  const folder = join(repository.folder, '.dml');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile() && !path.endsWith('lock.mdb'))
    .sort();
  return new Map(
    files.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}

async function prepare(name: string): Promise<void> {
  if (name.startsWith('bundle ')) await repository.ok('bundle', 'create', 'whole.car', '--force');
  if (name === 'publish' || name.startsWith('reference ')) await prepareDomain(name);
  if (name === 'remote restore')
    rmSync(join(repository.folder, 'shared', 'CURRENT.json'), { recursive: true });
  if (name === 'dag delete') await repository.run('raw');
  if (name === 'remote remove') await repository.dml(['remote', 'add', 'backup', './backup']);
  if (name === 'op resume' || name === 'op cancel') await interruptOps();
  if (name === 'wip prune') await repository.dml(['run', 'pipelines.ts', 'fails']);
}

const DOMAIN_KEY = newKeyPem();

/** Makes what a domain needs to publish, and the reference that a command is about; what is there already stays. */
async function prepareDomain(name: string): Promise<void> {
  repository.write('domain.pem', DOMAIN_KEY);
  await repository.dml(['remote', 'add', 'public', './public']);
  if (name === 'publish') return;
  await repository.ok(...(COMMAND_LINES.publish ?? []));
  await repository.dml(
    name === 'reference add' ? ['reference', 'end', 'them'] : (COMMAND_LINES['reference add'] ?? []),
  );
}

/** Leaves a run of ops that has not ended: it is interrupted as its first target is worked on. */
async function interruptOps(): Promise<void> {
  const interrupt = new AbortController();
  const onTalk = (text: string): void => {
    if (text.includes('deploying')) interrupt.abort();
  };
  await repository.dml(['op', 'run', 'ops.ts'], { signal: interrupt.signal, onTalk });
}

/** PATH with the adapter that the examples have. */
const OWN_ADAPTER = `${join(import.meta.dirname, '../../../examples/own-adapter/bin')}:${process.env.PATH}`;

async function lineOf(name: string): Promise<readonly string[]> {
  if (name === 'debug') {
    const { nodes } = await repository.json<{ nodes: { kind: string; nodeId: string }[] }>('show', 'sums');
    return ['debug', nodes.find(({ kind }) => kind === 'call')?.nodeId ?? '', 'a call'];
  }
  if (name !== 'wip prune') return COMMAND_LINES[name] ?? [];
  const [work] = await repository.json<{ index: string }[]>('wip', 'list');
  return ['wip', 'prune', work?.index ?? ''];
}

describe('standard output', () => {
  it('has a line to test for every command', () => {
    expect(Object.keys(COMMAND_LINES).toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
  });

  it.each(Object.keys(COMMAND_LINES))(
    'of "dml %s --json" is exactly one JSON document, and all that it says [DML-CLI-0403] [DML-CLI-0411]',
    async (name) => {
      await prepare(name);
      const outcome = await repository.dml([...(await lineOf(name)), '--json'], {
        env: { PATH: OWN_ADAPTER },
      });
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
      expect(outcome.stdout.endsWith('\n')).toBe(true);
      const isRun = name === 'run' || name === 'worker';
      expect(JSON.parse(isRun ? lastLine(outcome.stdout) : outcome.stdout)).toEqual(expect.anything());
    },
  );

  it('has results and never talk [DML-CLI-0401]', async () => {
    const { stdout, stderr } = await repository.dml(['run', 'pipelines.ts', 'talks', '--json']);
    expect(JSON.parse(lastLine(stdout))).toMatchObject({ pipeline: 'talks' });
    expect(stderr).toBe('');
    const told = await repository.dml(['run', 'pipelines.ts', 'talks']);
    expect(told.stdout).toMatch(
      /^0 executed, 0 cached, 0 failed in .*\nnothing changed: talks is as in [0-9a-f]{12}\n$/,
    );
    const failed = await repository.dml(['show', 'nothing']);
    expect(failed.stdout).toBe('');
  });

  it('has the fields and exit codes that "dml help output" shows [DML-CLI-0314]', async () => {
    const help = (await repository.dml(['help', 'output'])).stdout;
    const failed = await repository.dml(['switch', 'mian', '--json']);
    const document = JSON.parse(failed.stderr);
    const example = JSON.parse(/^ {2}\{\n.*?^ {2}\}$/ms.exec(help)?.[0] ?? '');
    expect(Object.keys(example)).toEqual(Object.keys(document));
    expect(example).toEqual(document);
    for (const field of Object.keys(document)) expect(help).toMatch(new RegExp(`^ {2}${field} +\\w`, 'm'));
    for (const code of Object.values(EXIT)) expect(help).toMatch(new RegExp(`^ +${code} {2}\\S`, 'm'));
    expect(help.match(/^ +\d+ {2}/gm)).toHaveLength(Object.keys(EXIT).length);
  });

  it('has ids in full with --json and in 12 digits in listings [DML-CLI-0409]', async () => {
    for (const name of ['status', 'log', 'show', 'dag list']) {
      const ids =
        (await repository.ok(...(COMMAND_LINES[name] ?? []), '--json')).match(/"[0-9a-f]{10,}"/g) ?? [];
      expect(ids.length, name).toBeGreaterThan(0);
      expect(
        ids.every((id) => id.length === 66),
        name,
      ).toBe(true);
    }
    for (const name of ['status', 'dag list']) {
      const ids = (await repository.ok(...(COMMAND_LINES[name] ?? []))).match(/\b[0-9a-f]{10,}\b/g) ?? [];
      expect(ids.length, name).toBeGreaterThan(0);
      expect(
        ids.every((id) => id.length === 12),
        name,
      ).toBe(true);
    }
  });

  it('has colours on a terminal and nowhere else [DML-CLI-0407]', async () => {
    const colour = '\u001b[';
    const cases = [
      [['status'], { isTerminal: true }, true],
      [['status'], { isTerminal: false }, false],
      [['status', '--no-color'], { isTerminal: true }, false],
      [['--no-color', 'status'], { isTerminal: true }, false],
      [['status'], { isTerminal: true, env: { NO_COLOR: '1' } }, false],
      [['status'], { isTerminal: true, env: { TERM: 'dumb' } }, false],
    ] as const;
    for (const [argv, around, hasColours] of cases)
      expect((await repository.dml(argv, around)).stdout.includes(colour)).toBe(hasColours);
    expect((await repository.dml(['show', 'no'], { isTerminal: true })).stderr).toContain(colour);
    expect((await repository.dml(['show', 'no'])).stderr).not.toContain(colour);
  });
});

describe('standard error', () => {
  it('has the talk, unless --quiet [DML-CLI-0402]', async () => {
    const told = await repository.dml(['run', 'pipelines.ts', 'talks']);
    expect(told.stderr).toBe('a word from the pipeline\n');
    const quiet = await repository.dml(['run', 'pipelines.ts', 'talks', '--quiet']);
    expect(quiet).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringContaining('nothing changed'),
    });
    expect((await repository.dml(['show', 'no', '--quiet'])).stderr).toContain(
      'dml: nothing here is named "no"',
    );
  });

  it('has an error as one JSON document with --json [DML-CLI-0404]', async () => {
    for (const argv of ['show no', 'run pipelines.ts fails', 'frobnicate', 'log -n 0', 'show'].map(words)) {
      const { stdout, stderr, exitCode } = await repository.dml([...argv, '--json']);
      expect(exitCode).toBeGreaterThan(1);
      // A run says by then what has happened.
      if (argv[0] !== 'run') expect(stdout).toBe('');
      const more = argv[0] === 'run' ? ['failedCalls'] : [];
      expect(Object.keys(JSON.parse(stderr))).toEqual(['code', 'detail', 'message', 'hint', ...more]);
    }
    expect(await repository.error(3, ['show', 'smus'])).toEqual({
      code: 'unknown_name',
      detail: null,
      message: 'nothing here is named "smus"',
      hint: 'did you mean: sums? "dml dag list" and "dml branch" list names; "dml help references" shows the forms of a name',
    });
  });

  it('has an error as one line and a hint [DML-CLI-0405]', async () => {
    for (const argv of [
      ['show', 'no\nway'],
      ['run', 'pipelines.ts', 'fails', '--quiet'],
      ['frobnicate'],
      ['cat', 'main~99'],
    ]) {
      const { stderr } = await repository.dml(argv);
      expect(stderr).toMatch(/^dml: [^\n]+\nhint: [^\n]+\n$/);
    }
  });

  it('has a stack trace only with DML_DEBUG [DML-CLI-0406]', async () => {
    repository.write(
      'throws.ts',
      `import { definePipeline } from '@daggerml/bindings';
      export const throws = definePipeline('throws', async () => { throw new Error('not today'); });`,
    );
    const argv = ['run', 'throws.ts'];
    expect((await repository.dml(argv)).stderr).not.toMatch(/^\s+at /m);
    const debug = await repository.dml(argv, { env: { DML_DEBUG: '1' } });
    expect(debug.stderr).toMatch(/^\s+at /m);
    expect(debug.stderr).toContain('caused by: Error: not today');
    const json = await repository.dml([...argv, '--json'], { env: { DML_DEBUG: '1' } });
    expect(JSON.parse(json.stderr).stack).toContain('caused by: Error: not today');
  });
});

describe('a command that only reads', () => {
  it('changes no file of the repository [DML-CLI-0306]', async () => {
    const before = fingerprint();
    expect(before.size).toBeGreaterThan(1);
    for (const name of READERS) await repository.ok(...(COMMAND_LINES[name] ?? []));
    await repository.ok('gc', '--dry-run');
    await repository.ok('gc', '--why', 'sums');
    expect(fingerprint()).toEqual(before);
  });
});

describe('dml without a repository', () => {
  it('prints help and versions [DML-CLI-0307]', async () => {
    const around = { cwd: '/' };
    for (const argv of ['--help', '--version', 'help', 'run --help', 'wip --help', 'version', ''].map(
      words,
    )) {
      const outcome = await dml(argv, around);
      expect(outcome, argv.join(' ')).toMatchObject({ exitCode: 0, stderr: '' });
      expect(outcome.stdout.length).toBeGreaterThan(4);
    }
    expect(JSON.parse((await dml(['--version', '--json'], around)).stdout)).toEqual({
      version: expect.any(String),
    });
  });
});
