import { isDeepStrictEqual } from 'node:util';
import { OUTCOME_URI } from '@daggerml/object-model';
import { MemoryObjects } from '@daggerml/values/testing';
import { describe, expect, it } from 'vitest';
import { evaluateBuiltin } from './evaluate.ts';
import { type BuiltinKind, builtinOperations, builtinUri } from './table.ts';

const objects = new MemoryObjects();

/** Returns the lifted result of a builtin on values, or the code of its failure. */
function apply(name: string, ...inputs: readonly unknown[]): unknown {
  const inputDatumIds = inputs.map((input) => objects.lower(input));
  const outcome = evaluateBuiltin(`dml://${name}`, inputDatumIds, objects);
  return outcome.status === 'ok' ? objects.lift(outcome.datumId) : outcome.code;
}

interface Example {
  readonly inputs: readonly unknown[];
  readonly result: unknown;
}

const on = (...inputs: readonly unknown[]) => ({ gives: (result: unknown): Example => ({ inputs, result }) });

const long = Array.from({ length: 3000 }, (_, index) => `item ${index}`);
const oneTwo = new Set([1, 2]);
const twoThree = new Set([2, 3]);
const ab = { a: 1, b: 2 };
const bc = { b: 9, c: 3 };

/** The inputs that each builtin takes, and examples; the first one distinguishes it from every other builtin. */
const builtins: readonly (readonly [
  name: string,
  id: string,
  signature: string,
  ...examples: readonly Example[],
])[] = [
  [
    'list/construct',
    'DML-BND-1110',
    '…',
    on(3, 'a', [1]).gives([3, 'a', [1]]),
    on().gives([]),
    on(2, 'a', [2], 2).gives([2, 'a', [2], 2]),
    on(...long).gives(long),
  ],
  [
    'list/get',
    'DML-BND-1111',
    'list index any?',
    on([5, 1, 7], 1).gives(1),
    on(long, 2999, 'default').gives('item 2999'),
    on([5], 1, 'default').gives('default'),
    on([5], -1, 'default').gives('default'),
    on([5], 1, null).gives(null),
    on([5], 1).gives('missing_element'),
    on([5], 2n ** 60n).gives('missing_element'),
  ],
  [
    'list/add',
    'DML-BND-1112',
    'list index any',
    on([5, 7], 1, 6).gives([5, 6, 7]),
    on([5, 7], 0, 6).gives([6, 5, 7]),
    on([5, 7], 2, [6]).gives([5, 7, [6]]),
    on([5, 7], 3, 6).gives('index_out_of_range'),
    on([5, 7], -1, 6).gives('index_out_of_range'),
  ],
  ['list/prepend', 'DML-BND-1113', 'list any', on([5, 1], 9).gives([9, 5, 1]), on([], [9]).gives([[9]])],
  [
    'list/append',
    'DML-BND-1114',
    'list any',
    on([5, 1], 9).gives([5, 1, 9]),
    on(long, { a: 1 }).gives([...long, { a: 1 }]),
  ],
  [
    'list/remove',
    'DML-BND-1115',
    'list index',
    on([5, 1, 7], 1).gives([5, 7]),
    on([5], 0).gives([]),
    on([5], 1).gives('index_out_of_range'),
    on([5], -1).gives('index_out_of_range'),
    on([5], 2n ** 60n).gives('index_out_of_range'),
  ],
  ['list/union', 'DML-BND-1116', 'list list', on([1, 2], [2, 3]).gives([1, 2, 2, 3]), on([], [1]).gives([1])],
  [
    'set/construct',
    'DML-BND-1117',
    '…',
    on(3, 'a', [1]).gives(new Set([3, 'a', [1]])),
    on().gives(new Set()),
    on(2, [1], 1, [1], 2).gives(new Set([1, 2, [1]])),
  ],
  [
    'set/get',
    'DML-BND-1118',
    'set any any?',
    on(oneTwo, 2).gives(2),
    on(oneTwo, 2, 'default').gives(2),
    on(oneTwo, 3, 'default').gives('default'),
    on(oneTwo, 3).gives('missing_element'),
  ],
  [
    'set/add',
    'DML-BND-1119',
    'set any',
    on(oneTwo, 9).gives(new Set([1, 2, 9])),
    on(oneTwo, 1).gives(oneTwo),
  ],
  ['set/remove', 'DML-BND-1120', 'set any', on(oneTwo, 2).gives(new Set([1])), on(oneTwo, 9).gives(oneTwo)],
  ['set/union', 'DML-BND-1121', 'set set', on(oneTwo, twoThree).gives(new Set([1, 2, 3]))],
  ['set/intersection', 'DML-BND-1122', 'set set', on(oneTwo, twoThree).gives(new Set([2]))],
  ['set/difference', 'DML-BND-1123', 'set set', on(oneTwo, twoThree).gives(new Set([1]))],
  [
    'map/construct',
    'DML-BND-1124',
    '…',
    on('b', 2, 'a', [1]).gives({ a: [1], b: 2 }),
    on().gives({}),
    on('b', 1, 'a', [1], 'b', 2).gives({ a: [1], b: 2 }),
  ],
  [
    'map/get',
    'DML-BND-1125',
    'map key any?',
    on(ab, 'b').gives(2),
    on(ab, 'b', 'default').gives(2),
    on(ab, 'c', 'default').gives('default'),
    on(ab, 'c').gives('missing_element'),
  ],
  [
    'map/assoc',
    'DML-BND-1126',
    'map key any',
    on(ab, 'b', 'x').gives({ a: 1, b: 'x' }),
    on(ab, 'c', [1]).gives({ a: 1, b: 2, c: [1] }),
  ],
  ['map/dissoc', 'DML-BND-1127', 'map key', on(ab, 'b').gives({ a: 1 }), on(ab, 'c').gives(ab)],
  ['map/union', 'DML-BND-1128', 'map map', on(ab, bc).gives({ a: 1, b: 9, c: 3 })],
  ['map/intersection', 'DML-BND-1129', 'map map', on(ab, bc).gives({ b: 2 })],
  ['map/difference', 'DML-BND-1130', 'map map', on(ab, bc).gives({ a: 1 })],
];
const promised = builtins.map(([name, id, , ...examples]) => ({ name, id, examples }));
const fixed = builtins.flatMap(([name, , signature]) => (signature === '…' ? [] : [{ name, signature }]));

const right: Readonly<Record<string, unknown>> = {
  list: [5],
  set: new Set([5]),
  map: { k: 5 },
  index: 0,
  key: 'k',
  any: 5,
};
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  list: [new Set([5]), { k: 5 }, 5, null],
  set: [[5], { k: 5 }, 5, null],
  map: [[5], new Set([5]), 5, null],
  index: ['0', 0.5, null, [0]],
  key: [0, null, ['k'], 'k'.repeat(4097)],
  any: [],
};

describe('the builtin', () => {
  // A title made by $id would put the id in quotes, where it cites nothing.
  it.each(promised.map((row) => [row.name, row.id, row] as const))(
    '%s gives what it promises [%s]',
    (name, _, { examples }) => {
      for (const { inputs, result } of examples) expect(apply(name, ...inputs)).toEqual(result);
      const [{ inputs, result }] = examples as [Example];
      for (const [other] of builtins.filter(([each]) => each !== name))
        expect(isDeepStrictEqual(apply(other, ...inputs), result), other).toBe(false);
    },
  );

  it.each(fixed)('$name fails for an input of the wrong kind [DML-BND-1107]', ({ name, signature }) => {
    const kinds = signature.replaceAll('?', '').split(' ');
    const inputs = kinds.map((kind) => right[kind]);
    expect(String(apply(name, ...inputs))).not.toMatch(/^wrong_/);
    for (const [at, kind] of kinds.entries())
      for (const other of wrong[kind] ?? [])
        expect(apply(name, ...inputs.with(at, other)), `input ${at}`).toBe('wrong_kind');
  });

  it.each(fixed)('$name fails for a wrong number of inputs [DML-BND-1108]', ({ name, signature }) => {
    const kinds = signature.split(' ');
    const all = kinds.map((kind) => right[kind.replace('?', '')]);
    const fewest = kinds.filter((kind) => !kind.endsWith('?')).length;
    for (let count = 0; count <= all.length + 1; count++) {
      const isWrong = count < fewest || count > all.length;
      const found = apply(name, ...[...all, 5].slice(0, count));
      expect(found === 'wrong_arity', `${count} inputs`).toBe(isWrong);
    }
  });
});

describe('evaluateBuiltin', () => {
  it('returns the same datum as lowering the result', () => {
    const inputs = [objects.lower([1]), objects.lower('x'.repeat(500))];
    const outcome = evaluateBuiltin('dml://list/append', inputs, objects);
    expect(outcome).toEqual({ status: 'ok', datumId: objects.lower([1, 'x'.repeat(500)]) });
  });

  it('knows the inputs of every builtin', () => {
    const names = (['list', 'set', 'map'] satisfies BuiltinKind[]).flatMap((kind) =>
      builtinOperations(kind).map((operation) => builtinUri(kind, operation as never).slice('dml://'.length)),
    );
    expect(names.sort()).toEqual(builtins.map(([name]) => name).sort());
  });

  it('fails to construct a map with a key that is none [DML-BND-1107]', () => {
    for (const key of wrong.key ?? []) expect(apply('map/construct', 'a', 1, key, 2)).toBe('wrong_kind');
  });

  it('fails to construct a map of keys and values that are not as many [DML-BND-1108]', () => {
    for (const inputs of [['a'], ['a', 1, 'b']])
      expect(apply('map/construct', ...inputs)).toBe('wrong_arity');
  });

  it('returns the input value of an outcome, and takes one [DML-BND-1744]', () => {
    const outcome = objects.lower({ status: 'ok', value: [1] });
    expect(evaluateBuiltin(OUTCOME_URI, [outcome], objects)).toEqual({ status: 'ok', datumId: outcome });
    expect(apply('call/outcome')).toBe('wrong_arity');
  });

  it('fails for a URI that names no builtin [DML-BND-1109]', () => {
    for (const name of ['list/explode', 'constructor/toString', 'list/toString', 'list', '', 'map/append'])
      expect(apply(name, [1])).toBe('unknown_builtin');
  });
});
