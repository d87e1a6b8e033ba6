import { MemoryObjects } from '@daggerml/values/testing';
import { describe, expect, it } from 'vitest';
import { evaluateBuiltin } from './evaluate.ts';
import { type BuiltinKind, builtinOperations, builtinUri } from './table.ts';

const objects = new MemoryObjects();

/** The lifted result of a builtin on values, or the code of its failure. */
function apply(name: string, ...inputs: unknown[]): unknown {
  const outcome = evaluateBuiltin(
    `dml://${name}`,
    inputs.map((input) => objects.lower(input)),
    objects,
  );
  return outcome.status === 'ok' ? objects.lift(outcome.datumId) : outcome.code;
}

/** Inputs that each builtin takes; what is no value of a kind is one of `any`. */
const signatures: Readonly<Record<string, string>> = {
  'list/get': 'list index any?',
  'list/add': 'list index any',
  'list/prepend': 'list any',
  'list/append': 'list any',
  'list/remove': 'list index',
  'list/union': 'list list',
  'set/get': 'set any any?',
  'set/add': 'set any',
  'set/remove': 'set any',
  'set/union': 'set set',
  'set/intersection': 'set set',
  'set/difference': 'set set',
  'map/get': 'map key any?',
  'map/assoc': 'map key any',
  'map/dissoc': 'map key',
  'map/union': 'map map',
  'map/intersection': 'map map',
  'map/difference': 'map map',
};

const examples: Readonly<Record<string, unknown>> = {
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

describe('evaluateBuiltin', () => {
  it('constructs lists of any length [DML-BND-1110]', () => {
    expect(apply('list/construct')).toEqual([]);
    expect(apply('list/construct', 2, 'a', [2], 2)).toEqual([2, 'a', [2], 2]);
    const long = Array.from({ length: 3000 }, (_, index) => `item ${index}`);
    expect(apply('list/construct', ...long)).toEqual(long);
  });

  it('constructs sets, of equal items one [DML-BND-1117]', () => {
    expect(apply('set/construct')).toEqual(new Set());
    expect(apply('set/construct', 2, [1], 1, [1], 2)).toEqual(new Set([1, 2, [1]]));
  });

  it('constructs maps, of equal keys the last [DML-BND-1124]', () => {
    expect(apply('map/construct')).toEqual({});
    expect(apply('map/construct', 'b', 1, 'a', [1], 'b', 2)).toEqual({ a: [1], b: 2 });
  });

  it('yields the same datum as lowering the result', () => {
    const outcome = evaluateBuiltin(
      'dml://list/append',
      [objects.lower([1]), objects.lower('x'.repeat(500))],
      objects,
    );
    expect(outcome).toEqual({ status: 'ok', datumId: objects.lower([1, 'x'.repeat(500)]) });
  });

  it('knows the inputs of every builtin', () => {
    const names = (['list', 'set', 'map'] satisfies BuiltinKind[]).flatMap((kind) =>
      builtinOperations(kind).map((operation) => builtinUri(kind, operation as never).slice('dml://'.length)),
    );
    const constructs = ['list/construct', 'set/construct', 'map/construct'];
    expect(names.sort()).toEqual([...Object.keys(signatures), ...constructs].sort());
  });

  it.each(Object.entries(signatures))(
    'fails %s for an input of the wrong kind [DML-BND-1107]',
    (name, signature) => {
      const kinds = signature.replaceAll('?', '').split(' ');
      const right = kinds.map((kind) => examples[kind]);
      expect(String(apply(name, ...right))).not.toMatch(/^wrong_/);
      for (const [at, kind] of kinds.entries())
        for (const other of wrong[kind] ?? [])
          expect(
            apply(name, ...right.map((input, index) => (index === at ? other : input))),
            `input ${at}`,
          ).toBe('wrong_kind');
    },
  );

  it('fails to construct a map with a key that is none [DML-BND-1107]', () => {
    for (const key of wrong.key ?? []) expect(apply('map/construct', 'a', 1, key, 2)).toBe('wrong_kind');
  });

  it.each(Object.entries(signatures))(
    'fails %s for a wrong number of inputs [DML-BND-1108]',
    (name, signature) => {
      const kinds = signature.split(' ');
      const all = kinds.map((kind) => examples[kind.replace('?', '')]);
      const fewest = kinds.filter((kind) => !kind.endsWith('?')).length;
      for (let count = 0; count <= all.length + 1; count++) {
        const inputs = [...all, 5].slice(0, count);
        const isWrong = count < fewest || count > all.length;
        expect(apply(name, ...inputs) === 'wrong_arity', `${count} inputs`).toBe(isWrong);
      }
    },
  );

  it('fails to construct a map of keys and values that are not as many [DML-BND-1108]', () => {
    expect([apply('map/construct', 'a'), apply('map/construct', 'a', 1, 'b')]).toEqual([
      'wrong_arity',
      'wrong_arity',
    ]);
  });

  it('fails for a URI that names no builtin [DML-BND-1109]', () => {
    for (const name of ['list/explode', 'constructor/toString', 'list/toString', 'list', '', 'map/append'])
      expect(apply(name, [1])).toBe('unknown_builtin');
  });
});
