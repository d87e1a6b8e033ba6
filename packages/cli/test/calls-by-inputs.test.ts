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
  readonly failedCalls: readonly { nodeId: string | null; call: string; inputs: string[]; message: string }[];
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
      /^node [0-9a-f]{64}\ncall {5}hour\(data, 1\)\nname {5}part\nkind {5}call\ninput {4}data = load\(\) {2}[0-9a-f]{12}\ninput {4}1 {2}[0-9a-f]{12}\nvalue {4}1\noutcome {2}ok in .*\nexec {5}[0-9a-f]{12}\n(?:other .*\n)*function dml\+exec:\/\/dml-worker\/[0-9a-f]{12}\/hour\n$/,
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

  it('prints the URI of its function with short ids, and whole where that is wanted [DML-CLI-1702]', async () => {
    await repository.json<RunDocument>('run', 'hours-pipeline.ts', 'good');
    const { function: uri } = await repository.json<{ function: string }>('show', 'good#part');
    expect(uri).toMatch(/^dml\+exec:\/\/dml-worker\/[0-9a-f]{64}\/hour$/);
    expect(await repository.ok('show', 'good#part', '--full')).toContain(`\nfunction ${uri}\n`);
    const [, bundle = ''] = /\nfunction dml\+exec:\/\/dml-worker\/([0-9a-f]+)\/hour\n/.exec(
      await repository.ok('show', 'good#part'),
    ) as RegExpExecArray;
    expect(uri).toContain(`/${bundle}`);
    expect(bundle).toHaveLength(12);
    expect(await repository.ok('show', bundle)).toContain('kind   blob');
  });

  it('is written in one way by a run, as a node and in its dag [DML-REP-0041] [DML-CLI-0825]', async () => {
    repository.write(
      'texts.ts',
      `import { definePipeline, functions } from '@daggerml/bindings';
      const { load, hour, sum } = functions<typeof import('./hours.ts')>(new URL('./hours.ts', import.meta.url));
      export const texts = definePipeline('texts', (dag) => {
        const parts = [dag.call(hour, dag.call(load), 8), dag.call(hour, [4], 8), dag.call(hour, [5], 8)];
        const [list, long, named] = parts;
        dag.name('named', named);
        dag.name('deep', dag.call(sum, [dag.call(hour, dag.call(load), 8)]));
        dag.name('first', dag.call(hour, [1, 2], dag.call(sum, [named])));
        dag.name('second', dag.call(sum, dag.call(load)));
        dag.name('third', dag.call(sum, [dag.call(sum, Array.from({ length: 20 }, (_, n) => n))]));
        const folder = { 'one.txt': [1], ['k'.repeat(38)]: [2], rest: Array.from({ length: 20 }, (_, n) => n) };
        dag.name('ofFolder', dag.call(sum, dag.map.get(folder, 'one.txt')));
        dag.name('ofLongKey', dag.call(sum, dag.map.get(folder, 'k'.repeat(38))));
        return [list, long];
      });`,
    );
    const { stderr } = await repository.dml(['run', 'texts.ts', '--no-cache']);
    const inDag = await repository.ok('show', 'texts');
    const nodes = (
      await repository.json<{ nodes: { nodeId: string; kind: string; names: string[] }[] }>('show', 'texts')
    ).nodes.filter(({ kind }) => kind === 'call');
    expect(nodes.length).toBeGreaterThan(8);
    for (const { nodeId, names } of nodes) {
      const id = nodeId.slice(0, 12);
      const [, run = ''] = new RegExp(`^ {2}executed (.*?) {2}\\S+ m?s {2}${id}$`, 'm').exec(stderr) ?? [];
      expect(run, id).not.toBe('');
      if (names.length > 0)
        expect(await repository.ok('show', `texts#${names[0]}`)).toContain(`\ncall     ${run}\n`);
      if (!run.includes('…')) expect(inDag).toContain(`  ${id}  call     ${run} `);
    }
    const callOf = async (name: string): Promise<unknown> =>
      (await repository.json<{ call: string }>('show', `texts#${name}`)).call;
    expect(await callOf('second')).toBe('sum(load())');
    expect(await callOf('named')).toBe('hour([ 5 ], 8)');
    expect(await callOf('first')).toMatch(/^hour\(\[ 1, 2 \], sum\([0-9a-f]{12}\)\)$/);
    expect(await callOf('deep')).toMatch(/^sum\(list\/construct\([0-9a-f]{12}\)\)$/);
    expect(await callOf('ofFolder')).toMatch(/^sum\(map\/get\([0-9a-f]{12}, "one\.txt"\)\)$/);
    expect(await callOf('ofLongKey')).toMatch(/^sum\([0-9a-f]{12}\)$/);
  });

  it('lists the outcomes of earlier runs, each of which is shown with its failure [DML-CLI-1700] [DML-CLI-1701]', async () => {
    const own = await TestRepository.create();
    const mark = own.write('mark', 'fails');
    own.pipeline('lucky', '(dag) => dag.call(steps.luck, 3)', {
      code: `import { readFileSync } from 'node:fs';
      export const luck = (n: number): number => {
        if (readFileSync(${JSON.stringify(mark)}, 'utf8') === 'fails') throw new Error('no luck');
        return n;
      };`,
    });
    const { stderr } = await own.dml(['run', 'lucky.ts']);
    const [, hinted = ''] = /see it with "dml show ([0-9a-f]{12})"/.exec(stderr) ?? [];
    expect(await own.ok('show', hinted)).not.toContain('\nother ');
    own.write('mark', 'works');
    await own.ok('run', 'lucky.ts', '--retry-failed');
    const text = await own.ok('show', hinted);
    expect(text).toMatch(/\noutcome {2}ok in /);
    const [, execId = ''] =
      /\nother {4}([0-9a-f]{12}) {2}error function_threw: Error: no luck\n/.exec(text) ?? [];
    const failure = {
      code: 'function_threw',
      message: 'Error: no luck',
      trace: ['at luck (lucky-steps.ts:3:77)'],
    };
    const { otherOutcomes } = await own.json<{ otherOutcomes: unknown[] }>('show', hinted);
    expect(otherOutcomes).toMatchObject([{ status: 'error', failure: { code: failure.code } }]);
    expect(await own.json('show', execId)).toMatchObject({
      class: 'exec',
      status: 'error',
      failure: { ...failure, trace: [expect.stringContaining('lucky-steps.ts:3:')] },
    });
    const shown = await own.ok('show', execId);
    expect(shown).toMatch(/\nerror function_threw: Error: no luck\n {6}at luck \(lucky-steps\.ts:3:\d+\)\n/);
  });

  it('lists the outcomes of every commit [DML-REP-0040]', async () => {
    const own = await TestRepository.create();
    const ran = async (...options: string[]): Promise<string | undefined> => {
      await own.ok('run', 'pipelines.ts', 'clock', ...options);
      const { nodes } = await own.json<{ nodes: { kind: string; outcome?: { execId: string } }[] }>(
        'show',
        'clock',
      );
      return nodes.find(({ kind }) => kind === 'call')?.outcome?.execId;
    };
    const execIds = [await ran()];
    for (const branch of ['one', 'two']) {
      await own.ok('branch', branch);
      await own.ok('switch', branch);
      execIds.push(await ran('--no-cache'));
    }
    const { otherOutcomes } = await own.json<{ otherOutcomes: { execId: string }[] }>(
      'show',
      'main:clock#root',
    );
    expect(otherOutcomes.map(({ execId }) => execId).sort()).toEqual(execIds.slice(1).sort());
  });

  it('of what another dag made is shown with the import', async () => {
    const own = await TestRepository.create();
    const { dagId } = await own.run('sums');
    await own.define('imports', "(dag) => dag.call(steps.double, dag.import('sums').three)");
    const inDag = await own.ok('show', 'imports');
    expect(inDag).toMatch(new RegExp(`^ {2}[0-9a-f]{12} {2}import {2}three of ${dagId.slice(0, 12)}$`, 'm'));
    expect(inDag).toContain(' double(three) ');
    const shown = await own.ok('show', 'imports#root');
    const [, importId = ''] = /^input {4}import {2}([0-9a-f]{12})$/m.exec(shown) ?? [];
    expect(await own.ok('show', importId)).toContain(`\nimport   three of ${dagId.slice(0, 12)}`);
    // A call of the same values as another one takes its outcome over.
    const build = '(dag) => [dag.call(steps.add, 1, 2), dag.call(steps.add, dag.call(steps.add, 0, 1), 2)]';
    await own.define('same', build);
    expect(await own.ok('show', 'same')).toMatch(/ok \(same values as [0-9a-f]{12}\)$/m);
  });

  it('that is lost without a record is named without an id [DML-CLI-1704]', async () => {
    const own = await TestRepository.create();
    const code = 'export const deep = (n: number): number => deep(n + 1) + 1;';
    own.pipeline('deeper', '(dag) => dag.call(steps.deep, 3)', { code });
    const { stderr } = await own.dml(['run', 'deeper.ts']);
    expect(stderr).toMatch(/^ {2}failed {3}deep\(3\) {2}stack_overflow: /m);
    expect(stderr).not.toMatch(/[0-9a-f]{12}/);
    const { failedCalls } = JSON.parse((await own.dml(['--json', 'run', 'deeper.ts'])).stderr) as FailedRun;
    expect(failedCalls).toMatchObject([{ nodeId: null, call: 'deep(3)' }]);
  });
});
