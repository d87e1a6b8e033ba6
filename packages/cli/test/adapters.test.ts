import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const EXAMPLE = join(import.meta.dirname, '../../../examples/own-adapter/bin/dml-stats');
const SYSTEM = '/usr/local/bin:/usr/bin:/bin';

let repository: TestRepository;
let bin: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  bin = join(repository.folder, 'bin');
  mkdirSync(bin);
  copyFileSync(EXAMPLE, join(bin, 'dml-stats'));
});

/** Writes an adapter whose answer to a submission is a text, after what it prints to standard error. */
function adapter(name: string, answer: string, talk = ''): void {
  const source = `#!/usr/bin/env node
const answers = (line) => {
  const { id, operation } = JSON.parse(line);
  const say = (more) => process.stdout.write(JSON.stringify({ id, ...more }) + '\\n');
  if (operation === 'describe') say({ status: 'described', schema: 1, name: ${JSON.stringify(name)}, version: '1', protocol: 1, capabilities: {} });
  if (operation === 'cancel') say({ status: 'cancelled' });
  if (operation === 'poll') say({ status: 'failed', code: 'worker_lost' });
  if (operation !== 'submit') return;
  process.stderr.write(${JSON.stringify(talk)});
  ${answer}
};
require('node:readline').createInterface({ input: process.stdin }).on('line', answers);
`;
  writeFileSync(join(bin, name), source);
  chmodSync(join(bin, name), 0o755);
}

function pipeline(name: string, uri: string): void {
  const code = `import { definePipeline, functions } from '@daggerml/bindings';
export default definePipeline('${name}', (dag) => dag.call(functions<{ f(): unknown }>('${uri}').f));
`;
  writeFileSync(join(repository.folder, `${name}.ts`), code);
}

const around = (env: Record<string, string> = {}) => ({
  env: { PATH: `${bin}:${SYSTEM}:${join(process.execPath, '..')}`, ...env },
});

describe('dml adapter', () => {
  it('lists what PATH offers, without starting it [DML-CLI-1951]', async () => {
    writeFileSync(join(bin, 'dml-traces'), `#!/bin/sh\ntouch "${join(bin, 'started')}"\n`, { mode: 0o755 });
    writeFileSync(join(bin, 'other'), '', { mode: 0o755 });
    const listed = await repository.dml(['--json', 'adapter', 'list'], { env: { PATH: bin } });
    expect(JSON.parse(listed.stdout)).toEqual([
      { name: 'dml-stats', path: join(bin, 'dml-stats') },
      { name: 'dml-traces', path: join(bin, 'dml-traces') },
    ]);
    const lines = await repository.dml(['adapter', 'list'], { env: { PATH: bin } });
    expect(lines.stdout).toBe(
      `dml-stats   ${join(bin, 'dml-stats')}\ndml-traces  ${join(bin, 'dml-traces')}\n`,
    );
    expect(existsSync(join(bin, 'started'))).toBe(false);
    const none = await repository.dml(['adapter', 'list'], { env: { PATH: '/nowhere' } });
    expect(none).toMatchObject({ exitCode: 0, stdout: '' });
    expect(none.stderr).toContain('no folder of PATH has an executable whose name begins with "dml-"');
  });

  it('says of each promise whether an adapter keeps it [DML-CLI-1952] [DML-CLI-1953]', async () => {
    const call = ['--call', 'dml+exec://dml-stats/v1/mean', '--inputs', '[[1, 2, 4.5]]'];
    const good = await repository.dml(['adapter', 'check', 'dml-stats', ...call], around());
    expect(good).toMatchObject({ exitCode: 0, stderr: '' });
    expect(good.stdout.split('\n').filter((line) => line.startsWith('  ok  '))).toHaveLength(9);
    expect(good.stdout).toContain('dml-stats keeps its contract');
    adapter('dml-careless', `say({ status: 'done', outcome: 'ok', value: 1 })`);
    const bad = await repository.dml(['adapter', 'check', 'dml-careless'], around());
    expect(bad.exitCode).toBe(6);
    expect(bad.stdout).toContain(
      'broken  refuses a function that it does not have: it answered done instead of adapter_refused\n',
    );
    expect(bad.stdout).toContain('dml-careless breaks its contract');
  });

  it('refuses to check what PATH does not offer [DML-CLI-1954]', async () => {
    const argv = ['--json', 'adapter', 'check', 'dml-nowhere'];
    const refused = await repository.dml(argv, around());
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'adapter_unknown' });
    expect(refused.exitCode).toBe(12);
    for (const inputs of ['{', '{}', '3']) {
      const wrong = ['adapter', 'check', 'dml-stats', '--call', 'x', '--inputs', inputs];
      expect(await repository.refusal(2, wrong, around())).toContain('--inputs takes a list as JSON');
    }
  });
});

describe('dml run with an adapter', () => {
  it('lets it see variables without secrets, and those of --env [DML-CLI-1950]', async () => {
    adapter('dml-env', `say({ status: 'done', outcome: 'ok', value: { ...process.env } })`);
    pipeline('variables', 'dml+exec://dml-env/v1');
    const env = {
      HOME: '/home/someone',
      USER: 'someone',
      LOGNAME: 'someone',
      TMPDIR: '/tmp',
      TZ: 'UTC',
      LANG: 'C',
      LANGUAGE: 'en',
      LC_ALL: 'C.UTF-8',
      AWS_SECRET_ACCESS_KEY: 'xyzzy',
      TOKEN: 'asked for',
      NODE_OPTIONS: '--no-warnings',
    };
    const ran = await repository.dml(['run', 'variables.ts', '--env', 'TOKEN'], around(env));
    expect(ran.exitCode, ran.stderr).toBe(0);
    // Node adds the last one to every child process whose coverage is measured.
    const { DML_ADAPTER_PROCESS, NODE_V8_COVERAGE, ...seen } = JSON.parse(
      await repository.ok('cat', 'variables'),
    );
    const { AWS_SECRET_ACCESS_KEY, NODE_OPTIONS, ...allowed } = env;
    expect(seen).toEqual({ ...allowed, ...around().env });
  });

  it('calls the function of a base with path and query [DML-EXE-3223]', async () => {
    adapter('dml-uri', `say({ status: 'done', outcome: 'ok', value: JSON.parse(line).functionUri })`);
    for (const [name, base, uri] of [
      ['plain', 'dml+exec://dml-uri', 'dml+exec://dml-uri/f'],
      ['deep', 'dml+exec://dml-uri/a/b/', 'dml+exec://dml-uri/a/b/f'],
      ['asked', 'dml+exec://dml-uri/a?model=large&x=%41?', 'dml+exec://dml-uri/a/f?model=large&x=A?'],
    ] as const) {
      pipeline(name, base);
      const ran = await repository.dml(['run', `${name}.ts`], around());
      expect(ran.exitCode, ran.stderr).toBe(0);
      expect(await repository.ok('cat', name)).toBe(`${JSON.stringify(uri)}\n`);
    }
  });

  it('shows nothing of it that steers a terminal [DML-EXE-1409]', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m';
    const answer = `say({ status: 'output', stream: 'stdout', text: ${JSON.stringify(`printed ${evil}\n`)} });
      say({ status: 'failed', code: 'adapter_refused', reason: ${JSON.stringify(`reason ${evil}`)} });`;
    adapter('dml-evil', answer, `talk ${evil}\n`);
    pipeline('evil', 'dml+exec://dml-evil');
    adapter('dml-crash', 'process.exit(3)', `last words ${evil}\n`);
    pipeline('crash', 'dml+exec://dml-crash');
    let shown = '';
    for (const name of ['evil', 'crash']) {
      const ran = await repository.dml(['run', `${name}.ts`], { ...around(), isTerminal: true });
      expect(ran.exitCode).toBe(8);
      shown += ran.stdout + ran.stderr;
    }
    const checked = await repository.dml(
      ['adapter', 'check', 'dml-crash', '--call', 'dml+exec://dml-crash/f'],
      around(),
    );
    shown += checked.stdout;
    for (const text of ['printed', 'reason', 'last words']) expect(shown).toContain(text);
    for (const part of ['\u001b]', '\u0007', '\u001b[2J', '\u009b']) expect(shown).not.toContain(part);
  });
});
