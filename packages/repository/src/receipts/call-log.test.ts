import { expect, it } from 'vitest';
import { logOf } from './call-log.ts';

const bytes = Buffer.from('abcdefgh');
const textOf = (entries: Parameters<typeof logOf>[1]): unknown => {
  const { pieces, leftOut } = logOf(bytes, entries);
  return [pieces.map(({ stream, bytes: own }) => `${stream} ${Buffer.from(own)}`), leftOut];
};

it('cuts a log into the pieces of its streams, with the place of what is left out [DML-REP-0401]', () => {
  expect(textOf({ runs: [3, 5] })).toEqual([['stdout abc', 'stderr defgh'], undefined]);
  expect(textOf({ runs: [0, 2, 6], leftOut: { at: 4, sizeBytes: 9 } })).toEqual([
    ['stderr ab', 'stdout cd', 'stdout efgh'],
    { piece: 2, sizeBytes: 9 },
  ]);
  expect(textOf({ runs: [2, 6], leftOut: { at: 2, sizeBytes: 9 } })).toEqual([
    ['stdout ab', 'stderr cdefgh'],
    { piece: 1, sizeBytes: 9 },
  ]);
  expect(textOf({ runs: [8], leftOut: { at: 8, sizeBytes: 9 } })).toEqual([
    ['stdout abcdefgh'],
    { piece: 1, sizeBytes: 9 },
  ]);
});

it('takes what its entries do not cover, or others wrote wrongly, as stdout [DML-REP-0401]', () => {
  for (const runs of [undefined, 'no', [], [-1, 'x', 2n]])
    expect(textOf({ runs })).toEqual([['stdout abcdefgh'], undefined]);
  expect(textOf({ runs: [2, 1] })).toEqual([['stdout ab', 'stderr c', 'stdout defgh'], undefined]);
  expect(textOf({ runs: [2, 100] })).toEqual([['stdout ab', 'stderr cdefgh'], undefined]);
  expect(textOf({ runs: [8], leftOut: { at: 99, sizeBytes: 1 } })).toEqual([
    ['stdout abcdefgh'],
    { piece: 1, sizeBytes: 1 },
  ]);
  expect(textOf({ runs: [8], leftOut: 5 })).toEqual([['stdout abcdefgh'], undefined]);
});
