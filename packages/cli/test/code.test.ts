import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  for (const name of ['big', '@team/small']) {
    repository.write(`lib/node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }));
    const rest = name === 'big' ? `require('./rest.js') + '${'x'.repeat(600)}'` : "'a few bytes of code'";
    repository.write(`lib/node_modules/${name}/index.js`, `exports.text = () => ${rest};`);
    repository.write(`lib/node_modules/${name}/rest.js`, `module.exports = '${'y'.repeat(400)}';`);
  }
  repository.write('lib/node_modules/native/package.json', '{"name":"native","version":"1.2.3"}');
  repository.write('lib/node_modules/native/index.js', "module.exports = require('./native.node');");
  repository.write('lib/node_modules/native/native.node', 'machine code');
  repository.write('lib/native.ts', "import all from 'native'; export const run = () => all.run();");
  repository.write('lib/said.ts', "console.log('loaded'); export const unused = 1;");
  repository.write('lib/own.ts', "export const own = () => 'from a file of its own';");
  repository.write(
    'lib/made.ts',
    `import { text } from 'big';
    import { text as small } from '@team/small';
    import { own } from './own.ts';
    import { unused } from './said.ts';
    export const made = () => [text(), small(), own(), Date.now()];
    export const other = () => unused;`,
  );
  repository.write(
    'made-pipeline.ts',
    `import { definePipeline, functions } from '@daggerml/bindings';
    const { made } = functions<typeof import('./lib/made.ts')>(new URL('./lib/made.ts', import.meta.url));
    export const pipeline = definePipeline('made', (dag) => dag.call(made));`,
  );
});

interface CodeDocument {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly parts: readonly { readonly name: string; readonly sizeBytes: number }[];
  readonly natives: readonly { readonly name: string; readonly version: string; readonly sha256: string }[];
}

describe('dml code', () => {
  it('lists packages and own files with the sum of their bytes, largest first [DML-CLI-1570]', async () => {
    const { parts } = await repository.json<CodeDocument>('code', 'lib/made.ts', 'made');
    expect(parts.map(({ name }) => name).sort()).toEqual(['@team/small', 'big', 'lib/made.ts', 'lib/own.ts']);
    expect(parts[0]).toMatchObject({ name: 'big' });
    expect(parts[0]?.sizeBytes).toBeGreaterThan(1000);
    const sizes = parts.map(({ sizeBytes }) => sizeBytes);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes.at(-1)).toBeGreaterThan(0);
    const lines = (await repository.ok('code', 'lib/made.ts', 'made')).trimEnd().split('\n');
    expect(lines.slice(1).map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual(
      parts.map(({ name }) => name),
    );
  });

  it('lists packages with machine code by version and hash [DML-CLI-1570]', async () => {
    const { parts, natives } = await repository.json<CodeDocument>('code', 'lib/native.ts', 'run');
    expect(parts.map(({ name }) => name)).toEqual(['lib/native.ts']);
    expect(natives).toEqual([
      { name: 'native', version: '1.2.3', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    const last = (await repository.ok('code', 'lib/native.ts', 'run')).trimEnd().split('\n').at(-1);
    expect(last?.trim()).toBe(`add-on  native 1.2.3, sha256 ${natives[0]?.sha256.slice(0, 12)}…`);
    expect((await repository.json<CodeDocument>('code', 'lib/made.ts', 'made')).natives).toEqual([]);
  });

  it('prints the size and the hash of what a run records [DML-CLI-1571]', async () => {
    const code = await repository.json<CodeDocument>('code', 'lib/made.ts', 'made');
    await repository.ok('run', 'made-pipeline.ts');
    expect(await repository.json('show', code.sha256)).toMatchObject({
      kind: 'blob',
      sizeBytes: code.sizeBytes,
    });
    expect(await repository.ok('code', 'lib/made.ts', 'made')).toContain(`  sha256 ${code.sha256}\n`);
  });

  it('prints the warnings of a run about the function [DML-CLI-1572]', async () => {
    const ran = (await repository.dml(['run', 'made-pipeline.ts', '--no-cache'])).stderr;
    const warnings = [
      /^(?: {2}warning {2}| {11})?(made depends on the clock .*;)$/m,
      /^(?: {2}warning {2}| {11})?(made leaves out lib\/said\.ts, .*;)$/m,
    ];
    const told = (await repository.dml(['code', 'lib/made.ts', 'made'])).stderr;
    for (const warning of warnings) {
      expect(told).toMatch(warning);
      expect(warning.exec(told)?.[1]).toBe(warning.exec(ran)?.[1]);
    }
    expect(await repository.json('code', 'lib/made.ts', 'made')).toMatchObject({
      warnings: [{ kind: 'clock', file: 'lib/made.ts', line: 5 }],
      leftOut: ['lib/said.ts'],
    });
    const quiet = await repository.dml(['code', 'lib/made.ts', 'other']);
    expect(quiet.stderr).toBe('');
  });
});
