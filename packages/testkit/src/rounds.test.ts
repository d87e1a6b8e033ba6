import { expect, test } from 'vitest';
import { IS_FULL, rounds } from './rounds.ts';

test('a search is repeated as often as the mode of the run says', () => {
  expect(rounds(3, 40, false)).toBe(3);
  expect(rounds(3, 40, true)).toBe(40);
  expect(rounds(3, 40)).toBe(rounds(3, 40, IS_FULL));
});
