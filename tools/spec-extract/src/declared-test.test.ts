import { expect, it } from 'vitest';
import { declaredTests } from './declared-test.ts';

function declared(text: string): string[] {
  return declaredTests({ path: 'packages/store/src/a.test.ts', text }).map(
    ({ title, cited, misplaced }) => `${title} | ${cited} | ${misplaced}`,
  );
}

it('finds titles of it and test in every calling form', () => {
  expect(
    declared(`
      describe('group [DML-STO-0001]', () => {
        it('a [DML-STO-0002]', () => {});
        test.skip("b [DML-STO-0003] [DML-STO-0004]", () => {});
        it.each([1, 2])('c %s [DML-STO-0005]', () => {});
        it.each\`x\`(\`d [DML-STO-0006]\`, () => {});
        it.skipIf(true).fails(\`e \${x} [DML-STO-0007]\`, () => {});
        it('[DML-STO-0008] f', () => {});
      });
    `),
  ).toEqual([
    'a | DML-STO-0002 | ',
    'b | DML-STO-0003,DML-STO-0004 | ',
    'c %s | DML-STO-0005 | ',
    'd | DML-STO-0006 | ',
    'e %s | DML-STO-0007 | ',
    '[DML-STO-0008] f |  | DML-STO-0008',
  ]);
});

it('sees neither titles without ids nor ids outside of titles', () => {
  expect(
    declared(`it('a', () => { expect('[DML-STO-0001]').toBe(1); }); visit('b [DML-STO-0002]'); it(title);`),
  ).toEqual([]);
});
