import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { capture } from '../tools/run/process.mjs';
import { root, tools } from '../tools/run/workspace.mjs';
import { mend, withCopy } from './fixture.mjs';

/** Of each gate what it says of its fixture, and the change that makes that one green. */
const GATES = [
  ['types', ['wrong.ts(1,14): error TS2322'], (folder) => mend(join(folder, 'wrong.ts'), "'one'", '1')],
  [
    'dead-exports',
    ['forgotten'],
    (folder) => mend(join(folder, 'src/parts.js'), 'export const forgotten = () => 2;\n', ''),
  ],
  [
    'format-lint',
    ['format', 'noExplicitAny', 'noDefaultExport'],
    (folder) => {
      const mended = 'export function twice(n: number): number {\n  return n * 2;\n}\n';
      writeFileSync(join(folder, 'badly-written.ts'), mended);
    },
  ],
  [
    'spec-check',
    ['id_reused', 'file_outdated'],
    async (folder) => {
      const reused = '- [DML-OBJ-0001] {planned} A record MUST be readable.\n';
      mend(join(folder, 'specs/10-object-model.md'), reused, '');
      await capture(process.execPath, [tools.specExtract, 'generate'], { cwd: folder });
    },
  ],
];

it.each(GATES)('%s is red on its fixture, green once that is mended', async (gate, findings, makeGreen) => {
  const { check } = await import(pathToFileURL(join(root, 'ci', `${gate}.mjs`)).href);
  await withCopy(`${gate}-red`, async (folder) => {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    const problems = (await check(folder)).join('\n');
    for (const finding of findings) expect(problems).toContain(finding);
    await makeGreen(folder);
    expect(await check(folder)).toEqual([]);
  });
});
