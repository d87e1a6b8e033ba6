import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { lastLine, TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  writeFileSync(
    join(repository.folder, 'tuned.ts'),
    `import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
export const tuned = definePipeline('tuned', { parameters: { by: 1, label: 'x', fails: false } }, (dag, params) => {
  if (params.label === 'throws') throw new Error('this one throws');
  const sum = dag.call(steps.add, params.by, 2);
  dag.metric('sum', sum);
  return params.fails ? dag.call(steps.boom, sum) : sum;
});
export const described = definePipeline(
  'described',
  { parameters: { shape: { by: { description: 'what is added', safeParse: (value) => value === undefined || value === 2 ? { success: true, data: value ?? 1 } : { success: false, error: { issues: [{ message: 'wrong' }] } } } }, '~standard': {}, safeParse: (value) => ({ success: true, data: { by: 1, ...value } }) } },
  (dag, params) => dag.call(steps.add, params.by, 2),
);
`,
  );
});

const file = (name: string, content: unknown): string => {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(repository.folder, name), text);
  return name;
};
const valueAt = async (name: string): Promise<unknown> => JSON.parse(await repository.ok('cat', name));

describe('dml run with parameters', () => {
  it('sets what --param names [DML-CLI-1760]', async () => {
    await repository.ok('run', 'tuned.ts', 'tuned', '--param', 'by=3', '--param', 'label=a=b');
    expect(await valueAt('tuned')).toBe(5);
    expect([await valueAt('tuned#params.by'), await valueAt('tuned#params.label')]).toEqual([3, 'a=b']);
    const stdout = await repository.ok('run', 'tuned.ts', 'tuned', '--json', '--param', 'by=3');
    expect(JSON.parse(lastLine(stdout)).parameters).toEqual({ by: 3, label: 'x', fails: false });
  });

  it('refuses a parameter that is given twice, or without a value [DML-CLI-1761]', async () => {
    const before = await repository.refState();
    for (const words of [
      ['--param', 'by=1', '--param', 'by=2'],
      ['--param', 'by'],
      ['--param', '=1'],
    ])
      expect(await repository.dml(['run', 'tuned.ts', 'tuned', ...words])).toMatchObject({ exitCode: 2 });
    expect(await repository.refState()).toEqual(before);
  });

  it('lists parameters in a folder without a repository [DML-CLI-1762]', async () => {
    const { stdout } = await repository.dml(['params', join(repository.folder, 'tuned.ts'), 'tuned'], {
      cwd: '/',
    });
    expect(stdout).toBe('by     1      a number\nlabel  "x"    text\nfails  false  true or false\n');
    const described = await repository.ok('params', 'tuned.ts', 'described', '--json');
    expect(JSON.parse(described)).toEqual({
      pipeline: 'described',
      parameters: [
        {
          name: 'by',
          type: 'a value of its schema',
          isRequired: false,
          default: 1,
          description: 'what is added',
        },
      ],
    });
    expect(await repository.ok('params', 'tuned.ts', 'described')).toContain('what is added');
    const none = await repository.dml(['params', 'pipelines.ts', 'sums']);
    expect(none).toMatchObject({ stdout: '', stderr: 'the pipeline sums has no parameters\n' });
  });

  it('takes an object of a file, and what --param gives before it [DML-CLI-1763]', async () => {
    const name = file('one.json', { by: 7, label: 'from a file' });
    await repository.ok('run', 'tuned.ts', 'tuned', '--param-file', name, '--param', 'by=8');
    expect([await valueAt('tuned#params.by'), await valueAt('tuned#params.label')]).toEqual([
      8,
      'from a file',
    ]);
    const grid = file('two.json', [{ by: 1 }, { by: 2 }]);
    const stdout = await repository.ok(
      'run',
      'tuned.ts',
      'tuned',
      '--param-file',
      grid,
      '--param',
      'label=z',
      '--json',
    );
    const { runs } = JSON.parse(lastLine(stdout));
    expect(runs.map((run: { parameters: object }) => run.parameters)).toEqual([
      { by: 1, label: 'z', fails: false },
      { by: 2, label: 'z', fails: false },
    ]);
  });

  it('refuses a file that holds no parameters before anything runs [DML-CLI-1764]', async () => {
    const before = await repository.refState();
    const wrong = [
      file('text.json', 'by: 1'),
      file('empty.json', ''),
      file('number.json', 1),
      file('none.json', []),
      file('nested.json', [[{ by: 1 }]]),
      file('null.json', [{ by: 1 }, null]),
      file('type.json', [{ by: 1 }, { by: 'x' }]),
      file('name.json', [{ by: 1 }, { bye: 1 }]),
      '.',
      'missing.json',
    ];
    for (const name of wrong)
      expect(await repository.dml(['run', 'tuned.ts', 'tuned', '--param-file', name]), name).toMatchObject({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(/^dml: [^\n]+\nhint: [^\n]+\n$/),
      });
    const last = await repository.dml(['run', 'tuned.ts', 'tuned', '--param-file', 'name.json']);
    expect(last.stderr).toContain('there is no parameter "bye"; there are: by, label, fails (entry 2)');
    expect(await repository.refState()).toEqual(before);
  });

  it('runs a list in its order, each run with a commit [DML-CLI-1765]', async () => {
    const count = async (): Promise<number> => JSON.parse(await repository.ok('log', '--json')).length;
    const before = await count();
    const grid = file('grid.json', [{ by: 30 }, { by: 10 }, { by: 20 }]);
    await repository.ok('run', 'tuned.ts', 'tuned', '--param-file', grid);
    expect(await count()).toBe(before + 3);
    const values = ['HEAD~2:tuned', 'HEAD~1:tuned', 'HEAD:tuned'].map(valueAt);
    expect(await Promise.all(values)).toEqual([32, 12, 22]);
  });

  it('goes on after a run that fails, and ends with its exit code [DML-CLI-1766]', async () => {
    const grid = file('fails.json', [{ by: 41, fails: true }, { label: 'throws' }, { by: 42 }]);
    const { exitCode, stdout, stderr } = await repository.dml([
      'run',
      'tuned.ts',
      'tuned',
      '--param-file',
      grid,
    ]);
    expect(exitCode).toBe(7);
    expect(stderr).toMatch(/\ndml: the call "boom\(.*\nhint: /);
    expect(stdout.split('\n').map((line) => line.replace(/[0-9a-f]{12} .*/, '<commit>'))).toEqual([
      expect.stringMatching(/^by=41 {2}fails=true +failed +the call "boom\(/),
      expect.stringMatching(/^ +label="throws" +failed +.*this one throws$/),
      expect.stringMatching(/^by=42 +<commit>$/),
      '',
    ]);
    expect(await valueAt('tuned#params.by')).toBe(42);
  });

  it('ends a list with a line for each run, and the same as JSON [DML-CLI-1767]', async () => {
    const grid = file('lines.json', [{ by: 51 }, { label: 'b' }, { by: 51, fails: true }]);
    const text = await repository.dml(['run', 'tuned.ts', 'tuned', '--param-file', grid]);
    expect(text.stdout).toMatch(
      /^by=51 {25}[0-9a-f]{12} {2}1 executed, 0 cached, 0 failed in .*\n {7}label="b" .*\nby=51 {13}fails=true {2}failed {8}the call/,
    );
    const json = await repository.dml(['run', 'tuned.ts', 'tuned', '--param-file', grid, '--json']);
    expect(JSON.parse(lastLine(json.stdout))).toMatchObject({
      runs: [
        { given: { by: 51 }, counts: { cached: 1 }, changed: true },
        { given: { label: 'b' }, parameters: { by: 1, label: 'b' } },
        {
          given: { by: 51, fails: true },
          error: { code: 'dag_failed', message: expect.stringContaining('boom') },
        },
      ],
      ended: 2,
      failed: 1,
      notRun: 0,
    });
  });

  it('leaves calls their inputs in sight, whatever parameters and metrics name [DML-REP-0350]', async () => {
    const build = (name: string) => `(dag) => {
      dag.name('params.one', dag.literal(1));
      const sum = dag.call(steps.add, 1, 2);
      dag.metric('sum', sum);
      ${name}
      return dag.call(steps.double, sum);
    }`;
    await repository.define('texts', build(''));
    const all = await repository.ok('show', 'texts');
    for (const text of [' add(1, 2) ', ' double(add(1, 2)) ']) expect(all).toContain(text);
    expect(await repository.ok('show', 'texts#root')).toContain('call     double(add(1, 2))\n');
    const named = await repository.dml([
      'run',
      repository.pipeline('texts', build("dag.name('own', sum);")),
      '--no-cache',
    ]);
    expect(named.stderr).toContain('executed double(own)');
    expect(await repository.ok('show', 'texts#root')).toContain('call     double(own)\n');
  });

  it('commits with the message that is given [DML-CLI-1770]', async () => {
    for (const [option, message] of [
      ['-m', 'one word'],
      ['--message', 'two\nlines'],
    ] as const) {
      await repository.ok('run', 'tuned.ts', 'tuned', '--param', `label=${message.length}`, option, message);
      expect(JSON.parse(await repository.ok('log', '-n', '1', '--json'))[0].message).toBe(message);
    }
  });
});
