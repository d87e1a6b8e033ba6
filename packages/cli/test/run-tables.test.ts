import { beforeAll, describe, expect, it, vi } from 'vitest';
import { TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

interface TableDocument {
  readonly dag: string;
  readonly columns: readonly string[];
  readonly runs: readonly { readonly commitId: string; readonly values: Readonly<Record<string, unknown>> }[];
}

let repository: TestRepository;
/** Commits of the runs, oldest first. */
const commits: string[] = [];
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.write(
    'train.ts',
    `import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
export const train = definePipeline('train', { parameters: { by: 1, label: 'a', same: true } }, (dag, params) => {
  const sum = dag.call(steps.add, params.by, 0.25);
  if (params.label !== 'no metric') dag.metric('sum', params.label === 'text' ? 'none' : sum);
  dag.metric('note', 'a "quoted", <&> text');
  return { model: { size: sum, parts: [params.by] } };
});
`,
  );
  await repository.ok('branch', 'unborn', (await repository.run('sums')).commitId);
  for (const words of ['by=3', 'by=1', 'label=text', 'label=no metric', 'by=2']) {
    const run = await repository.json<{ commitId: string }>('run', 'train.ts', 'train', '--param', words);
    commits.push(run.commitId);
    // A commit that leaves the dag as it is.
    await repository.run(commits.length % 2 === 0 ? 'raw' : 'values');
  }
});

const table = (...words: string[]): Promise<TableDocument> => repository.json('table', 'train', ...words);
const order = async (...words: string[]): Promise<unknown[]> =>
  (await table(...words)).runs.map(({ commitId }) => commits.indexOf(commitId));

describe('the runs of a dag', () => {
  it('are the commits that changed it, newest first [DML-REP-0933]', async () => {
    expect(await order()).toEqual([4, 3, 2, 1, 0]);
    const again = await repository.json<{ changed: boolean }>('run', 'train.ts', 'train', '--param', 'by=2');
    expect(again.changed).toBe(false);
    expect(await order()).toEqual([4, 3, 2, 1, 0]);
    await repository.define('drift', `(dag) => { dag.metric('at', dag.call(steps.now)); return 1; }`);
    await repository.ok('run', 'drift.ts', '--no-cache');
    const drift = await repository.json<TableDocument>('table', 'drift');
    expect(drift.runs.length).toBe(2);
    await repository.ok('dag', 'delete', 'drift');
    expect(await order()).toEqual([4, 3, 2, 1, 0]);
  });

  it('have the values of names of parameters and metrics [DML-REP-0361]', async () => {
    const { runs } = await table('--columns', 'params.by,params.label,params.same,metrics.sum,metrics.note');
    const note = 'a "quoted", <&> text';
    expect(runs.map(({ values }) => values)).toEqual([
      { 'params.by': 2, 'params.label': 'a', 'params.same': true, 'metrics.sum': 2.25, 'metrics.note': note },
      { 'params.by': 1, 'params.label': 'no metric', 'params.same': true, 'metrics.note': note },
      {
        'params.by': 1,
        'params.label': 'text',
        'params.same': true,
        'metrics.sum': 'none',
        'metrics.note': note,
      },
      { 'params.by': 1, 'params.label': 'a', 'params.same': true, 'metrics.sum': 1.25, 'metrics.note': note },
      { 'params.by': 3, 'params.label': 'a', 'params.same': true, 'metrics.sum': 3.25, 'metrics.note': note },
    ]);
  });

  it('are shown by the parameters that differ and all metrics [DML-REP-0362]', async () => {
    expect((await table()).columns).toEqual(['params.by', 'params.label', 'metrics.note', 'metrics.sum']);
    const one = await table('-n', '1');
    expect(one.columns).toEqual(['params.by', 'params.label', 'params.same', 'metrics.note', 'metrics.sum']);
    expect((await table('--columns', 'params.same')).columns).toEqual(['params.same']);
  });

  it('are those that meet every condition [DML-REP-0363]', async () => {
    expect(await order('--filter', 'metrics.sum<3')).toEqual([4, 1]);
    expect(await order('--filter', 'metrics.sum<3', '--filter', 'params.by!=1')).toEqual([4]);
    expect(await order('--filter', 'params.by=1', '-n', '2')).toEqual([3, 2]);
    const none = await repository.dml(['table', 'train', '--filter', 'params.by>9']);
    expect(none).toMatchObject({ exitCode: 0, stderr: 'no run meets the filter\n' });
    await repository.refusal(2, ['table', 'train', '--filter', 'params.by']);
  });

  it('refuse a column that none of them has [DML-REP-0364]', async () => {
    for (const words of [
      ['--columns', 'metrics.sun'],
      ['--sort', 'metrics.sun'],
      ['--filter', 'metrics.sun<1'],
    ])
      expect(await repository.error(3, ['table', 'train', ...words])).toMatchObject({
        code: 'unknown_name',
        hint: expect.stringContaining('did you mean: metrics.sum'),
      });
  });

  it('are sorted by numbers, then texts, then what is missing [DML-REP-0365]', async () => {
    expect(await order('--sort', 'metrics.sum')).toEqual([1, 4, 0, 2, 3]);
    expect(await order('--sort', 'params.label')).toEqual([4, 1, 0, 3, 2]);
  });
});

describe('dml table', () => {
  it('takes a dag of the branch, of another commit, or the only one [DML-CLI-1800]', async () => {
    const at = (name: string): Promise<TableDocument> => repository.json('table', name);
    const two = commits[1] as string;
    expect((await at(`${two}:train`)).runs.map(({ commitId }) => commits.indexOf(commitId))).toEqual([1, 0]);
    await repository.ok('tag', 'train', two);
    expect((await at('train')).runs.length).toBe(5);
    await repository.ok('tag', '--delete', 'train');
    expect(await repository.refusal(2, ['table'])).toContain(
      'the current branch has raw, sums, train, values',
    );
    await repository.ok('switch', 'unborn');
    expect(await repository.json('table')).toMatchObject({ dag: 'sums', columns: [], runs: [{}] });
    await repository.ok('switch', 'main');
    await repository.refusal(3, ['table', 'trian']);
    await repository.refusal(2, ['table', 'main']);
    expect(await repository.ok('plot', `${two}:train`, 'sum')).toContain('metrics.sum of train');
  });

  it('lists commit, time and columns for people [DML-CLI-1801]', async () => {
    const text = await repository.ok('table', 'train', '--columns', 'params.by,metrics.sum', '-n', '3');
    const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ';
    const lines = [
      'commit {8}time {18}params.by  metrics.sum',
      `${commits[4]?.slice(0, 12)}  ${time}  2 {10}2.25`,
      `${commits[3]?.slice(0, 12)}  ${time}  1`,
      `${commits[2]?.slice(0, 12)}  ${time}  1 {10}none`,
    ];
    expect(text).toMatch(new RegExp(`^${lines.join('\n')}\n$`));
    await repository.define('third', `(dag) => { dag.metric('third', 1 / 3); return 1; }`);
    expect(await repository.ok('table', 'third')).toContain('  0.333333\n');
    await repository.ok('dag', 'delete', 'third');
  });

  it('shows any node and member of a value [DML-CLI-1802]', async () => {
    const { columns, runs } = await table('--columns', 'root.model.size, root.model.parts', '-n', '1');
    expect(columns).toEqual(['root.model.size', 'root.model.parts']);
    expect(runs[0]?.values).toEqual({ 'root.model.size': 2.25, 'root.model.parts': [2] });
    await repository.refusal(2, ['table', 'train', '--columns', 'params.by,']);
  });

  it('turns an order round before it counts [DML-CLI-1803]', async () => {
    expect(await order('--sort', 'params.by', '-n', '1')).toEqual([3]);
    expect(await order('--sort', 'params.by', '--reverse', '-n', '2')).toEqual([0, 4]);
    expect(await order('--reverse', '-n', '2')).toEqual([0, 1]);
  });

  it('prints comma-separated values [DML-CLI-1804]', async () => {
    const text = await repository.ok(
      'table',
      'train',
      '--csv',
      '-n',
      '2',
      '--columns',
      'metrics.note,metrics.sum,root.model.parts',
    );
    const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
    const note = '"a ""quoted"", <&> text"';
    const lines = [
      'commit,time,author,message,metrics.note,metrics.sum,root.model.parts',
      `${commits[4]},${time},tester,run train,${note},2\\.25,\\[ 2 \\]`,
      `${commits[3]},${time},tester,run train,${note},,\\[ 1 \\]`,
    ];
    expect(text).toMatch(new RegExp(`^${lines.join('\n')}\n$`));
    await repository.refusal(2, ['table', 'train', '--csv', '--json']);
    await repository.define('long', `(dag) => { dag.metric('long', 'x'.repeat(5_000)); return 1; }`);
    expect((await repository.ok('table', 'long', '--csv')).split('\n')[1]).toMatch(/,x{5000}$/);
    const { runs } = await repository.json<TableDocument>('table', 'long');
    expect(runs[0]?.values).toEqual({ 'metrics.long': 'x'.repeat(5_000) });
    expect(await repository.ok('table', 'long')).toContain(`  ${'x'.repeat(40)}…\n`);
    await repository.ok('dag', 'delete', 'long');
  });

  it('prints columns and values as JSON [DML-CLI-1805]', async () => {
    expect(await table('-n', '1', '--columns', 'params.by')).toEqual({
      dag: 'train',
      columns: ['params.by'],
      runs: [
        {
          commitId: commits[4],
          dagId: expect.stringMatching(/^[0-9a-f]{64}$/),
          authoredMs: expect.any(Number),
          author: 'tester',
          message: 'run train',
          values: { 'params.by': 2 },
        },
      ],
    });
  });
});

describe('dml plot', () => {
  it('prints the numbers of the runs as SVG, over runs or a column [DML-CLI-1810]', async () => {
    const svg = await repository.ok('plot', 'train', 'sum');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>\n$/s);
    expect(svg.match(/<circle /g)?.length).toBe(3);
    expect(svg.match(/class="line"/g)?.length).toBe(1);
    const { points } = await repository.json<{ points: { x: number; y: number }[] }>(
      'plot',
      'train',
      'metrics.sum',
    );
    expect(points.map(({ x, y }) => [x, y])).toEqual([
      [1, 3.25],
      [2, 1.25],
      [5, 2.25],
    ]);
    const over = await repository.json<{ points: { x: number }[] }>(
      'plot',
      'train',
      'sum',
      '--x',
      'params.by',
    );
    expect(over.points.map(({ x }) => x)).toEqual([3, 1, 2]);
    const dots = await repository.ok(
      'plot',
      'train',
      'sum',
      '--x',
      'params.by',
      '--filter',
      'params.by>1',
      '-n',
      '9',
    );
    expect(dots.match(/<circle /g)?.length).toBe(2);
    expect(dots).not.toContain('class="line"');
    expect(dots).toMatch(/>2\.2<.*>params\.by<\/text>/s);
  });

  it('says what it leaves out, and refuses a plot of nothing [DML-CLI-1811]', async () => {
    const { stderr } = await repository.dml(['plot', 'train', 'sum']);
    expect(stderr).toBe('2 runs without a number left out\n');
    expect(await repository.refusal(2, ['plot', 'train', 'note'])).toContain(
      'no run of "train" has a number',
    );
    expect(await repository.refusal(3, ['plot', 'train', 'nothing'])).toContain('no node "nothing"');
    expect(await repository.refusal(3, ['plot', 'train', 'sum', '--x', 'params.none'])).toContain(
      'no node "params.none"',
    );
  });

  it('escapes texts [DML-CLI-1812]', async () => {
    const name = 'a<b>&"c"\ufffe]]>';
    await repository.define(
      'odd',
      `(dag) => { dag.name('params.${name}', dag.literal(1)); dag.name('${name}', dag.literal(2)); return 1; }`,
    );
    const svg = await repository.ok('plot', 'odd', name, '--x', `params.${name}`);
    expect(svg).toContain('a&lt;b&gt;&amp;&quot;c&quot;\ufffd]]&gt; of odd</title>');
    expect(
      svg.replace(/<(?:\/?\w+(?: [\w:-]+="[^"<]*")*\/?)>/g, '').replace(/&(?:lt|gt|amp|quot);/g, ''),
    ).not.toMatch(/[<&]/);
    await repository.ok('dag', 'delete', 'odd');
  });
});
