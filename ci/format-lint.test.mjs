import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../tools/run/workspace.mjs';
import { withCopy } from './fixture.mjs';
import { check } from './format-lint.mjs';

it('is red on bad format, any and a default export, green once they are mended', async () => {
  await withCopy('format-lint-red', async (folder) => {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    const [problem] = await check(folder);
    for (const finding of ['format', 'noExplicitAny', 'noDefaultExport']) expect(problem).toContain(finding);
    const mended = 'export function twice(n: number): number {\n  return n * 2;\n}\n';
    writeFileSync(join(folder, 'badly-written.ts'), mended);
    expect(await check(folder)).toEqual([]);
  });
});
