import { expect, it } from 'vitest';
import { hasHoles, titleMatches } from './title-pattern.ts';

it.each([
  ['sorts names', 'sorts names'],
  ['sorts %s', 'sorts names'],
  ['sorts %s', 'sorts'],
  ['%s: %j of %d', 'a: {"b": 1} of 3'],
  ['sorts $name by $key.order', 'sorts a by b'],
  ['case %#', 'case 0'],
  ['fills 50%% of %s', 'fills 50% of a page'],
  ['a (b) [c] %s', 'a (b) [c] d\ne'],
])('%j can be reported as %j', (declared, reported) => {
  expect(titleMatches(declared, reported)).toBe(true);
});

it.each([
  ['sorts names', 'sorts name'],
  ['sorts names', 'sorts names twice'],
  ['sorts %s', 'folds names'],
  ['sorts %s twice', 'sorts names'],
  ['a.b %s', 'axb c'],
])('%j cannot be reported as %j', (declared, reported) => {
  expect(titleMatches(declared, reported)).toBe(false);
});

it('holes are what a runner fills in', () => {
  expect(['%s', 'a $b', '%#'].map(hasHoles)).toEqual([true, true, true]);
  expect(['a', '100 %', 'a $ b'].map(hasHoles)).toEqual([false, false, false]);
});
