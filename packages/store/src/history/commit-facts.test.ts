import { describe, expect, it } from 'vitest';
import { ownCommitFacts } from './commit-facts.ts';

describe('ownCommitFacts', () => {
  it.each([
    [1_000, 1_000],
    [1_000.999, 1_000],
    [0.5, 0],
    [-0.5, 0],
    [-1_000, 0],
  ])('takes the time %d as %d, for author and committer [DML-STO-0640]', (timeMs, expected) => {
    const { authoredMs, committedMs } = ownCommitFacts('ada', timeMs, '');
    expect([authoredMs, committedMs]).toEqual([expected, expected]);
    expect(Object.is(committedMs, -0)).toBe(false);
  });
});
