import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { Project, recorded } from '../test/project.ts';
import type { Dag } from './dag.ts';
import type { NodeHandle } from './node-handle.ts';

let project: Project;
let dag: Dag;
beforeAll(async () => {
  project = await Project.create();
  dag = project.repository.newDag('builtins');
});

/** What a builtin makes of inputs: a value, or the code of its failure. */
type Outcome = { readonly value: unknown } | { readonly code: string };
type Example = readonly [inputs: readonly unknown[], outcome: Outcome];

const yields = (value: unknown): Outcome => ({ value });
const absent: Outcome = { code: 'missing_element' };
const outside: Outcome = { code: 'index_out_of_range' };

const long = Array.from({ length: 3000 }, (_, index) => `item ${index}`);
const [oneTwo, twoThree] = [new Set([1, 2]), new Set([2, 3])];
const [left, right] = [
  { a: 1, b: 2 },
  { b: 9, c: 3 },
];

/** The first example of each tells the builtin from every other one. */
const builtins: readonly (readonly [name: string, id: string, examples: readonly Example[]])[] = [
  [
    'list/construct',
    'DML-BND-1110',
    [
      [[3, 'a', [1]], yields([3, 'a', [1]])],
      [[1, 1], yields([1, 1])],
    ],
  ],
  [
    'list/get',
    'DML-BND-1111',
    [
      [[[5, 1, 7], 1], yields(1)],
      [[long, 2999, 'default'], yields('item 2999')],
      [[[5], 1, 'default'], yields('default')],
      [[[5], -1, 'default'], yields('default')],
      [[[5], 1, null], yields(null)],
      [[[5], 1], absent],
      [[[5], 2n ** 60n], absent],
    ],
  ],
  [
    'list/add',
    'DML-BND-1112',
    [
      [[[5, 7], 1, 6], yields([5, 6, 7])],
      [[[5, 7], 0, 6], yields([6, 5, 7])],
      [[[5, 7], 2, [6]], yields([5, 7, [6]])],
      [[[5, 7], 3, 6], outside],
      [[[5, 7], -1, 6], outside],
    ],
  ],
  [
    'list/prepend',
    'DML-BND-1113',
    [
      [[[5, 1], 9], yields([9, 5, 1])],
      [[[], [9]], yields([[9]])],
    ],
  ],
  [
    'list/append',
    'DML-BND-1114',
    [
      [[[5, 1], 9], yields([5, 1, 9])],
      [[long, { a: 1 }], yields([...long, { a: 1 }])],
    ],
  ],
  [
    'list/remove',
    'DML-BND-1115',
    [
      [[[5, 1, 7], 1], yields([5, 7])],
      [[[5], 0], yields([])],
      [[[5], 1], outside],
      [[[5], -1], outside],
      [[[5], 2n ** 60n], outside],
    ],
  ],
  [
    'list/union',
    'DML-BND-1116',
    [
      [
        [
          [1, 2],
          [2, 3],
        ],
        yields([1, 2, 2, 3]),
      ],
      [[[], [1]], yields([1])],
    ],
  ],
  ['set/construct', 'DML-BND-1117', [[[3, 'a', [1]], yields(new Set([3, 'a', [1]]))]]],
  [
    'set/get',
    'DML-BND-1118',
    [
      [[oneTwo, 2], yields(2)],
      [[oneTwo, 2, 'default'], yields(2)],
      [[oneTwo, 3, 'default'], yields('default')],
      [[oneTwo, 3], absent],
    ],
  ],
  [
    'set/add',
    'DML-BND-1119',
    [
      [[oneTwo, 9], yields(new Set([1, 2, 9]))],
      [[oneTwo, 1], yields(oneTwo)],
    ],
  ],
  [
    'set/remove',
    'DML-BND-1120',
    [
      [[oneTwo, 2], yields(new Set([1]))],
      [[oneTwo, 9], yields(oneTwo)],
    ],
  ],
  ['set/union', 'DML-BND-1121', [[[oneTwo, twoThree], yields(new Set([1, 2, 3]))]]],
  ['set/intersection', 'DML-BND-1122', [[[oneTwo, twoThree], yields(new Set([2]))]]],
  ['set/difference', 'DML-BND-1123', [[[oneTwo, twoThree], yields(new Set([1]))]]],
  ['map/construct', 'DML-BND-1124', [[['b', 2, 'a', [1]], yields({ a: [1], b: 2 })]]],
  [
    'map/get',
    'DML-BND-1125',
    [
      [[left, 'b'], yields(2)],
      [[left, 'b', 'default'], yields(2)],
      [[left, 'c', 'default'], yields('default')],
      [[left, 'c'], absent],
    ],
  ],
  [
    'map/assoc',
    'DML-BND-1126',
    [
      [[left, 'b', 'x'], yields({ a: 1, b: 'x' })],
      [[left, 'c', [1]], yields({ a: 1, b: 2, c: [1] })],
    ],
  ],
  [
    'map/dissoc',
    'DML-BND-1127',
    [
      [[left, 'b'], yields({ a: 1 })],
      [[left, 'c'], yields(left)],
    ],
  ],
  ['map/union', 'DML-BND-1128', [[[left, right], yields({ a: 1, b: 9, c: 3 })]]],
  ['map/intersection', 'DML-BND-1129', [[[left, right], yields({ b: 2 })]]],
  ['map/difference', 'DML-BND-1130', [[[left, right], yields({ a: 1 })]]],
];

/** Applies a builtin as an author does: by its method, and those that construct by a literal with a handle. */
function applied(name: string, inputs: readonly unknown[]): NodeHandle {
  const [kind, operation = ''] = name.split('/') as [Kind, string?];
  if (operation === 'construct') return dag.literal(collectionOf(kind, inputs));
  return (dag[kind] as unknown as Methods)[operation]?.(...inputs) as NodeHandle;
}

type Kind = 'list' | 'set' | 'map';
type Methods = Record<string, (...inputs: unknown[]) => NodeHandle>;

function collectionOf(kind: Kind, inputs: readonly unknown[]): unknown {
  const handles = inputs.map((input) => dag.literal(input as never));
  if (kind === 'list') return handles;
  if (kind === 'set') return new Set(handles);
  const keys = inputs.filter((_, index) => index % 2 === 0);
  return new Map(keys.map((key, index) => [key, handles[2 * index + 1]]));
}

async function outcomeOf(handle: NodeHandle): Promise<Outcome> {
  return handle.value().then(yields, ({ code }: { code: string }) => ({ code }));
}

/** What a builtin makes of inputs; undefined for inputs that an author cannot give it. */
async function outcome(name: string, inputs: readonly unknown[]): Promise<Outcome | undefined> {
  let handle: NodeHandle;
  try {
    handle = applied(name, inputs);
  } catch {
    return undefined;
  }
  return outcomeOf(handle);
}

describe('the builtin', () => {
  it.each(builtins)('%s yields what it promises [%s]', async (name, _id, examples) => {
    for (const [inputs, expected] of examples) {
      const handle = applied(name, inputs);
      expect(await outcomeOf(handle)).toEqual(expected);
      expect(recorded(dag, handle).uri).toBe(`dml://${name}`);
    }
  });

  it.each(builtins)('%s takes its inputs in their order [%s]', (name, _id, examples) => {
    for (const [inputs] of examples) {
      const ids = inputs.map((input) => dag.literal(input as never).nodeId);
      const expected = name === 'set/construct' || name === 'map/construct' ? ids.sort() : ids;
      const actual = recorded(dag, applied(name, inputs)).inputs;
      expect(name === 'map/construct' ? actual.sort() : actual).toEqual(expected);
    }
  });

  it.each(builtins)('%s is told by its first example from every other', async (name, _id, [example]) => {
    const [inputs, expected] = example as Example;
    for (const [other] of builtins.filter(([each]) => each !== name)) {
      const found = await outcome(other, inputs);
      expect(isDeepStrictEqual(found, expected), `${other} for ${name}`).toBe(false);
    }
  });
});

describe('Dag.list, Dag.set and Dag.map', () => {
  it('have a method for each builtin but those that construct [DML-BND-1131]', () => {
    const methods = (['list', 'set', 'map'] as const).flatMap((kind) =>
      Object.keys(dag[kind]).map((operation) => `${kind}/${operation}`),
    );
    const named = builtins.map(([name]) => name).filter((name) => !name.endsWith('/construct'));
    expect(methods.sort()).toEqual(named.sort());
  });

  it('apply their builtins to as many arguments as they get [DML-BND-1131]', async () => {
    for (const [name] of builtins.filter(([each]) => !each.endsWith('/construct'))) {
      for (const inputs of [[], ['a', 'b', 'c', 'd']]) {
        const handle = applied(name, inputs);
        const ids = inputs.map((input) => dag.literal(input).nodeId);
        expect(recorded(dag, handle)).toEqual({ uri: `dml://${name}`, inputs: ids });
        expect(await outcomeOf(handle)).toEqual({ code: 'wrong_arity' });
      }
    }
  });
});
