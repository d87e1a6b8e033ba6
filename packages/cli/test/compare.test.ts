import type { CommitRecord } from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

interface Document {
  readonly sides: readonly { readonly name: string; readonly commitId: string }[];
  readonly dags: readonly {
    readonly dag: string;
    readonly parameters: readonly object[];
    readonly metrics: readonly object[];
    readonly values: readonly {
      readonly name: string;
      readonly side: number;
      readonly changes: readonly object[];
    }[];
    readonly functions: readonly object[];
  }[];
  readonly unchanged: readonly string[];
  readonly partial: readonly object[];
}

const CODE = (factor: number): string => `
export const scale = (by: number) => ({ by: by * ${factor}, rows: [1, 2, by], same: Array.from({ length: 5_000 }, (_, i) => i) });
export const many = (by: number) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => ['k' + i, by + i]));
export const size = (model: { by: number }) => model.by;
export const added = () => 'new';
`;
const PIPELINE = (extra: string): string => `
import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./model.ts')>(new URL('./model.ts', import.meta.url));
export const train = definePipeline('train', { parameters: { by: 1, label: 'a', same: [1] } }, (dag, params) => {
  const model = dag.call(steps.scale, params.by);
  dag.metric('size', dag.call(steps.size, model));
  dag.metric('label', params.label);
  dag.name('many', dag.call(steps.many, params.by));
  ${extra}
  return model;
});
`;

/** Runs a dag of two functions of one file, with a shared file of as many lines and a library. */
async function runTwo(
  other: TestRepository,
  { lines, version }: { lines: number; version: string },
): Promise<void> {
  other.write(
    'node_modules/lib/package.json',
    JSON.stringify({ name: 'lib', version, type: 'module', main: 'lib.js' }),
  );
  other.write('node_modules/lib/lib.js', `export const up = (x) => x + ${version[0]};`);
  const shared = Array.from(
    { length: lines },
    (_, n) => `export const line${n} = ${n};${lines > 50 ? ` // ${'x'.repeat(250)}` : ''}\n`,
  );
  other.write('shared.ts', shared.join(''));
  other.write(
    'two.ts',
    `import { up } from 'lib';
import * as shared from './shared.ts';
const all = () => Object.values(shared).length;
export const first = () => up(all() + ${lines});
export const second = () => up(all() * ${lines});
`,
  );
  other.write(
    'two.pipeline.ts',
    `import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./two.ts')>(new URL('./two.ts', import.meta.url));
export const two = definePipeline('two', (dag) => [dag.call(steps.first), dag.call(steps.second)]);
`,
  );
  await other.ok('run', 'two.pipeline.ts');
}

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  const run = (...words: string[]) => repository.ok('run', 'train.ts', ...words);
  repository.write('model.ts', CODE(1));
  repository.write('train.ts', PIPELINE(''));
  await repository.run('sums');
  await run();
  await repository.ok('tag', 'first');
  await run('--param', 'by=3', '--param', 'label=b');
  await repository.ok('tag', 'second');
  repository.write('model.ts', CODE(10));
  repository.write('train.ts', PIPELINE("dag.name('extra', dag.call(steps.added));"));
  await repository.run('raw');
  await run();
});

const compare = (...names: string[]): Promise<Document> => repository.json('compare', ...names);

describe('a comparison', () => {
  it('is of each dag that all commits have, and lists the others [DML-REP-0370]', async () => {
    const { dags, unchanged, partial } = await compare('first', 'second', 'main');
    expect(dags.map(({ dag }) => dag)).toEqual(['train']);
    expect({ unchanged, partial }).toEqual({
      unchanged: ['sums'],
      partial: [{ dag: 'raw', sides: [2] }],
    });
    expect(await compare('first', 'first')).toMatchObject({
      dags: [],
      unchanged: ['sums', 'train'],
      partial: [],
    });
  });

  it('has parameters and metrics with values and differences [DML-REP-0371]', async () => {
    const [train] = (await compare('first', 'second', 'main')).dags;
    expect(train?.parameters).toEqual([
      { name: 'params.by', values: [1, 3, 1], differs: true, differences: [2, 0] },
      { name: 'params.label', values: ['a', 'b', 'a'], differs: true, differences: [null, null] },
      { name: 'params.same', values: [[1], [1], [1]], differs: false, differences: [null, null] },
    ]);
    expect(train?.metrics).toEqual([
      { name: 'metrics.label', values: ['a', 'b', 'a'], differs: true, differences: [null, null] },
      { name: 'metrics.size', values: [1, 3, 10], differs: true, differences: [2, 9] },
    ]);
  });

  it('has the paths at which other values differ [DML-REP-0372]', async () => {
    const [train] = (await compare('first', 'main')).dags;
    expect(train?.values).toEqual([
      { name: 'root', side: 1, changes: [{ path: '.by', before: '1', after: '10' }], isCut: false },
      { name: 'extra', side: 1, changes: [{ path: '', after: '"new"' }], isCut: false },
    ]);
    const [back] = (await compare('main', 'first')).dags;
    expect(back?.values).toContainEqual({
      name: 'extra',
      side: 1,
      changes: [{ path: '', before: '"new"' }],
      isCut: false,
    });
    const [other] = (await compare('first', 'second')).dags;
    expect(other?.values.find(({ name }) => name === 'root')?.changes).toEqual([
      { path: '.by', before: '1', after: '3' },
      { path: '.rows[2]', before: '1', after: '3' },
    ]);
    const many = other?.values.find(({ name }) => name === 'many');
    expect(many).toMatchObject({ side: 1, isCut: true });
    expect(many?.changes.length).toBe(20);
    expect(other?.values.some(({ name }) => name.startsWith('params.') || name.startsWith('metrics.'))).toBe(
      false,
    );
  });

  it('has the functions of which only one dag has a call [DML-REP-0373]', async () => {
    expect((await compare('first', 'second')).dags[0]?.functions).toEqual([]);
    const use = (name: string) => ({
      uri: expect.stringMatching(new RegExp(`^dml\\+exec://dml-worker/[0-9a-f]{64}/${name}$`)),
      execId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const expected = [
      { functionName: 'added', before: [], after: [use('added')], changes: null, side: 2 },
      {
        functionName: 'scale',
        before: [use('scale')],
        after: [use('scale')],
        changes: expect.anything(),
        side: 2,
      },
    ];
    expect((await compare('first', 'second', 'main')).dags[0]?.functions).toEqual(expected);
    const [gone] = (await compare('main', 'first')).dags[0]?.functions ?? [];
    expect(gone).toMatchObject({ functionName: 'added', before: [use('added')], after: [] });
  });

  it('of one dag refuses a commit without it [DML-REP-0375]', async () => {
    for (const words of [
      ['first', 'main', '--dag', 'raw'],
      ['main:raw', 'first'],
    ])
      expect(await repository.error(3, ['compare', ...words])).toMatchObject({
        code: 'unknown_name',
        detail: 'dag',
      });
  });
});

describe('a comparison of one dag', () => {
  it('of commits that have the same says so [DML-REP-0370]', async () => {
    for (const words of [
      ['first:train', 'first:train'],
      ['first', 'main', '--dag', 'sums'],
    ])
      expect(await compare(...words)).toMatchObject({
        dags: [],
        partial: [],
        unchanged: [expect.any(String)],
      });
  });

  it('has long values whole, and each function once [DML-REP-0371] [DML-REP-0373]', async () => {
    const other = await TestRepository.create();
    const pipeline = (offset: number): string => `
import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./long.ts')>(new URL('./long.ts', import.meta.url));
export const long = definePipeline('long', (dag) => {
  dag.metric('text', 'ab${offset}'.repeat(1_000));
  dag.name('rows', Array.from({ length: 1_000 }, (_, n) => n + ${offset}));
  return [1, 2, 3].map((n) => dag.call(steps.twice, n));
});
`;
    for (const offset of [1, 2]) {
      other.write('long.ts', `export const twice = (n: number) => n * 2 + ${offset};`);
      other.write('long.ts.pipeline.ts', pipeline(offset));
      await other.ok('run', 'long.ts.pipeline.ts');
    }
    const { dags } = await other.json<Document>('compare', 'main~1', 'main');
    expect(dags[0]?.metrics).toEqual([
      {
        name: 'metrics.text',
        values: ['ab1'.repeat(1_000), 'ab2'.repeat(1_000)],
        differs: true,
        differences: [null],
      },
    ]);
    expect(dags[0]?.values).toMatchObject([
      { name: 'root', changes: [{ path: '[0]', before: '3', after: '4' }] },
      { name: 'rows', changes: [{ path: '[0]', before: '1', after: '2' }] },
    ]);
    expect(dags[0]?.functions).toMatchObject([{ functionName: 'twice', before: [{}], after: [{}] }]);
    const text = await other.ok('table', 'long', '--columns', 'rows', '-n', '1');
    expect(text).toMatch(/2, 3, 4, .*…\n/);
    const filtered = await other.json<{ runs: object[] }>('table', 'long', '--filter', 'metrics.text!=ab1');
    expect(filtered.runs).toHaveLength(2);
  });

  it('leaves out the values of calls that a commit has no outcome of [DML-REP-0371] [DML-REP-0372]', async () => {
    await repository.plantCommit(headRef('lost'), { pins: [] });
    const { dags } = await compare('main', 'lost');
    const train = dags.find(({ dag }) => dag === 'train');
    expect(train?.metrics).toEqual([
      { name: 'metrics.label', values: ['a', 'a'], differs: false, differences: [null] },
      { name: 'metrics.size', values: [10, null], differs: true, differences: [null] },
    ]);
    expect(train?.values.filter(({ name }) => name === 'extra')).toEqual([
      { name: 'extra', side: 1, changes: [{ path: '', before: '"new"' }], isCut: false },
    ]);
    // Nor is it the same the other way round.
    expect((await compare('lost:train', 'main')).unchanged).toEqual([]);
    await repository.plant(headRef('lost'), null);
  });
});

describe('dml compare', () => {
  it('takes commits and dags of them, one alone with the current commit [DML-CLI-1790]', async () => {
    const { sides, dags } = await compare('first');
    expect(sides.map(({ name }) => name)).toEqual(['first', 'HEAD']);
    expect((await compare('first', 'main')).dags).toEqual(dags);
    for (const names of [
      ['first:train', 'main'],
      ['first:train', 'main:train'],
      ['first', 'main', '--dag', 'train'],
    ])
      expect(await compare(...names), String(names)).toMatchObject({ dags, unchanged: [], partial: [] });
    const several = (await compare('first', 'second', 'main')).sides.map(({ name }) => name);
    expect(several).toEqual(['first', 'second', 'main']);
    expect((await compare('main~1', 'main')).sides[0]?.commitId).not.toBe(sides[1]?.commitId);
    await repository.refusal(2, ['compare']);
    await repository.refusal(2, ['compare', 'first', '']);
    await repository.refusal(2, ['compare', 'main:train#root', 'main']);
    await repository.refusal(3, ['compare', 'first', 'nothing']);
  });

  it('prints what differs, and what does not [DML-CLI-1791]', async () => {
    const text = await repository.ok('compare', 'first', 'second', 'main');
    expect(
      text
        .replace(/(scale = ).*/g, '$1…')
        .replace(/[0-9a-f]{12}/g, '<bundle>')
        .replace(/ {4}many\..*\n/g, ''),
    ).toBe(
      [
        'train',
        '  parameters  first  second  main',
        '    by        1      3       1',
        '    label     a      b       a',
        '  metrics     first  second  main',
        '    label     a      b       a',
        '    size      1      3 (+2)  10 (+9)',
        '    1 parameter the same',
        '  values',
        '    root.by: 1 → 3 (second)',
        '    root.rows[2]: 1 → 3 (second)',
        '    many: and more (second)',
        '    root.by: 1 → 10 (main)',
        '    extra: "new" is new (main)',
        '  code',
        '    added  new  <bundle> (main)',
        '    scale  changed  <bundle> → <bundle> (main)',
        '      --- model.ts',
        '      +++ model.ts',
        '      @@ -1,5 +1,5 @@',
        '       ',
        '      -export const scale = …',
        '      +export const scale = …',
        "       export const many = (by: number) => Object.fromEntries(Array.from({ length: 30 }, (_, i) => ['k' + i, by + i]));",
        '       export const size = (model: { by: number }) => model.by;',
        "       export const added = () => 'new';",
        '',
        'raw only in main',
        'the same: sums',
        '',
      ].join('\n'),
    );
    const back = await repository.ok('compare', 'main:train', 'first');
    expect(back).toContain('    extra: "new" is gone\n');
    // Of metrics also those that are the same.
    expect(back).toMatch(/ {2}metrics +main:train +first\n {4}label +a +a\n {4}size +10 +1 \(-9\)\n/);
  });

  it('prints how the code of a function changed, each file once [DML-CLI-3701] [DML-REP-3702]', async () => {
    const other = await TestRepository.create();
    await runTwo(other, { lines: 1, version: '1.0.0' });
    await runTwo(other, { lines: 2, version: '2.0.0' });
    const text = await other.ok('compare', 'main~1', 'main');
    expect(text.slice(text.indexOf('  code')).replace(/[0-9a-f]{12}/g, '<bundle>')).toBe(
      [
        '  code',
        '    first  changed  <bundle> → <bundle>',
        '      --- shared.ts',
        '      +++ shared.ts',
        '      @@ -1,1 +1,2 @@',
        '       export const line0 = 0;',
        '      +export const line1 = 1;',
        '      --- two.ts',
        '      +++ two.ts',
        '      @@ -1,5 +1,5 @@',
        "       import { up } from 'lib';",
        "       import * as shared from './shared.ts';",
        '       const all = () => Object.values(shared).length;',
        '      -export const first = () => up(all() + 1);',
        '      -export const second = () => up(all() * 1);',
        '      +export const first = () => up(all() + 2);',
        '      +export const second = () => up(all() * 2);',
        '      library   lib: 1.0.0 before, 2.0.0 now',
        '    second  changed  <bundle> → <bundle>',
        '      shared.ts  as above',
        '      two.ts  as above',
        '      library   lib: 1.0.0 before, 2.0.0 now',
        '',
      ].join('\n'),
    );
    const { dags } = await other.json<Document>('compare', 'main~1', 'main');
    expect(dags[0]?.functions[0]).toMatchObject({
      functionName: 'first',
      changes: {
        files: [
          { path: 'shared.ts', kind: 'changed' },
          {
            path: 'two.ts',
            kind: 'changed',
            diff: expect.arrayContaining(['+export const first = () => up(all() + 2);']),
          },
        ],
        libraries: [{ name: 'lib', before: '1.0.0', after: '2.0.0' }],
      },
    });
    // Where the receipts are not there, nothing is known of the sources.
    const { treeId } = await other.json<{ treeId: CommitRecord['treeId'] }>('show', 'main~1');
    await other.plantCommit(headRef('lost'), { treeId, pins: [] });
    expect(await other.ok('compare', 'lost', 'main')).toMatch(
      / {4}first {2}changed .*\n {6}the sources of one of the two were not kept\n/,
    );
    expect((await other.json<Document>('compare', 'lost', 'main')).dags[0]?.functions[0]).toMatchObject({
      changes: null,
    });
  });

  it('prints little of long changes unless it is told to [DML-CLI-3702]', async () => {
    const other = await TestRepository.create();
    await runTwo(other, { lines: 1, version: '1.0.0' });
    await runTwo(other, { lines: 60, version: '1.0.0' });
    const changed = (text: string): string[] =>
      text.slice(text.indexOf('    first '), text.indexOf('    second ')).trimEnd().split('\n').slice(1);
    const short = changed(await other.ok('compare', 'main~1', 'main'));
    const whole = changed(await other.ok('compare', 'main~1', 'main', '--full'));
    expect(short.slice(0, 40)).toEqual(whole.slice(0, 40).map((line) => line.slice(0, 206)));
    expect(whole.some((line) => line.length > 206)).toBe(true);
    expect(short.slice(40)).toEqual([`      … ${whole.length - 40} more lines (--full shows them)`]);
    expect(whole.filter((line) => line.startsWith('      +export const line'))).toHaveLength(60);
    const { dags } = await other.json<{
      dags: { functions: { changes: { files: { path: string; diff: string[] }[] } }[] }[];
    }>('compare', 'main~1', 'main');
    const [shared] = dags[0]?.functions[0]?.changes.files ?? [];
    expect(shared?.diff).toHaveLength(62);
    expect(shared?.diff.at(-1)).toMatch(/x{250}$/);
  });

  it('prints by how much a metric differs [DML-CLI-1792]', async () => {
    expect(await repository.ok('compare', 'main', 'second', 'main')).toContain(
      'size      10    3 (-7)  10\n',
    );
  });

  it('prints all parameters and metrics as JSON [DML-CLI-1793]', async () => {
    const { sides, dags } = await compare('first', 'second');
    expect(sides).toEqual([
      { name: 'first', commitId: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { name: 'second', commitId: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(dags[0]).toEqual({
      dag: 'train',
      dagIds: [expect.any(String), expect.any(String)],
      parameters: [expect.anything(), expect.anything(), expect.objectContaining({ name: 'params.same' })],
      metrics: [expect.anything(), expect.anything()],
      values: [expect.objectContaining({ name: 'root' }), expect.objectContaining({ name: 'many' })],
      functions: [],
    });
  });
});
