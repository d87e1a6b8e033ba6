import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IS_FULL } from '@daggerml/testkit';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { shellWord } from '../src/wording/wording.ts';
import { PROGRAM } from './started-program.ts';
import { CONTROL, withoutOwnCodes } from './terminal-output.ts';
import { type Outcome, type Surroundings, TestRepository } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

/** One of each kind of character that must not reach a terminal. */
const NASTY =
  'a\u001b[31mb\u0007c\u009b2Jd\u202ee\u200bf\u00adg\u2028h\ufeffi\u{e0041}j\ufffek\ufe0fl\u115fm\u2066n\u0085o\u007fp\rq\tr';
/** The same without controls, which names refuse. */
const NASTY_NAME = NASTY.replace(/[\u0000-\u001f\u007f-\u009f]/g, '');

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  repository.write(
    'nasty-steps.ts',
    `export function speak(text: string): string {
      console.log('says ' + text);
      process.stdout.write(text + '\\r\\nmore\\n');
      process.stderr.write(text + '\\n');
      return text;
    }
    export function fail(text: string): string {
      const error = new Error(text);
      error.name = text;
      throw error;
    }
    export async function slow(text: string): Promise<string> {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return text;
    }`,
  );
  repository.write(
    'nasty.ts',
    `import { blob, definePipeline, functions } from '@daggerml/bindings';
    const steps = functions<typeof import('./nasty-steps.ts')>(new URL('./nasty-steps.ts', import.meta.url));
    const nasty = ${JSON.stringify(NASTY)};
    const name = ${JSON.stringify(NASTY_NAME)};
    export const values = definePipeline(name, async (dag) => {
      console.log(nasty, { [nasty]: nasty });
      process.stdout.write(nasty);
      process.stderr.write(nasty);
      process.emitWarning(nasty);
      await dag.directory('nasty-folder', { all: true });
      dag.name(name, dag.call(steps.speak.with({ label: nasty }), nasty));
      dag.name('text', dag.literal(blob(nasty + '\\n')));
      dag.name('slow', dag.call(steps.slow.with({ label: nasty }), nasty));
      return dag.literal({ [nasty]: [nasty] });
    });
    export const fails = definePipeline(name + ' fails', async (dag) => dag.call(steps.fail.with({ label: nasty }), nasty));
    export const throws = definePipeline('throws', async () => { throw new Error(nasty); });
    export const refused = definePipeline('refused', async (dag) => dag.literal({ [nasty]: Symbol(nasty) }));`,
  );
  mkdirSync(join(repository.folder, 'nasty-folder/.git'), { recursive: true });
  writeFileSync(join(repository.folder, 'nasty-folder', NASTY_NAME), 'x');
  await repository.ok('branch', NASTY_NAME.replace('[', ''));
  await repository.dml(['run', 'nasty.ts', 'values'], { env: { DML_AUTHOR: NASTY } });
});

function expectHarmless({ stdout, stderr }: Outcome, about: string): void {
  for (const printed of [stdout, stderr]) expect(withoutOwnCodes(printed), about).not.toMatch(CONTROL);
  // A stack trace would say that nothing has refused it.
  expect(stderr, about).not.toContain('\n    at ');
}

/** Command lines that hold a text in every place where one can be. */
function linesWith(text: string): string[][] {
  return [
    [text],
    [`--${text}`],
    ['help', text],
    ['show', '--', text],
    ['show', '--', `main:${text}`],
    ['cat', '--', `sums#${text}`],
    ['log', '--', `${text}~2`],
    ['log', '-n', text],
    ['export', '--', text, 'there'],
    ['export', '--', 'sums', text],
    ['ref', '--', text],
    ['branch', '--', text, 'nowhere'],
    ['branch', '--delete', '--', text],
    ['switch', '--', text],
    ['merge', '--', text, 'main'],
    ['merge', '--', 'main', text],
    ['wip', text],
    ['wip', 'prune', '--', text],
    ['dag', 'delete', '--', text],
    ['dag', 'restore', '--', `main:${text}`],
    ['gc', '--why', text],
    ['backup', '--', join('backups', text)],
    ['trust', '--', text],
    ['trust', '--remove', '--', text],
    ['run', '--', text],
    ['run', '--', 'pipelines.ts', text],
    ['run', 'pipelines.ts', 'sums', '--workers', text],
    ['run', 'pipelines.ts', 'sums', '--env', text],
    ['--repo', text, 'status'],
    ['status', text],
  ];
}

const MODES: readonly (readonly [string, readonly string[], Surroundings])[] = [
  ['on a terminal', [], { isTerminal: true }],
  ['elsewhere', [], {}],
  ['as JSON', ['--json'], {}],
  ['as JSON on a terminal', ['--json'], { isTerminal: true }],
];

describe.each(MODES)('text %s', (_, options, { isTerminal = false }) => {
  const around = () => ({ isTerminal, env: { HOME: join(repository.folder, 'home') } });
  it('holds no terminal control, whatever is typed [DML-CLI-0460]', async () => {
    const pieces = fc.constantFrom(...NASTY, '❤️', 'sums', 'main', '~', ':', '#', "'", '"', '/', '\n', '-');
    const texts = fc.array(pieces, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        for (const argv of linesWith(text))
          expectHarmless(await repository.dml([...options, ...argv], around()), JSON.stringify(argv));
      }),
      { numRuns: IS_FULL ? 12 : 3, examples: [[NASTY], ['\ud800'], ['\u0000']] },
    );
  });

  it('holds no terminal control, whatever the repository holds [DML-CLI-0410] [DML-CLI-0460]', async () => {
    const name = NASTY_NAME;
    for (const argv of [
      ...[['status'], ['log'], ['branch'], ['ref'], ['dag', 'list'], ['wip', 'list'], ['show', 'main']],
      ...[
        ['show', name],
        ['show', '--full', name],
        ['show', `${name}#${name}`],
        ['show', `HEAD:${name}#text`],
      ],
      ...[['cat', name], ['cat', `${name}#${name}`], ['gc', '--why', name], ['gc', '--dry-run'], ['verify']],
      ...[
        ['export', name, 'nasty-export', '--force'],
        ['dag', 'delete', name],
      ],
      ['dag', 'restore', `main~1:${name}`],
      ['init', NASTY],
      ['backup', join('backups', NASTY)],
      ['trust', NASTY],
      ['trust'],
    ])
      expectHarmless(await repository.dml([...options, ...argv], around()), argv.join(' '));
    const shown = async (command: string) => (await repository.dml([...options, command], around())).stdout;
    expect(await shown('branch')).toContain('d\\u202ee\\u200bf');
    expect(await shown('log')).toMatch(/"?author"?:? "?a\\u001b/);
  });

  it('holds no terminal control, whatever a pipeline says or how it fails [DML-CLI-0460]', async () => {
    for (const pipeline of ['values', 'fails', 'throws', 'refused']) {
      const outcome = await repository.dml([...options, 'run', 'nasty.ts', pipeline, '--no-cache'], around());
      expect(outcome.exitCode).toBe({ values: 0, fails: 7 }[pipeline] ?? 12);
      expectHarmless(outcome, pipeline);
    }
  });
});

describe('a terminal', () => {
  /** Runs `dml` with a terminal as all of its streams; returns what the terminal was sent. */
  function onTerminal(...argv: string[]): string {
    const command = [process.execPath, PROGRAM, ...argv].map(shellWord).join(' ');
    const { stdout, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: repository.folder,
      encoding: 'utf8',
      timeout: 600_000,
      env: { PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/bash', DML_AUTHOR: 'tester' },
      input: '',
    });
    expect(error).toBeUndefined();
    return stdout;
  }

  it('is sent nothing but text and codes of dml itself [DML-CLI-0460] [DML-CLI-0465]', () => {
    const told = onTerminal('run', 'nasty.ts', 'values', '--no-cache');
    expect(told).toContain('\u001b[32mexecuted');
    expect(told).toContain('\r\u001b[J');
    expect(told).toContain('warning: Warning: a\\u001b[31mb');
    for (const printed of [
      told,
      onTerminal('run', 'nasty.ts', 'fails', '--no-cache'),
      onTerminal('show', NASTY_NAME),
      onTerminal('cat', `${NASTY_NAME}#text`),
      onTerminal('show', `nothing ${NASTY_NAME}`),
    ])
      expect(withoutOwnCodes(printed)).not.toMatch(CONTROL);
  });

  it('shows bytes that are text with escapes [DML-CLI-0860]', async () => {
    const around = { isTerminal: true };
    const { stdout, exitCode } = await repository.dml(['cat', `${NASTY_NAME}#text`], around);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      'a\\u001b[31mb\\u0007c\\u009b2Jd\\u202ee\\u200bf\\u00adg\\u2028h\\ufeffi\\udb40\\udc41j\\ufffek\\ufe0fl\\u115fm\\u2066n\\u0085o\\u007fp\\u000dq\tr\n',
    );
    expect((await repository.dml(['cat', `${NASTY_NAME}#text`])).stdout).toBe(`${NASTY}\n`);
    // Line ends of another system, also where a chunk ends between their two characters.
    const lines = `${'x'.repeat(61)}\r\n`.repeat(40_000);
    await repository.define('lines', `async (dag) => dag.literal(blob(${JSON.stringify(lines)}))`);
    expect((await repository.dml(['cat', 'lines'], around)).stdout).toBe(lines);
  });

  it('is not sent bytes that are not text [DML-CLI-0861]', async () => {
    await repository.define(
      'binary',
      `async (dag) => {
        dag.name('null', dag.literal(blob('text with a null\\u0000byte')));
        dag.name('latin', dag.literal(blob(new Uint8Array([0x63, 0x61, 0x66, 0xe9, 0x0a]))));
        dag.name('bytes', dag.literal(new Uint8Array([0x1b, 0x5b, 0x00])));
        dag.name('late', dag.literal(blob('x'.repeat(8000) + '\\u0000')));
        return 1;
      }`,
    );
    const { datumId } = await repository.json<{ datumId: string }>('show', 'binary#latin');
    const { sha256: chunkId } = await repository.json<{ sha256: string }>('show', datumId);
    for (const name of ['binary#null', 'binary#latin', 'binary#bytes', chunkId]) {
      const refused = await repository.dml(['cat', name], { isTerminal: true });
      expect(refused, name).toMatchObject({ exitCode: 6, stdout: '' });
      expect(refused.stderr).toContain('is binary data, which is not printed to a terminal');
      expect(refused.stderr).toContain('dml export ');
      expect((await repository.dml(['cat', name])).bytes.length).toBeGreaterThan(2);
    }
    expect((await repository.dml(['cat', 'binary#late'], { isTerminal: true })).stdout).toBe(
      `${'x'.repeat(8000)}\\u0000`,
    );
  });
});
