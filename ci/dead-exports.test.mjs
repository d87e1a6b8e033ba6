import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from './dead-exports.mjs';
import { mend, withCopy } from './fixture.mjs';

it('is red on an export that nothing uses, green once it is gone', async () => {
  await withCopy('dead-exports-red', async (folder) => {
    expect((await check(folder)).join()).toContain('forgotten');
    mend(join(folder, 'src/parts.js'), 'export const forgotten = () => 2;\n', '');
    expect(await check(folder)).toEqual([]);
  });
});
