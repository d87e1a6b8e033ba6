import { treeEntries } from '@daggerml/object-model';
import { RecordReader } from '@daggerml/repository';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Project } from '../test/project.ts';
import { bindParameters, listParameters, parameterFromText } from './parameters.ts';
import { definePipeline } from './pipeline.ts';

const DEFAULTS = { lambda: 1, model: 'ridge', deep: false, columns: ['a'], grid: { x: 1 }, any: null };
const plain = definePipeline('plain', { parameters: DEFAULTS }, (_dag, params) => params);
const checked = definePipeline(
  'checked',
  {
    parameters: z.object({
      lambda: z.number().positive().default(1).describe('weight of the penalty'),
      model: z.enum(['ridge', 'tree']).default('ridge'),
      folds: z.number().int().describe('parts of the data'),
      label: z.string().optional(),
      day: z.coerce.number().default(0),
    }),
  },
  (_dag, params) => ({ ...params, label: params.label ?? 'none' }),
);

let project: Project;
beforeAll(async () => {
  project = await Project.create();
});

describe('the parameters of a pipeline', () => {
  it('are what the run gives, else the defaults [DML-BND-1700]', async () => {
    const { root, parameters } = await project.repository.run(plain, {
      parameters: { lambda: 0.5, columns: ['b', 'c'] },
    });
    const expected = { ...DEFAULTS, lambda: 0.5, columns: ['b', 'c'] };
    expect(await root.value()).toEqual(expected);
    expect(parameters).toEqual(expected);
    expect(bindParameters(plain)).toEqual(DEFAULTS);
  });

  it('are copies: a pipeline that changes them changes no default [DML-BND-1700]', () => {
    (bindParameters(plain).columns as string[]).push('z');
    expect(bindParameters(plain)).toEqual(DEFAULTS);
  });

  it('take the kind of their defaults, and anything where that is null [DML-BND-1701]', () => {
    const good = { lambda: 2.5, model: '', deep: true, columns: [], grid: {} };
    expect(bindParameters(plain, good)).toMatchObject(good);
    for (const any of [1, 'x', true, [1], { a: 1 }, null])
      expect(bindParameters(plain, { any }).any).toEqual(any);
    const values = [1, 'x', true, [], {}];
    for (const [name, at] of [
      ['lambda', 0],
      ['model', 1],
      ['deep', 2],
      ['columns', 3],
      ['grid', 4],
    ] as const)
      for (const value of [...values.toSpliced(at, 1), null, 1n, new Date(), () => 1])
        expect(() => bindParameters(plain, { [name]: value })).toThrow('invalid_parameter');
    expect(() => bindParameters(plain, { any: () => 1 })).toThrow('invalid_parameter');
    const broken = definePipeline('broken', { parameters: { when: new Date() } }, () => 1);
    expect(() => bindParameters(broken)).toThrow('a default that is no value of JSON');
  });

  it('have names that commands can take [DML-BND-1702]', () => {
    for (const name of ['a', '_b', 'c-1', 'größe'])
      expect(bindParameters(definePipeline('x', { parameters: { [name]: 1 } }, () => 1))).toEqual({
        [name]: 1,
      });
    for (const name of ['', 'a=b', 'a b', '1a', '-a', 'a.b', 'a,b', 'a/b', 'gro\u0308ße'])
      expect(() => bindParameters(definePipeline('x', { parameters: { [name]: 1 } }, () => 1)), name).toThrow(
        'invalid_name',
      );
  });

  it('are refused by a wrong name with the nearest one [DML-BND-1703]', async () => {
    const run = project.repository.run(plain, { parameters: { lamda: 1 } as object });
    await expect(run).rejects.toMatchObject({
      code: 'unknown_parameter',
      fields: { parameter: 'lamda', known: Object.keys(DEFAULTS), nearest: ['lambda'] },
    });
    for (const name of ['__proto__', 'constructor', 'toString'])
      expect(() => parameterFromText(plain, name, '1')).toThrow('unknown_parameter');
    const none = definePipeline('none', () => 1);
    expect(() => bindParameters(none, { a: 1 })).toThrow('the pipeline has none');
  });

  it('are refused by a wrong value, with what they take, before anything runs [DML-BND-1704]', async () => {
    let built = 0;
    const counting = definePipeline('counting', { parameters: { n: 1 } }, () => (built += 1));
    const run = project.repository.run(counting, { parameters: { n: 'x' } as object });
    await expect(run).rejects.toThrow('the parameter "n" takes a number, not text: "x"');
    expect(built).toBe(0);
    expect(() => bindParameters(checked, { folds: 1.5 })).toThrow(/"folds" takes a number \(.*int/);
    expect(() => bindParameters(checked, { folds: 1, model: 'x' })).toThrow('takes "ridge" or "tree"');
  });

  it('stand for JSON where they take it, else for the text [DML-BND-1705]', () => {
    const read = (name: string, text: string) => parameterFromText(plain, name, text);
    expect([
      read('lambda', '1e-3'),
      read('deep', 'true'),
      read('columns', '["x"]'),
      read('any', '7'),
    ]).toEqual([0.001, true, ['x'], 7]);
    for (const text of ['3', 'true', '"quoted"', '', 'a,b', 'null']) expect(read('model', text)).toBe(text);
    for (const text of ['', 'x', '"1"', '1,2', 'true', '12345678901234567890'])
      expect(() => read('lambda', text), text).toThrow('takes a number');
    expect(parameterFromText(checked, 'model', 'tree')).toBe('tree');
    expect(parameterFromText(checked, 'folds', '3')).toBe(3);
  });

  it('without a default have to be given [DML-BND-1706]', () => {
    expect(() => bindParameters(checked)).toThrow('the parameter "folds" has no default and is not given');
    expect(() => bindParameters(checked, { folds: undefined })).toThrow('"folds" has no default');
  });

  it('are literals of the dag by name, whatever uses them [DML-BND-1707]', async () => {
    const uses = definePipeline('uses', { parameters: { a: 1, b: 1, c: [2] } }, (dag, { a }) =>
      dag.call(project.steps.add, a, 2),
    );
    const { dagId, dag, root } = await project.repository.run(uses, { parameters: { b: 3 } });
    const objects = new RecordReader(project.repository.store);
    const names = [...treeEntries('names', objects.read('dag', dagId).names, objects)];
    expect(names.map(([name]) => name)).toEqual(['params.a', 'params.b', 'params.c']);
    for (const [, nodeId] of names) expect(objects.read('node', nodeId).kind).toBe('literal');
    expect(await project.repository.read('uses#params.b')).toBe(3);
    expect(await project.repository.read('uses#params.c[0]')).toBe(2);
    // A literal with the value of a parameter is the same node; its value says more than the name.
    expect(dag.describeCall(root.nodeId).text).toBe('add(1, 2)');
  });

  it('are described by a schema, whose output the pipeline gets [DML-BND-1708]', async () => {
    expect(listParameters(checked)).toEqual([
      {
        name: 'lambda',
        type: 'a number',
        isRequired: false,
        default: 1,
        description: 'weight of the penalty',
      },
      {
        name: 'model',
        type: '"ridge" or "tree"',
        isRequired: false,
        default: 'ridge',
        description: undefined,
      },
      {
        name: 'folds',
        type: 'a number',
        isRequired: true,
        default: undefined,
        description: 'parts of the data',
      },
      { name: 'label', type: 'text', isRequired: false, default: undefined, description: undefined },
      { name: 'day', type: 'a number', isRequired: false, default: 0, description: undefined },
    ]);
    const { root } = await project.repository.run(checked, { parameters: { folds: 3, day: '5' } });
    expect(await root.value()).toEqual({ lambda: 1, model: 'ridge', folds: 3, label: 'none', day: 5 });
    expect(() => bindParameters(checked, { folds: 1, lambda: -1 })).toThrow('"lambda" takes a number');
  });

  it('may limit each other by a schema [DML-BND-1708]', () => {
    const schema = z
      .object({ from: z.number().default(0), to: z.number().default(9) })
      .refine(({ from, to }) => from < to, { path: ['to'], message: 'is not above "from"' });
    const range = definePipeline('range', { parameters: schema }, () => 1);
    expect(bindParameters(range, { from: 3 })).toEqual({ from: 3, to: 9 });
    expect(() => bindParameters(range, { from: 9 })).toThrow(
      'the parameter "to" is refused: is not above "from"',
    );
  });
});

describe('a metric', () => {
  it('is a node of the dag by name [DML-BND-1720]', async () => {
    const pipeline = definePipeline('metric', (dag) => {
      const sum = dag.call(project.steps.add, 1, 2);
      expect(dag.metric('test/sum', sum)).toBe(sum);
      dag.metric('ok', true);
      dag.metric('note', 'good');
      return sum;
    });
    await project.repository.run(pipeline);
    const read = (name: string) => project.repository.read(`metric#metrics.${name}`);
    expect([await read('test/sum'), await read('ok'), await read('note')]).toEqual([3, true, 'good']);
    const dag = project.repository.newDag('names');
    expect(() => dag.metric('a b', 1)).toThrow('invalid_name');
    await dag.close();
  });

  it('that is no number, boolean or text is refused, and nothing is committed [DML-BND-1721]', async () => {
    const { head } = project.repository;
    for (const value of [[1], { a: 1 }, null, new Uint8Array(1)]) {
      const pipeline = definePipeline('wrong', (dag) => {
        dag.metric('m', dag.literal(value as unknown) as never);
        return 1;
      });
      await expect(project.repository.run(pipeline)).rejects.toThrow(/unsupported_value: metrics\.m/);
    }
    expect(project.repository.head).toEqual(head);
  });
});
