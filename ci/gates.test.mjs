import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { capture } from '../tools/run/process.mjs';
import { root, tools } from '../tools/run/workspace.mjs';
import { LINE } from './dependency-line.mjs';
import { fixture, mend, withCopy } from './fixture.mjs';

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

/** Every finding of a gate in its fixture. */
const LISTS = [
  [
    'dependency-line',
    [
      `docs/ARCHITECTURE.md does not show the dependency line: ${LINE.map((names) => names.join(', ')).join(' ← ')}`,
      'packages/attic: not in the dependency line',
      'packages/object-model/package.json: dependencies must not name @daggerml/store',
      'packages/object-model/src/index.ts:1: import against the dependency line: @daggerml/store',
      'packages/object-model/src/index.ts:2: import leaves the package: ../../store/src/index.ts',
      'packages/store/src/index.ts:1: the testkit is for tests: @daggerml/testkit',
      'tools/reader/src/index.ts:1: a tool imports no package: @daggerml/store',
    ],
  ],
  [
    'docstrings',
    [
      'words.ts:4: not an opening of a doc comment: What',
      'words.ts:6: not an opening of a doc comment: Whether',
      'words.ts:10: a function opens with a verb in the third person: The',
      'words.ts:16: not an opening of a doc comment: Tells',
      'words.ts:21: only a generator yields: Yields',
      'words.ts:29: only a function opens so: Returns',
      'words.ts:32: a function opens with a verb in the third person: The',
    ],
  ],
];

const gateOf = async (gate) => (await import(pathToFileURL(join(root, 'ci', `${gate}.mjs`)).href)).check;

it.each(LISTS)('%s finds everything in its fixture', async (gate, findings) => {
  expect((await gateOf(gate))(fixture(`${gate}-red`))).toEqual(findings);
});

it.each(GATES)('%s is red on its fixture, green once that is mended', async (gate, findings, makeGreen) => {
  const check = await gateOf(gate);
  await withCopy(`${gate}-red`, async (folder) => {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    const problems = (await check(folder)).join('\n');
    for (const finding of findings) expect(problems).toContain(finding);
    await makeGreen(folder);
    expect(await check(folder)).toEqual([]);
  });
});
