import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mend, withCopy } from './fixture.mjs';
import { check } from './types.mjs';

it('is red on a type error, green once it is mended', async () => {
  await withCopy('types-red', async (folder) => {
    expect((await check(folder)).join()).toContain('wrong.ts(1,14): error TS2322');
    mend(join(folder, 'wrong.ts'), "'one'", '1');
    expect(await check(folder)).toEqual([]);
  });
});
