import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { layOutCall } from '@daggerml/execution';
import type { ExecId } from '@daggerml/object-model';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const STEPS = `import { call } from '@daggerml/bindings';
import { shared } from '../shared.ts';
// What the author wrote.
export const take = async (value: any, file: any): Promise<object> => ({
  kinds: [value.set instanceof Set, value.bytes instanceof Uint8Array, typeof value.big, value.inf, String(value.uri)],
  nested: value.list[1].deep, text: await file.text(), size: (await value.inner.bytes()).length,
  slash: value.slash, seen: process.env.SECRET_NAME ?? null, other: process.env.OTHER ?? null, n: shared(value.n),
});
export const inner = (n: number): number => n * 10;
export const middle = async (n: number): Promise<number> => (await call(inner, n)) + 1;
export const outer = async (n: number): Promise<number> => (await call(middle, call(inner, n))) + 1;
export const boom = (n: number): number => { throw new TypeError('bad ' + n); };
`;

/** Prints all that a script finds, as it finds it. */
const SAY = `#!/bin/sh
env | grep -v '^\\(PATH\\|HOME\\|TMPDIR\\|PWD\\|OLDPWD\\|SHLVL\\|_\\|DML_ATTEMPT\\)=' | sort
echo "$1"; find . | sort; cat inputs/data.csv lib/link; wc -c inputs.json
test -x lib/say && test ! -x lib/deep/plain && test -d "$TMPDIR" && test "$HOME" = "$PWD"`;

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.write('shared.ts', 'export const shared = (n: number): number => n + 0.5;');
  repository.write('steps/steps.ts', STEPS);
  repository.write(
    'kinds.ts',
    `import { blob, definePipeline, functions, Uri } from '@daggerml/bindings';
    const steps = functions<typeof import('./steps/steps.ts')>(new URL('./steps/steps.ts', import.meta.url), { allow: ['environment'] });
    const value = { set: new Set([1]), bytes: new Uint8Array([1, 255]), big: 2n ** 60n, inf: -Infinity, n: 2,
      uri: new Uri('https://example.org/a'), list: [1, { deep: 'é\\n' }], inner: blob('x'.repeat(70_000)), slash: { '/': 1 } };
    export const kinds = definePipeline('kinds', (dag) => dag.name('all', [
      dag.name('take', dag.call(steps.take, value as any, blob('the text') as any)),
      dag.name('outer', dag.call(steps.outer, 4)),
      dag.name('script', dag.run\`cat "\${blob('from a file')}" && echo " \${'it''s'}"\`),
    ] as any));
    export const own = definePipeline('own', (dag) => dag.name('script', dag.script({
      command: ['lib/say', dag.literal('a $word') as any], files: ['lib'], env: { GREETING: "it's", LANG: 'C' },
      inputs: { 'data.csv': blob('1,2'), n: 3, long: 'x'.repeat(200_000) } })));
    export const broken = definePipeline('broken', (dag) => dag.call(steps.boom, 4));`.replace(
      "'it''s'",
      '"it\'s"',
    ),
  );
  const env = { SECRET_NAME: 'the secret', OTHER: 'more' };
  const { exitCode, stderr } = await repository.dml(['run', 'kinds.ts', 'kinds', '--env', 'SECRET_NAME'], {
    env,
  });
  if (exitCode !== 0) throw new Error(stderr);
});

const place = (path: string): string => join(repository.folder, path);
const json = (path: string): Record<string, unknown> => JSON.parse(readFileSync(place(path), 'utf8'));

/** Runs a command in a folder as another person would, without the repository's variables. */
function runIn(
  folder: string,
  command: readonly string[],
): { status: number | null; stdout: string; stderr: string } {
  const [program = '', ...args] = command;
  const env = { PATH: process.env.PATH };
  return spawnSync(program === 'node' ? process.execPath : program, args, {
    cwd: place(folder),
    env,
    encoding: 'utf8',
  });
}

describe('dml debug', () => {
  it('lays out what a call is made of, from records alone [DML-EXE-3620] [DML-CLI-1880]', async () => {
    const printed = await repository.ok('debug', 'kinds#take', 'taken');
    expect(printed).toBe('laid out taken\nrun it with: cd taken && node run.mjs\n');
    expect(readdirSync(place('taken')).sort()).toEqual([
      'blobs',
      'call.json',
      'code',
      'inputs',
      'run.mjs',
      'sources',
    ]);
    expect(json('taken/call.json')).toMatchObject({
      function: 'take',
      status: 'ok',
      conditions: { backend: 'worker thread', runtime: `node ${process.versions.node}` },
      inputs: ['inputs/0.json', 'inputs/1.json'],
    });
    expect(json('taken/inputs/0.json')).toMatchObject({ n: 2, list: [1, { deep: 'é\n' }], big: { '/': {} } });
    expect(readFileSync(place('taken/sources/steps.ts'), 'utf8')).toBe(STEPS);
    const sizes = readdirSync(place('taken/blobs')).map(
      (name) => statSync(place(`taken/blobs/${name}`)).size,
    );
    expect(sizes.sort()).toEqual([70_000, 8]);
  });

  it('writes no value of an environment variable [DML-EXE-3620]', async () => {
    const { folder } = await repository.json<{ folder: string }>('debug', 'kinds#take', 'no-secrets');
    expect(spawnSync('grep', ['-r', 'the secret', folder]).status).toBe(1);
  });

  it('is called by Node alone on the same inputs [DML-EXE-3622]', async () => {
    const { command } = await repository.json<{ command: string[] }>('debug', 'kinds#take', 'called');
    const { status, stdout, stderr } = runIn('called', command);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain("kinds: [ true, true, 'bigint', -Infinity, 'https://example.org/a' ]");
    expect(stdout).toContain("nested: 'é\\n'");
    expect(stdout).toContain("text: 'the text'");
    expect(stdout).toContain('size: 70000');
    expect(stdout).toContain("slash: { '/': 1 }");
    expect(stdout).toContain('n: 2.5');
  });

  it('calls the functions that the function calls [DML-EXE-3622]', async () => {
    await repository.ok('debug', 'kinds#outer', 'nested');
    expect(runIn('nested', ['node', 'run.mjs'])).toMatchObject({ status: 0, stdout: '402\n' });
  });

  it('prints what a failed call throws, and ends with 7 [DML-EXE-3622] [DML-CLI-1883]', async () => {
    const { stderr } = await repository.dml(['run', 'kinds.ts', 'broken']);
    const [, nodeId = ''] = /dml show ([0-9a-f]{12})/.exec(stderr) ?? [];
    const { status, stderr: printed } = repository.program(['debug', nodeId, 'failed', '--run']);
    expect([status, printed]).toEqual([7, expect.stringContaining('TypeError: bad 4')]);
    expect(json('failed/call.json')).toMatchObject({
      status: 'error',
      failure: { code: 'function_threw', message: 'TypeError: bad 4' },
    });
  });

  it('shows the variables that are named alone [DML-CLI-1883]', () => {
    const env = { SECRET_NAME: 'given', OTHER: 'hidden' };
    const run = (...options: string[]): string =>
      repository.program(['debug', 'kinds#take', ...options], { env }).stdout;
    expect(run('seen', '--run', '--env', 'SECRET_NAME')).toContain("seen: 'given',\n  other: null");
    expect(run('unseen', '--run')).toContain('seen: null,\n  other: null');
    const { exitCode } = JSON.parse(run('as-json', '--run', '--json'));
    expect(exitCode).toBe(0);
  });

  it('keeps sources below their folder, wherever their paths lead [DML-EXE-3623]', async () => {
    await repository.ok('debug', 'kinds#take', 'sourced');
    expect(existsSync(place('sourced/sources/__/shared.ts'))).toBe(true);
    expect(readdirSync(place('sourced')).sort()).not.toContain('shared.ts');
  });

  it('lays out a script as it finds its files, with its command [DML-EXE-3624]', async () => {
    await repository.ok('debug', 'kinds#script', 'scripted');
    const end = spawnSync('sh', [place('scripted/run.sh')], {
      cwd: '/',
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    expect(end).toMatchObject({ status: 0, stdout: "from a file it's\n" });
    expect(readdirSync(place('scripted/work')).sort()).toEqual(['inputs', 'inputs.json']);
    expect(JSON.stringify(json('scripted/call.json').script)).toContain('cat');
  });

  it('lays out files of a script in their forms, and all of its variables [DML-EXE-3624]', async () => {
    repository.write('lib/say', SAY);
    chmodSync(place('lib/say'), 0o755);
    repository.write('lib/deep/plain', 'plain');
    symlinkSync('deep/plain', place('lib/link'));
    await repository.ok('run', 'kinds.ts', 'own');
    await repository.ok('debug', 'own#script', 'scripted with files');
    const then = await repository.ok('cat', 'own#script');
    const again = runIn('scripted with files', ['sh', 'run.sh']);
    expect(again).toMatchObject({ status: 0, stdout: then, stderr: '' });
    expect(then).toContain("GREETING=it's\nLANG=C\n");
    expect(lstatSync(place('scripted with files/work/lib/link')).isSymbolicLink()).toBe(true);
  });

  it('creates the folder, and leaves none where it fails [DML-EXE-3621] [DML-CLI-1882]', async () => {
    mkdirSync(place('there'));
    expect(await repository.refusal(6, ['debug', 'kinds#take', 'there'])).toContain('nothing was laid out');
    expect(readdirSync(place('there'))).toEqual([]);
    expect(await repository.refusal(10, ['debug', 'kinds#take', 'no/where'])).toContain(
      'cannot be written (ENOENT)',
    );
    const { execId } = (await repository.json<{ outcome: { execId: ExecId } }>('show', 'kinds#take')).outcome;
    await repository.withStore(async (store) => {
      // A chunk that is gone in the middle of it.
      const broken = new Proxy(store, {
        get: (target, name) => {
          if (name === 'get')
            return (objectClass: 'chunk', id: never) =>
              objectClass === 'chunk' ? undefined : target.get(objectClass, id);
          const member = Reflect.get(target, name, target);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
      const laidOut = layOutCall(broken, { execId, text: '', folder: place('half') });
      await expect(laidOut).rejects.toMatchObject({ code: 'object_missing' });
    });
    expect(existsSync(place('half'))).toBe(false);
  });

  it.each([
    ['a dag', 'kinds', 'names a dag and not one call'],
    ['a list', 'kinds#all', 'names a builtin'],
  ])('refuses %s [DML-CLI-1881]', async (_what, name, text) => {
    expect(await repository.refusal(2, ['debug', name, 'refused'])).toContain(text);
    expect(existsSync(place('refused'))).toBe(false);
  });
});
