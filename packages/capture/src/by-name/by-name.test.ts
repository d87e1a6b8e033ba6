import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FunctionCapture } from '../bundle/capture.ts';
import { CaptureFixture, moduleIn, type SourceFiles } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());
const bundleOf = fixture.bundleOf.bind(fixture);

const clean = 'export const clean = (x: number) => scale(x);';
const scale = 'const scale = (x: number) => x * 2;';

const library = (name: string, code: string, more = ''): SourceFiles => ({
  [`node_modules/${name}/package.json`]: `{"name":"${name}","main":"index.js"${more}}`,
  [`node_modules/${name}/index.js`]: code,
});

describe('what a function consists of', () => {
  it.each([
    ['a call', 'const value = register("x");'],
    ['a schema', 'const value = Object.freeze({ a: make(1) }); function make(x: number) { return { x } }'],
    ['a list that a function fills', 'const value = [1, 2].map((x) => globalThis.visit(x));'],
    ['what is awaited', 'const value = await Promise.resolve(1);'],
    ['a taken apart value', 'const { value, other = register() } = globalThis.shared;'],
    ['a class that does something', 'class value { static { globalThis.count = 1 } static x = register() }'],
    ['an enum', 'enum value { A = register() }'],
    ['a namespace', 'namespace value { export const a = register() }'],
    ['a bare name that is imported', `import value from 'lib';`],
    ['a namespace that is imported', `import * as value from 'lib';`],
    ['a file of the author', `import { value } from './effects.ts';`],
    [
      'a pipeline in the same file',
      `import { definePipeline, functions } from '@daggerml/bindings';
       const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
       const value = definePipeline('main', async (dag: any) => dag.call(steps.clean, 1));`,
    ],
  ])('leaves out what only another export names: %s [DML-CAP-0003]', (_what, declaration) => {
    const files = {
      ...library('lib', 'globalThis.loaded = 1; module.exports = {};'),
      'effects.ts': 'globalThis.loaded = 2; export const value = 1;',
      'steps.ts': `${declaration} ${scale} export const other = () => value; ${clean} export { value };`,
    };
    expect(bundleOf(files)).toBe(bundleOf(`${scale} ${clean}`));
  });

  it('holds what the export names through files and libraries, and what that does [DML-CAP-0003]', async () => {
    const files = {
      ...library('lib', 'exports.twice = (x) => 2 * x; globalThis.seen = ["lib"];'),
      'steps.ts': `import { all } from './barrel.ts'; import * as space from './space.ts'; export const clean = () => all(space.three);`,
      'barrel.ts': `export { all } from './all.ts'; export { gone } from './gone.ts'; export * from './other.ts';`,
      'all.ts': `import { twice } from 'lib'; globalThis.seen.push('all'); const log = globalThis.seen;
        export const all = (x: number) => [twice(x), log]; export const unused = globalThis.fail();`,
      'gone.ts': 'export const gone = globalThis.fail();',
      'other.ts': 'export const other = globalThis.fail();',
      'space.ts': 'export const three = 3; export const unused = globalThis.fail();',
    };
    expect(await fixture.call(files)).toEqual([6, ['lib', 'all']]);
  });

  it('holds bare imports and statements in their order, whatever package.json says [DML-CAP-0004]', async () => {
    const files = {
      'package.json': '{"type":"module","sideEffects":false}',
      ...library('marks', 'globalThis.marks.push("library");', ',"sideEffects":false'),
      'steps.ts': `import { start } from './start.ts'; import './b.js'; import 'marks'; import './a.js';
        if (start) globalThis.marks.push('statement'); export const clean = () => globalThis.marks;`,
      'start.ts': `export const start = 1;`,
      'b.js': `globalThis.marks = ['b'];`,
      'a.js': `globalThis.marks.push('a');`,
    };
    expect(await fixture.call(files)).toEqual(['b', 'library', 'a', 'statement']);
    const swapped = files['steps.ts']
      .replace(`import './a.js';`, '')
      .replace(`import 'marks';`, `import './a.js'; import 'marks';`);
    expect(await fixture.call({ ...files, 'steps.ts': swapped })).toEqual(['b', 'a', 'library', 'statement']);
  });

  it.each([
    '/* @__PURE__ */ globalThis.mark("x");',
    '/* #__PURE__ */ new Mark();',
    '/* @__NO_SIDE_EFFECTS__ */ function go() { globalThis.mark("x") } go();',
  ])('holds what a comment calls free of effects: %s [DML-CAP-0007]', async (statement) => {
    const source = `globalThis.marked = 0; globalThis.mark = () => { globalThis.marked += 1 };
      class Mark { constructor() { globalThis.mark() } } ${statement} export const clean = () => [globalThis.marked, Mark.length];`;
    expect(await fixture.call(`// @ts-nocheck\n${source}`)).toEqual([1, 0]);
  });
});

describe('the order of a file', () => {
  const files: SourceFiles = {
    ...library('one', 'globalThis.one = 1; exports.a = (x) => x + 1;'),
    ...library('two', 'globalThis.two = 1; exports.b = (x) => x * 3;'),
    'own.ts': 'globalThis.own = 1; export const c = (x: number) => x - 1;',
    'more.ts': 'globalThis.more = 1; export const d = (x: number) => x / 2;',
  };
  const imports = [
    `import { a } from 'one';`,
    `import { b } from 'two';`,
    `import { c } from './own.ts';`,
    `import { d } from './more.ts';`,
  ];
  const helpers = [
    'const first = (x: number) => a(x);',
    'function second(x: number) { return b(first(x)) }',
    'const limit = 5;',
    'const table = Object.freeze({ size: 3 });',
    'class Row { size() { return limit * table.size } }',
    'export const clean = (x: number) => [second(x), c(x), d(x), new Row().size()];',
    'export const other = (x: number) => [d(x), c(x), second(x)];',
  ];
  const inOrder = (lines: readonly string[], rest: readonly string[]): string =>
    bundleOf({ ...files, 'steps.ts': [...lines, ...rest].join('\n') });

  it('of imports of names, helpers and exports is no part of a function [DML-CAP-0006]', () => {
    const written = inOrder(imports, helpers);
    expect(inOrder([...imports].reverse(), helpers)).toBe(written);
    for (let shift = 1; shift < helpers.length; shift++)
      expect(inOrder([...helpers.slice(shift), ...helpers.slice(0, shift)], imports)).toBe(written);
    expect(inOrder(imports, [...helpers].reverse())).toBe(written);
    expect(
      inOrder(
        [`import {} from 'one';`, ...imports.slice(1)],
        helpers.map((line) => line.replace('a(x)', 'x')),
      ),
    ).not.toBe(written);
  });

  it('of what runs code is part of it [DML-CAP-0016]', async () => {
    const order = (lines: readonly string[]): Promise<unknown> =>
      fixture.call(`// @ts-nocheck\n${lines.join('\n')}\nexport const clean = () => [one, two];`);
    const early = [
      'const late = () => 1;',
      'let seen; try { seen = late() } catch (error) { seen = 0 };',
      'const one = seen; const two = late();',
    ];
    expect(await order(early)).toEqual([1, 1]);
    expect(await order([early[1] ?? '', early[0] ?? '', early[2] ?? ''])).toEqual([0, 1]);
    const lines = ['let n = 0;', 'const one = ++n;', 'const two = ++n;'];
    expect(await order(lines)).toEqual([1, 2]);
    expect(await order([lines[0] ?? '', lines[2] ?? '', lines[1] ?? ''])).toEqual([2, 1]);
  });
});

describe('libraries', () => {
  it('are what is found by a bare name, linked or not [DML-CAP-0005]', () => {
    const lib = {
      'package.json': '{"name":"@w/lib","type":"module","exports":"./index.ts"}',
      'index.ts': 'export const place = () => [import.meta.url, Date.now()];',
    };
    const steps = `import { place } from '@w/lib'; export const clean = () => place();`;
    const copied = fixture.write({
      'steps.ts': steps,
      ...Object.fromEntries(Object.entries(lib).map(([name, text]) => [`node_modules/@w/lib/${name}`, text])),
    });
    const linked = fixture.write({
      'app/steps.ts': steps,
      ...Object.fromEntries(Object.entries(lib).map(([name, text]) => [`packages/lib/${name}`, text])),
    });
    mkdirSync(join(linked, 'node_modules/@w'), { recursive: true });
    symlinkSync(join(linked, 'packages/lib'), join(linked, 'node_modules/@w/lib'));
    const [one, other] = [copied, join(linked, 'app')].map((folder) =>
      new FunctionCapture().capture({ moduleUrl: moduleIn(folder), exportName: 'clean' }),
    );
    expect(new TextDecoder().decode(other?.bundle)).toBe(new TextDecoder().decode(one?.bundle));
    expect([one?.ambientInputs, other?.ambientInputs]).toEqual([[], []]);
    // The same file by its path is code of the author.
    const byPath = fixture.write({
      'steps.ts': `import { place } from ${JSON.stringify(join(linked, 'packages/lib/index.ts'))}; export const clean = () => place();`,
    });
    expect(() => new FunctionCapture().capture({ moduleUrl: moduleIn(byPath), exportName: 'clean' })).toThrow(
      expect.objectContaining({ code: 'capture_failed' }),
    );
  });

  it('are found by the conditions of Node [DML-CAP-0008]', async () => {
    const exports = (conditions: object): SourceFiles => ({
      'steps.ts': `import which from 'lib'; export const clean = () => which;`,
      'node_modules/lib/package.json': JSON.stringify({
        name: 'lib',
        type: 'module',
        module: './m.js',
        main: './main.js',
        ...conditions,
      }),
      ...Object.fromEntries(
        ['m', 'i', 'd', 's', 'main'].map((name) => [
          `node_modules/lib/${name}.js`,
          `export default '${name}';`,
        ]),
      ),
    });
    expect(
      await fixture.call(
        exports({ exports: { module: './m.js', node: { import: './i.js' }, default: './d.js' } }),
      ),
    ).toBe('i');
    expect(await fixture.call(exports({ exports: { module: './m.js', default: './d.js' } }))).toBe('d');
    expect(await fixture.call(exports({ exports: { 'module-sync': './s.js', default: './d.js' } }))).toBe(
      's',
    );
    expect(await fixture.call(exports({}))).toBe('main');
  });

  it.each([
    [`import { absent } from 'node:fs';`, 'absent', 'node:fs'],
    [`import { absent as here } from 'fs';`, 'here', 'fs'],
    [`import { absent } from 'lib';`, 'absent', 'lib'],
    [`import { absent } from './own.ts';`, 'absent', 'own.ts'],
  ])('are refused by a name that they do not export: %s [DML-CAP-0926]', (statement, name, from) => {
    const files = {
      ...library('lib', 'export const a = 1;', ',"type":"module"'),
      'own.ts': 'export const a = 1;',
      'steps.ts': `import { sep } from 'node:path';\n${statement}\nexport const clean = () => ${name};\nexport const other = () => sep;`,
    };
    const reason = expect.stringMatching(new RegExp(`${from}.*absent`));
    expect(fixture.refusal(files)).toEqual({ file: 'steps.ts', line: 2, reason });
    expect(() => fixture.capture(files, 'other')).not.toThrow();
  });

  it('have no members that they do not export [DML-CAP-0928]', async () => {
    const files = {
      ...library('lib', 'export const a = 1;', ',"type":"module"'),
      'steps.ts': `import * as fs from 'node:fs';\nimport * as lib from 'lib';\nimport * as own from './own.ts';
        export const clean = () => [fs.absent, lib.absent, own.absent, lib.a, own.a].map((one) => typeof one);`,
      'own.ts': 'export const a = 1;',
    };
    expect(await fixture.call(files)).toEqual(['undefined', 'undefined', 'undefined', 'number', 'number']);
  });

  it('assign names that they do not declare, as sloppy code may [DML-CAP-0011]', async () => {
    const files = {
      ...library(
        'lib',
        'exports.sum = function (xs) { for (i = 0, total = 0; i < xs.length; i++) total += xs[i]; for (key in { a: 1 }); return [total, key]; };',
      ),
      'steps.ts': `import { sum } from 'lib'; export const clean = () => sum([1, 2]);`,
    };
    expect(await fixture.call(files)).toEqual([3, 'a']);
    expect('total' in globalThis).toBe(false);
  });

  it.each([
    [
      'a library',
      {
        ...library('lib', 'module.exports = (function () {\n return typeof this })();'),
        'steps.ts': `import lib from 'lib'; export const clean = () => lib;`,
      },
      'node_modules/lib/index.js',
      2,
    ],
    [
      'a file of the author',
      {
        'steps.ts': `export { clean } from './own.cjs';`,
        'own.cjs': '\n\nexports.clean = function () { return typeof this };',
      },
      'own.cjs',
      3,
    ],
  ])('are refused where this would be another one: %s [DML-CAP-0018]', (_what, files, file, line) => {
    const reason = expect.stringContaining('global object');
    expect(fixture.refusal(files as SourceFiles)).toEqual({ file, line, reason });
    const strict = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [
        name,
        name.endsWith('js') ? `'use strict';${text}` : text,
      ]),
    );
    expect(() => fixture.capture(strict)).not.toThrow();
  });
});

describe('what a capture says', () => {
  it('lists the files that a function carries, largest first [DML-CAP-0013]', () => {
    const captured = fixture.capture({
      ...library('lib', `exports.f = () => '${'x'.repeat(500)}'; exports.g = 1;`),
      ...library('unused', 'module.exports = 1;'),
      'steps.ts': `import { f } from 'lib'; import unused from 'unused'; export const clean = () => [f()]; export const other = () => unused;`,
    });
    const sizes = captured.carried.map(({ sizeBytes }) => sizeBytes);
    expect(captured.carried.map(({ file }) => file.split('/').slice(-2).join('/'))).toEqual([
      'lib/index.js',
      expect.stringMatching(/steps\.ts$/),
    ]);
    expect(captured.carried.every(({ file }) => existsSync(file))).toBe(true);
    expect(sizes[0]).toBeGreaterThan(500);
    expect(sizes[1]).toBeLessThan(200);
  });

  it('lists modules with effects that are imported by unused names only [DML-CAP-0014]', () => {
    const files = {
      'register.ts': 'globalThis.registered = 1; export const name = 1;',
      'plain.ts': 'export const plain = globalThis.make();',
      'steps.ts': `import { name } from './register.ts'; import { plain } from './plain.ts'; export const clean = () => 1; export const other = () => [name, plain];`,
    };
    expect(fixture.capture(files).leftOut).toEqual([expect.stringMatching(/register\.ts$/)]);
    const bare = { ...files, 'steps.ts': `import './register.ts'; ${files['steps.ts']}` };
    expect(fixture.capture(bare).leftOut).toEqual([]);
  });
});

describe('an export named then', () => {
  it('is refused with the reason [DML-CAP-0015]', () => {
    const source = 'export const then = () => 1; export const clean = () => 2;';
    const reason = expect.stringContaining('another name');
    expect(fixture.refusal(source, 'then')).toEqual({ file: 'steps.ts', line: 0, reason });
    expect(() => fixture.capture(source)).not.toThrow();
  });
});
