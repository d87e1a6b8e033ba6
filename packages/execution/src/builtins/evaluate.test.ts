import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/memory-objects.ts';
import { builtinUris, evaluateBuiltin } from './evaluate.ts';

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

describe('evaluateBuiltin', () => {
  it('applies list builtins as the table says [DML-BND-1101]', () => {
    const long = Array.from({ length: 3000 }, (_, index) => `item ${index}`);
    expect(apply('list/construct')).toEqual([]);
    expect(apply('list/construct', 1, 'a', [2])).toEqual([1, 'a', [2]]);
    expect(apply('list/get', long, 2999)).toBe('item 2999');
    expect(apply('list/add', [1, 3], 1, 2)).toEqual([1, 2, 3]);
    expect(apply('list/add', [1], 1, 2)).toEqual([1, 2]);
    expect(apply('list/prepend', [1], 0)).toEqual([0, 1]);
    expect(apply('list/append', long, { a: 1 })).toEqual([...long, { a: 1 }]);
    expect(apply('list/remove', [1, 2, 3], 1)).toEqual([1, 3]);
    expect(apply('list/union', [1, 2], [2, 3])).toEqual([1, 2, 2, 3]);
  });

  it('applies set builtins as the table says [DML-BND-1102]', () => {
    const [left, right] = [new Set([1, 2, 'a']), new Set([2, 'a', 3])];
    expect(apply('set/construct', 1, 2, 1)).toEqual(new Set([1, 2]));
    expect(apply('set/get', left, 'a')).toBe('a');
    expect(apply('set/add', left, 9)).toEqual(new Set([1, 2, 'a', 9]));
    expect(apply('set/add', left, 1)).toEqual(left);
    expect(apply('set/remove', left, 1)).toEqual(new Set([2, 'a']));
    expect(apply('set/remove', left, 7)).toEqual(left);
    expect(apply('set/union', left, right)).toEqual(new Set([1, 2, 'a', 3]));
    expect(apply('set/intersection', left, right)).toEqual(new Set([2, 'a']));
    expect(apply('set/difference', left, right)).toEqual(new Set([1]));
  });

  it('applies map builtins as the table says [DML-BND-1103]', () => {
    const [left, right] = [
      { a: 1, b: 2 },
      { b: 9, c: 3 },
    ];
    expect(apply('map/construct', 'b', 2, 'a', [1])).toEqual({ a: [1], b: 2 });
    expect(apply('map/get', left, 'b')).toBe(2);
    expect(apply('map/assoc', left, 'b', 'x')).toEqual({ a: 1, b: 'x' });
    expect(apply('map/dissoc', left, 'a')).toEqual({ b: 2 });
    expect(apply('map/dissoc', left, 'z')).toEqual(left);
    expect(apply('map/union', left, right)).toEqual({ a: 1, b: 9, c: 3 });
    expect(apply('map/intersection', left, right)).toEqual({ b: 2 });
    expect(apply('map/difference', left, right)).toEqual({ a: 1 });
  });

  it('yields the same datum as lowering the result', () => {
    const outcome = evaluateBuiltin(
      'dml://list/append',
      [objects.lower([1]), objects.lower('x'.repeat(500))],
      objects,
    );
    expect(outcome).toEqual({ status: 'ok', datumId: objects.lower([1, 'x'.repeat(500)]) });
  });

  it('yields the default for something absent [DML-BND-1104]', () => {
    expect(apply('list/get', [1], 5, 'none')).toBe('none');
    expect(apply('list/get', [1], -1, 'none')).toBe('none');
    expect(apply('set/get', new Set([1]), 2, 'none')).toBe('none');
    expect(apply('map/get', { a: 1 }, 'b', null)).toBe(null);
    expect(apply('map/get', { a: 1 }, 'a', null)).toBe(1);
  });

  it('fails for something absent without a default [DML-BND-1105]', () => {
    expect(apply('list/get', [1], 1)).toBe('missing_element');
    expect(apply('set/get', new Set([1]), 2)).toBe('missing_element');
    expect(apply('map/get', { a: 1 }, 'b')).toBe('missing_element');
  });

  it('fails to add or remove at an index outside of the list [DML-BND-1106]', () => {
    expect(apply('list/add', [1], 2, 0)).toBe('index_out_of_range');
    expect(apply('list/add', [1], -1, 0)).toBe('index_out_of_range');
    expect(apply('list/remove', [1], 1)).toBe('index_out_of_range');
    expect(apply('list/remove', [1], 2n ** 60n)).toBe('index_out_of_range');
  });

  it('fails for an input of the wrong kind [DML-BND-1107]', () => {
    expect(apply('list/append', { a: 1 }, 1)).toBe('wrong_kind');
    expect(apply('list/get', [1], 'a')).toBe('wrong_kind');
    expect(apply('set/union', new Set([1]), [1])).toBe('wrong_kind');
    expect(apply('map/get', { a: 1 }, 1)).toBe('wrong_kind');
    expect(apply('map/construct', 1, 1)).toBe('wrong_kind');
    expect(apply('map/assoc', {}, 'k'.repeat(5000), 1)).toBe('wrong_kind');
  });

  it('fails for a wrong number of inputs [DML-BND-1108]', () => {
    for (const uri of builtinUris().filter((each) => !each.endsWith('/construct'))) {
      expect(apply(uri.slice('dml://'.length))).toBe('wrong_arity');
      expect(apply(uri.slice('dml://'.length), 1, 2, 3, 4)).toBe('wrong_arity');
    }
    expect(apply('map/construct', 'a')).toBe('wrong_arity');
  });

  it('fails for a URI that names no builtin [DML-BND-1109]', () => {
    expect(apply('list/explode', [1])).toBe('unknown_builtin');
    expect(apply('constructor/toString')).toBe('unknown_builtin');
  });
});
