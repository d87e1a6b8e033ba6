import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';
import { compileModule } from './compile-module.ts';
import { loadModule } from './load-module.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const lib = `Object.defineProperty(exports, '__esModule', { value: true });
  exports.default = 'default of lib'; exports.named = 'named of lib';`;
const whole = { default: 'default of lib', named: 'named of lib' };

/** Kinds of `package.json` above a pipeline; undefined for none. */
const above = ['{"type":"module"}', '{"type":"commonjs"}', '{}', undefined];

function write(packageJson: string | undefined, sources: Record<string, string>): string {
  const files = {
    'src/node_modules/lib/package.json': '{"name":"lib"}',
    'src/node_modules/lib/index.js': lib,
    'src/node_modules/two-forms/package.json':
      '{"name":"two-forms","exports":{"import":"./form.mjs","require":"./form.cjs"}}',
    'src/node_modules/two-forms/form.mjs': `export const named = 'imported';`,
    'src/node_modules/two-forms/form.cjs': `exports.named = 'required';`,
    'src/own.cjs': lib,
    ...(packageJson !== undefined && { 'package.json': packageJson }),
    ...Object.fromEntries(Object.entries(sources).map(([name, text]) => [`src/${name}`, text])),
  };
  return join(fixture.write(files), 'src');
}

describe('imports of CommonJS modules in a pipeline', () => {
  it.each([
    ['a package', `import all, { named } from 'lib'; export const it = [all, named];`],
    ['a file', `import all, { named } from './own.cjs'; export const it = [all, named];`],
    ['a namespace', `import * as all from './own.cjs'; export const it = [all.default, all.named];`],
    [
      'a file on demand',
      `const all = await import('./own.cjs'); export const it = [all.default, all.named];`,
    ],
    ['a package on demand', `const all = await import('lib'); export const it = [all.default, all.named];`],
    ['a file through another', `export { it } from './more.js';`],
  ])("give Node's value for %s [DML-EXE-0537]", async (_what, text) => {
    const more = `import all from './own.cjs'; export { named } from './own.cjs'; export const it = [all, all.named];`;
    for (const packageJson of above) {
      for (const name of ['pipeline.ts', 'pipeline.js', 'pipeline.mts', 'pipeline.mjs']) {
        const folder = write(packageJson, { [name]: text, 'more.js': more });
        expect(await loadModule(join(folder, name))).toMatchObject({ it: [whole, whole.named] });
      }
    }
  });

  it.each([
    ['a package', `import all from 'lib';`, whole.default],
    ['a file', `import all from './own.cjs';`, whole.default],
    ['a name of a package', `import { named as all } from 'lib';`, whole.named],
    ['a package of two forms', `import { named as all } from 'two-forms';`, 'required'],
    ['a package, with require', `import all = require('lib');`, whole],
    ['a package on demand', `const all = import('lib').then((space) => space.default);`, whole],
    ['a file on demand', `const all = import('./own.cjs').then((space) => space.default);`, whole],
    ['a built-in module', `import { sep } from 'node:path'; const all = typeof sep;`, 'string'],
  ])('mean in a .cts file what TypeScript makes of %s [DML-EXE-0537]', async (_what, text, expected) => {
    for (const packageJson of above) {
      const folder = write(packageJson, {
        'pipeline.ts': `import own, { it } from './more.cjs'; export const both = [await own.it, await it];`,
        'more.cts': `${text} export = { it: all };`,
      });
      expect(await loadModule(join(folder, 'pipeline.ts'))).toMatchObject({ both: [expected, expected] });
    }
  });

  it('keep the places of what stands behind them', async () => {
    const folder = write(above[1], {
      'pipeline.ts': `import own from './own.cjs';\nexport * from './own.cjs';\nexport const fail = (): never => {\n  throw own.named;\n};`,
    });
    const code = await compileModule(join(folder, 'pipeline.ts'));
    const [text = '', map = ''] = code.split('//# sourceMappingURL=data:application/json;base64,');
    const before = text.slice(0, text.lastIndexOf('throw ')).split('\n');
    const place = originalPositionFor(new TraceMap(Buffer.from(map, 'base64').toString()), {
      line: before.length,
      column: before.at(-1)?.length ?? 0,
    });
    expect(place).toMatchObject({
      source: pathToFileURL(join(folder, 'pipeline.ts')).href,
      line: 4,
      column: 2,
    });
  });
});

describe('CommonJS code in a pipeline', () => {
  it.each([
    ['the module itself', 'js', undefined],
    ['a TypeScript file', 'ts', `import own from './own.ts'; export const it = own;`],
    ['a file with names', 'js', `import { it } from './own.js'; export { it };`],
  ])(
    'is refused where a package.json makes it an ES module: %s [DML-EXE-0538]',
    async (_what, ending, text) => {
      const code = `'use strict';\nexports.it = 5;`;
      // Without a `package.json`, what lies above the temporary folder would decide.
      for (const packageJson of above.slice(0, 3)) {
        const folder = write(packageJson, {
          [`own.${ending}`]: code,
          ...(text !== undefined && { 'pipeline.ts': text }),
        });
        const loaded = loadModule(join(folder, text === undefined ? `own.${ending}` : 'pipeline.ts'));
        if (packageJson === above[0])
          await expect(loaded).rejects.toMatchObject({
            code: 'pipeline_threw',
            fields: { file: join(folder, `own.${ending}`), line: 2 },
          });
        else expect(JSON.stringify(await loaded)).toContain('5');
      }
    },
  );
});
