import { expect, it } from 'vitest';
import { SeededRandom, seededNumbers } from './seeded-random.ts';

it('returns the same numbers for the same seed and others for another', () => {
  const draw = (seed: number): number[] => Array.from({ length: 50 }, seededNumbers(seed).bind(null, 1000));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

it('stays below the limit and reaches every number there', () => {
  const random = new SeededRandom(3);
  const seen = new Set(Array.from({ length: 500 }, () => random.below(6)));
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
});

it('picks members only, and each of them at some time', () => {
  const random = new SeededRandom(5);
  const picked = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])));
  expect([...picked].sort()).toEqual(['a', 'b', 'c']);
});
