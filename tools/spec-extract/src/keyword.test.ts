import { describe, expect, it } from 'vitest';
import { isBinding, isLevel, keywordsIn } from './keyword.ts';

describe('keywordsIn', () => {
  it('prefers the negated keyword, also over a line break', () => {
    expect(keywordsIn('It MUST\n  NOT fail and SHOULD be fast')).toEqual(['MUST NOT', 'SHOULD']);
  });

  it('counts every mention, also of the same keyword', () => {
    expect(keywordsIn('MUST a, MUST b, MAY c')).toEqual(['MUST', 'MUST', 'MAY']);
  });

  it('sees neither lower case nor parts of words', () => {
    expect(keywordsIn('must, MUSTER, MUST-HAVE, A_MAY, may')).toEqual([]);
  });
});

it('isBinding holds for the MUST family and norms only', () => {
  expect((['MUST', 'MUST NOT', 'SHALL', 'SHALL NOT', 'REQUIRED', 'NORM'] as const).every(isBinding)).toBe(
    true,
  );
  expect(
    (['SHOULD', 'SHOULD NOT', 'RECOMMENDED', 'NOT RECOMMENDED', 'MAY', 'OPTIONAL'] as const).some(isBinding),
  ).toBe(false);
});

it('isLevel accepts keywords and NORM as a whole', () => {
  expect(['NORM', 'MUST', 'MUST NOT', 'NOT RECOMMENDED'].every(isLevel)).toBe(true);
  expect(['', 'must', 'MUST SHOULD', 'MUST x'].some(isLevel)).toBe(false);
});
