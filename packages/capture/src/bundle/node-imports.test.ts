import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture, type SourceFiles } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const lib = `Object.defineProperty(exports, '__esModule', { value: true });
  exports.default = 'default of lib'; exports.named = 'named of lib';`;
const whole = { default: 'default of lib', named: 'named of lib' };
const files: SourceFiles = {
  'node_modules/lib/package.json': '{"name":"lib"}',
  'node_modules/lib/index.js': lib,
  'own.cjs': lib.replaceAll('lib', 'own'),
  'data.json': '{"__esModule":true,"default":1,"named":2}',
};

/** What may lie above a folder of sources. */
const above: readonly SourceFiles[] = [
  { 'package.json': '{"type":"module"}' },
  { 'package.json': '{"type":"commonjs"}' },
  { 'package.json': '{}' },
  {},
];

/** Writes the files below each kind of folder, and returns them for capturing. */
function below(sources: SourceFiles): readonly SourceFiles[] {
  const moved = Object.entries({ ...files, ...sources }).map(([name, text]) => [`src/${name}`, text]);
  return above.map((more) => ({ ...more, ...Object.fromEntries(moved) }));
}

/** Calls an export as Node does without any of this, where ES modules are named so. */
function plainValue(sources: SourceFiles): unknown {
  const named = Object.entries({ ...files, ...sources }).map(([name, text]) =>
    name.startsWith('node_modules/')
      ? [name, text]
      : [name.replace(/\.[jt]s$/, '.mjs'), text.replace(/(\.\/\w+)\.[jt]s'/g, "$1.mjs'")],
  );
  const main = `import { clean } from './steps.mjs'; console.log(JSON.stringify(await clean()));`;
  const folder = fixture.write({ ...Object.fromEntries(named), 'main.mjs': main });
  return JSON.parse(execFileSync(process.execPath, [join(folder, 'main.mjs')], { encoding: 'utf8' }));
}

const value = 'export const clean = () =>';
const forms: Readonly<Record<string, SourceFiles | string>> = {
  'a default import': `import all from 'lib'; ${value} all;`,
  'a default import by name': `import { default as all } from 'lib'; ${value} all;`,
  'a named import': `import { named } from 'lib'; ${value} named;`,
  'both in one statement': `import all, { named } from 'lib'; ${value} [all, named];`,
  'a namespace': `import * as space from 'lib'; ${value} [space.default, space.named];`,
  'an import()': `${value} import('lib').then((space) => [space.default, space.named]);`,
  'an import() of a name that is not known to be used': `${value} import('lib').then(({ default: it }) => it);`,
  'a default import of a CommonJS file': `import own, { named } from './own.cjs'; ${value} [own, named];`,
  'a default import of JSON': `import data from './data.json' with { type: 'json' }; ${value} data;`,
  'a default that is exported again': {
    'steps.ts': `import all, { named } from './again.ts'; ${value} [all, named];`,
    'again.ts': `export { default, named } from 'lib';`,
  },
  'a namespace that is exported again': {
    'steps.ts': `import { space } from './again.ts'; ${value} [space.default, space.named];`,
    'again.ts': `export * as space from 'lib';`,
  },
  'all names exported again': {
    'steps.ts': `import * as all from './again.js'; ${value} ['default' in all, all.named];`,
    'again.js': `export * from 'lib';`,
  },
  'an import in a .js file': {
    'steps.ts': `import { it } from './more.js'; ${value} it;`,
    'more.js': `import all, { named } from 'lib'; export const it = [all, named];`,
  },
  'an import beside an import for its effect': `import './effect.js'; import all from 'lib'; ${value} all;`,
  'an import in a function whose text is read': `import all from 'lib'; const read = (f) => String(f).length > 0; ${value} [all, read(clean), String(clean).length > 0];`,
};

function sourcesOf(form: SourceFiles | string): SourceFiles {
  return { 'effect.js': 'export {};', ...(typeof form === 'string' ? { 'steps.ts': form } : form) };
}

describe('imports of CommonJS modules', () => {
  it.each(Object.entries(forms))("give Node's value for %s [DML-EXE-0534]", async (_what, form) => {
    const expected = plainValue(sourcesOf(form));
    for (const placed of below(sourcesOf(form)))
      expect(await fixture.call(placed, [], 'clean', 'src/steps.ts')).toEqual(expected);
  });

  it.each(Object.entries(forms))('give one bundle in every folder for %s [DML-EXE-0535]', (_what, form) => {
    const bundles = below(sourcesOf(form)).map((placed) => fixture.bundleOf(placed, 'clean', 'src/steps.ts'));
    expect(bundles).toHaveLength(4);
    expect(new Set(bundles).size).toBe(1);
  });

  it.each([
    ['a statement', `import all from 'lib'; export = { it: all };`, whole.default],
    ['a named statement', `import { named } from 'lib'; export = { it: named };`, whole.named],
    ['a require', `import all = require('lib'); export = { it: all };`, whole],
    ['an import()', `export = { it: import('lib').then((space) => space.default) };`, whole],
  ])('mean in a .cts file what TypeScript makes of %s [DML-EXE-0534]', async (_what, text, expected) => {
    const sources = {
      'steps.ts': `import own, { it } from './own.cts'; ${value} Promise.all([own.it, it]);`,
      'own.cts': text,
    };
    for (const placed of below(sources))
      expect(await fixture.call(placed, [], 'clean', 'src/steps.ts')).toEqual([expected, expected]);
  });

  it('leave the default export of a CommonJS file that is captured itself as it is', async () => {
    const sources = {
      'steps.cjs': `exports.__esModule = true; exports.default = () => 'called';`,
      'steps.ts': `export { default as clean } from './steps.cjs';`,
    };
    for (const placed of below(sources))
      expect(await fixture.call(placed, [], 'default', 'src/steps.cjs')).toBe('called');
  });

  it("are a library's own affair in a library", async () => {
    const sources = {
      'steps.ts': `import { it } from 'user'; ${value} it;`,
      'node_modules/user/package.json': '{"name":"user","module":"index.js"}',
      'node_modules/user/index.js': `import all from 'lib'; export const it = all;`,
    };
    for (const placed of below(sources))
      expect(await fixture.call(placed, [], 'clean', 'src/steps.ts')).toBe(whole.default);
  });
});

describe('CommonJS code of the author', () => {
  // Without a `package.json`, what lies above the temporary folder would decide.
  const asCommonJs = above.slice(1, 3);
  const uses = `'use strict';\nconst lib = require('lib');\nmodule.exports = { clean: () => lib.named };`;

  it('is CommonJS in a .js file unless a package.json says otherwise', async () => {
    for (const more of asCommonJs) {
      const placed = { ...more, 'src/steps.js': uses, 'src/node_modules/lib/index.js': lib };
      expect(await fixture.call(placed, [], 'clean', 'src/steps.js')).toBe(whole.named);
    }
  });

  it.each(['js', 'ts', 'jsx', 'tsx'])(
    'is refused in a .%s file where it would be an ES module [DML-EXE-0536]',
    (ending) => {
      for (const importing of [
        undefined,
        `import own from './own.${ending}';`,
        `import { clean as own } from './own.${ending}';`,
      ]) {
        const file = importing === undefined ? `steps.${ending}` : `own.${ending}`;
        const placed = {
          ...above[0],
          'src/node_modules/lib/index.js': lib,
          ...(importing !== undefined && { 'src/steps.ts': `${importing} ${value} own;` }),
          [`src/${file}`]: uses,
        };
        const captured = importing === undefined ? file : 'steps.ts';
        const refusal = fixture.refusal(placed, 'clean', `src/${captured}`);
        expect(refusal).toMatchObject({ file: `src/${file}`, line: 3 });
      }
    },
  );

  it('is known as such in a library and behind an export', async () => {
    const guard = `if (typeof module !== 'undefined' && module.exports) module.exports.more = 1;`;
    const placed = {
      ...above[0],
      'steps.ts': `import { it } from 'guarded'; ${guard} ${value} it;`,
      'node_modules/guarded/package.json': '{"name":"guarded","type":"module"}',
      'node_modules/guarded/index.js': `import './effect.js'; ${guard} export const it = 5;`,
      'node_modules/guarded/effect.js': guard,
    };
    expect(await fixture.call(placed)).toBe(5);
  });
});
