import { beforeAll, describe, expect, it } from 'vitest';
import { type RunDocument, TestRepository } from './test-repository.ts';

const STEPS = `export const load = (): number[] => [1, 2, 3];
export const hour = (data: number[], at: number): number => {
  if (at === 3 || at === 7) throw new RangeError('no data');
  if (at === 5) throw new TypeError('other');
  return (data[0] ?? 0) * at;
};
export const sum = (parts: number[]): number => parts.reduce((a, b) => a + b, 0);
`;

const PIPELINE = `import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./hours.ts')>(new URL('./hours.ts', import.meta.url));
const build = (dag, hours) => {
  const data = dag.name('data', dag.call(steps.load));
  const parts = hours.map((at) => dag.call(steps.hour, data, at));
  dag.name('part', parts[0]);
  return dag.call(steps.sum.with({ label: 'the total' }), parts);
};
export const good = definePipeline('good', (dag) => build(dag, [1, 2]));
export const bad = definePipeline('bad', (dag) => build(dag, [1, 3, 5, 7]));
`;

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.write('hours.ts', STEPS);
  repository.write('hours-pipeline.ts', PIPELINE);
});

interface FailedRun {
  readonly message: string;
  readonly failedCalls: readonly { nodeId: string; call: string; inputs: string[]; message: string }[];
}

describe('a call', () => {
  it('that ends is named by label, function, inputs and id [DML-CLI-1502]', async () => {
    const { stderr } = await repository.dml(['run', 'hours-pipeline.ts', 'good', '--no-cache']);
    const lines = stderr.split('\n').filter((line) => line.includes('executed'));
    const calls = lines.map((line) => /^ {2}executed (.*) {2}\S+ m?s {2}[0-9a-f]{12}$/.exec(line)?.[1]);
    expect(calls.sort()).toEqual([
      'hour(data, 1)',
      'hour(data, 2)',
      'load()',
      expect.stringMatching(/^the total: sum\(list\/construct\(part, [0-9a-f]{12}\)\)$/),
    ]);
    const id = /hour\(data, 2\) {2}\S+ m?s {2}(\S+)/.exec(stderr)?.[1] ?? '';
    expect(await repository.ok('cat', id)).toBe('2\n');
  });

  it('that fails like another is told by the name of that one, with the number of all at the end [DML-CLI-1504] [DML-CLI-1549]', async () => {
    const { stderr, exitCode } = await repository.dml(['run', 'hours-pipeline.ts', 'bad']);
    expect(exitCode).toBe(7);
    const failed = stderr.split('\n').filter((line) => line.startsWith('  failed'));
    expect(failed).toHaveLength(3);
    expect(failed.filter((line) => line.includes('function_threw: RangeError: no data'))).toHaveLength(1);
    expect(
      failed.filter((line) => /hour\(data, 5\) {2}\S+ {2}function_threw: TypeError: other/.test(line)),
    ).toHaveLength(1);
    expect(
      failed.filter((line) => /hour\(data, [37]\) {2}\S+ {2}like hour\(data, [37]\)/.test(line)),
    ).toHaveLength(1);
    // The trace stands once for each kind of failure.
    expect(stderr.match(/at hour \(hours\.ts:3:/g)).toHaveLength(1);
    expect(stderr).toMatch(
      /^dml: the call "hour\(data, \d\)" failed: function_threw: .*; 2 more calls failed too$/m,
    );
    for (const line of failed) {
      const [, id = ''] = /hour\(data, \d\) {2}([0-9a-f]{12})/.exec(line) ?? [];
      expect(await repository.ok('show', id)).toMatch(
        /error function_threw: (?:RangeError: no data|TypeError: other)/,
      );
    }
  });

  it('that fails is listed with --json with id, call, inputs, code, message and trace [DML-CLI-1503]', async () => {
    const { stderr } = await repository.dml(['--json', 'run', 'hours-pipeline.ts', 'bad']);
    const { failedCalls } = JSON.parse(stderr) as FailedRun;
    const byCall = [...failedCalls].sort((a, b) => (a.call < b.call ? -1 : 1));
    const failure = (at: number, message: string, line: number): unknown => ({
      nodeId: expect.stringMatching(/^[0-9a-f]{64}$/),
      call: `hour(data, ${at})`,
      inputs: ['data', String(at)],
      code: 'function_threw',
      message,
      trace: [expect.stringContaining(`hours.ts:${line}:`)],
    });
    expect(byCall).toEqual([
      failure(3, 'RangeError: no data', 3),
      failure(5, 'TypeError: other', 4),
      failure(7, 'RangeError: no data', 3),
    ]);
    const shown = await repository.json('show', byCall[1]?.nodeId ?? '');
    expect(shown).toMatchObject({ outcome: { status: 'error', failure: { message: 'TypeError: other' } } });
  });

  it('is shown with its inputs, their names and its own, and its value [DML-CLI-1501]', async () => {
    await repository.json<RunDocument>('run', 'hours-pipeline.ts', 'good');
    const text = await repository.ok('show', 'good#part');
    expect(text).toMatch(
      /^node [0-9a-f]{64}\ncall {5}hour\(data, 1\)\nname {5}part\nkind {5}call\noutcome {2}ok in .*\nvalue {4}1\ninput {4}[0-9a-f]{12} {2}data = load\(\)\ninput {4}[0-9a-f]{12} {2}1\nexec {5}[0-9a-f]{12}\nfunction dml\+exec:\/\/.*\/hour\n$/,
    );
    expect(await repository.json('show', 'good#part')).toMatchObject({
      call: 'hour(data, 1)',
      functionName: 'hour',
      names: ['part'],
      value: 1,
      inputs: [
        { kind: 'call', names: ['data'] },
        { kind: 'literal', names: [], value: 1 },
      ],
    });
    const { objectId } = await repository.json<{ objectId: string }>('show', 'good#part');
    // An id leads through no dag that names anything.
    expect(await repository.ok('show', objectId)).toMatch(/\ncall {5}hour\(load\(\), 1\)\nkind/);
  });
});
