import { headRef } from '@daggerml/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const STEPS = `import { call } from '@daggerml/bindings';
export const speak = (n: number): number => { console.log('out ' + n); console.error('err ' + n); return n; };
export const silent = (n: number): number => n;
export const raw = (): number => { process.stdout.write(Uint8Array.of(0xff, 65, 10)); console.error('\\u001b[31mred'); return 1; };
export const flood = (): number => { for (let i = 0; i < 3; i++) process.stdout.write('x'.repeat(600_000)); return 1; };
export const both = (): number => { process.stdout.write('x'.repeat(600_000)); process.stderr.write('y'.repeat(600_000)); return 1; };
export const fail = (text: string): number => { console.log(text); throw new Error('no'); };
export const outer = async (n: number): Promise<number> => (await call(speak, n)) + 1;
`;

interface Logged {
  readonly call: string;
  readonly execId: string;
  readonly nodeId: string;
  readonly status: string;
  readonly pieces: readonly object[];
  readonly leftOut: object | null;
}

let repository: TestRepository;
let commitId: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  ({ commitId } = await repository.define(
    'talk',
    `(dag) => [dag.name('spoken', dag.call(steps.speak, 1)), dag.name('still', dag.call(steps.silent, 2)),
      dag.name('raw', dag.call(steps.raw)), dag.name('flood', dag.call(steps.flood)),
      dag.name('outer', dag.call(steps.outer, 7))]`,
    { code: STEPS },
  ));
});

const logged = async (name: string): Promise<readonly Logged[]> =>
  (await repository.json<{ calls: Logged[] }>('logs', name)).calls;

describe('dml logs', () => {
  it('prints both streams in their order, or one of them [DML-CLI-1860]', async () => {
    expect(await repository.ok('logs', 'talk#spoken')).toBe('out 1\nerr 1\n');
    expect(await repository.ok('logs', 'talk#spoken', '--stream', 'stdout')).toBe('out 1\n');
    expect(await repository.ok('logs', 'talk#spoken', '--stream', 'stderr')).toBe('err 1\n');
    const { bytes } = await repository.dml(['logs', 'talk#raw', '--stream', 'stdout']);
    expect([...bytes]).toEqual([0xff, 65, 10]);
    expect(await repository.refusal(2, ['logs', 'talk#spoken', '--stream', 'both'])).toContain('--stream');
  });

  it('prints the log of an outcome that is named by its id, and of an earlier run [DML-CLI-1860]', async () => {
    const [before] = await logged('talk#spoken');
    await repository.ok('run', 'talk.ts', '--no-cache');
    const [after] = await logged('talk#spoken');
    expect(after?.execId).not.toBe(before?.execId);
    expect(await repository.ok('logs', String(before?.execId))).toBe('out 1\nerr 1\n');
    expect(await repository.ok('logs', String(after?.nodeId))).toBe('out 1\nerr 1\n');
  });

  it('prints the log of each call of a dag that has one, below its name [DML-CLI-1861] [DML-REP-0402]', async () => {
    for (const name of ['talk', commitId]) {
      const lines = (await repository.ok('logs', name)).split('\n').filter((line) => line.startsWith('==> '));
      expect(lines).toEqual([
        expect.stringMatching(/^==> speak\(1\) {2}[0-9a-f]{12} {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/),
        expect.stringMatching(/^==> raw\(\) {2}/),
        expect.stringMatching(/^==> flood\(\) {2}/),
        expect.stringMatching(/^==> speak\(7\) {2}/),
      ]);
    }
  });

  it('marks what is left out, on a line of its own [DML-CLI-1862]', async () => {
    const lines = (await repository.ok('logs', 'talk#flood')).split('\n');
    expect(lines.map((line) => (line.startsWith('x') ? line.length : line))).toEqual([
      524_288,
      '[733.8 KiB of output were not kept]',
      524_288,
    ]);
    expect((await logged('talk#flood'))[0]?.leftOut).toEqual({ piece: 1, sizeBytes: 751_424 });
  });

  it('marks what is left out also where one stream is shown [DML-CLI-1862]', async () => {
    await repository.define('both', "(dag) => dag.name('both', dag.call(steps.both))", { code: STEPS });
    const note = '[147.9 KiB of output were not kept]';
    for (const [stream, lines] of [
      ['stdout', ['x'.repeat(524_288), note, '']],
      ['stderr', [note, 'y'.repeat(524_288)]],
    ] as const) {
      const text = await repository.ok('logs', 'both#both', '--stream', stream);
      expect(text === lines.join('\n'), `${stream}: ${text.replaceAll(/(.)\1+/g, '$1…')}`).toBe(true);
    }
  });

  it('shows a terminal text alone [DML-CLI-1863]', async () => {
    const { stdout } = await repository.dml(['logs', 'talk#raw'], { isTerminal: true });
    expect(stdout).toBe('\ufffdA\n\\u001b[31mred\n');
  });

  it('says that nothing was printed [DML-CLI-1864]', async () => {
    const silent = await repository.dml(['logs', 'talk#still']);
    expect(silent).toMatchObject({ exitCode: 0, stdout: '' });
    expect(silent.stderr).toMatch(/^it has printed nothing when it ran, \d{4}-/);
    await repository.define('quiet', '(dag) => dag.call(steps.silent, 3)', { code: STEPS });
    const dag = await repository.dml(['logs', 'quiet']);
    expect(dag).toMatchObject({ exitCode: 0, stdout: '', stderr: 'no call of it has printed anything\n' });
  });

  it('prints pieces as JSON, text or base64 [DML-CLI-1865]', async () => {
    expect(await logged('talk#raw')).toMatchObject([
      {
        call: 'raw()',
        status: 'ok',
        pieces: [
          { stream: 'stdout', base64: '/0EK' },
          { stream: 'stderr', text: '\u001b[31mred\n' },
        ],
        leftOut: null,
      },
    ]);
    expect((await logged('talk#still'))[0]?.pieces).toEqual([]);
  });

  it('has the log of a failed call [DML-EXE-1803]', async () => {
    repository.write('broken-steps.ts', STEPS);
    repository.write(
      'broken.ts',
      `import { definePipeline, functions } from '@daggerml/bindings';
      const steps = functions<typeof import('./broken-steps.ts')>(new URL('./broken-steps.ts', import.meta.url));
      export const broken = definePipeline('broken', (dag) => dag.call(steps.fail, 'last words'));`,
    );
    const { stderr } = await repository.dml(['run', 'broken.ts']);
    const [, nodeId = ''] = /dml show ([0-9a-f]{12})/.exec(stderr) ?? [];
    expect(await repository.ok('logs', nodeId)).toBe('last words\n');
    expect(await logged(nodeId)).toMatchObject([{ status: 'error' }]);
  });

  it('follows an outcome that was taken over to the call that ran [DML-REP-0400]', async () => {
    await repository.define('first', '(dag) => dag.call(steps.speak, dag.call(steps.silent, 40))', {
      code: STEPS,
    });
    await repository.define('second', '(dag) => dag.name("it", dag.call(steps.speak, 40))', { code: STEPS });
    const [first] = await logged('first');
    expect((await repository.json<{ outcome: object }>('show', 'second#it')).outcome).toHaveProperty(
      'sourceExecId',
    );
    expect(await repository.ok('logs', 'second#it')).toBe('out 40\nerr 40\n');
    expect((await logged('second#it'))[0]?.pieces).toEqual((await logged('first')).at(-1)?.pieces);
    expect(first).toBeDefined();
  });

  it('finds an outcome that the commit does not have, where the inputs have values [DML-REP-0402]', async () => {
    const build =
      "(dag) => dag.name('last', dag.call(steps.speak, dag.name('first', dag.call(steps.silent, 50))))";
    await repository.define('deep', build, { code: STEPS });
    await repository.plantCommit(headRef('lost'), { pins: [] });
    expect(await logged('lost:deep#first')).toEqual(await logged('deep#first'));
    expect(await repository.error(3, ['logs', 'lost:deep#last'])).toMatchObject({ code: 'not_executed' });
    expect(await logged('lost:talk')).toEqual([]);
    await repository.plant(headRef('lost'), null);
  });

  it('refuses a commit of several dags, and the outcome of a list [DML-REP-0403]', async () => {
    await repository.define('another', '(dag) => 1');
    expect(await repository.refusal(2, ['logs', 'main'])).toContain('names a commit, and no call');
    const { outcome } = await repository.json<{ outcome: { execId: string } }>('show', 'talk#root');
    expect(await repository.refusal(2, ['logs', outcome.execId])).toContain('names a builtin, and no call');
  });

  it.each([
    ['a list of outcomes', 'talk#root', 'names a builtin, and no call'],
    ['a value', '"talk#spoken"', 'nothing here is named'],
  ])('refuses %s [DML-REP-0403]', async (_what, name, text) => {
    expect(await repository.refusal(name.startsWith('"') ? 3 : 2, ['logs', name])).toContain(text);
  });
});
