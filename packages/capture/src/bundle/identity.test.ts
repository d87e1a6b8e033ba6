import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';
import { FunctionCapture } from './capture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());
const bundleOf = fixture.bundleOf.bind(fixture);

describe('the identity of a function', () => {
  const body = '(x: number) => x * 2 + 1';
  const base = bundleOf(`export const clean = ${body};`);

  it.each([
    ['renamed on export', `const scale = ${body}; export { scale as clean };`],
    ['a let', `export let clean = ${body};`],
    [
      're-exported',
      { 'steps.ts': `export { clean } from './a.ts';`, 'a.ts': `export const clean = ${body};` },
    ],
    [
      're-exported with another name',
      { 'steps.ts': `export { a as clean } from './a.ts';`, 'a.ts': `export const a = ${body};` },
    ],
    [
      'part of a star export',
      { 'steps.ts': `export * from './a.ts'; export const x = 1;`, 'a.ts': `export const clean = ${body};` },
    ],
    [
      'the default export of another file',
      { 'steps.ts': `export { default as clean } from './a.ts';`, 'a.ts': `export default ${body};` },
    ],
    [
      'imported and exported',
      {
        'steps.ts': `import clean from './a.mjs'; export { clean };`,
        'a.mjs': `export default (x) => x * 2 + 1;`,
      },
    ],
    [
      'beside exports in another order',
      `export const z = 1; export const clean = ${body}; export const a = 2; export default class {}`,
    ],
    [
      'typed in another way',
      `type N = number; interface O { x: N } export const clean: (x: N) => N = (x: O['x']): N => (x as N)! * 2 + 1;`,
    ],
    [
      'beside unused types, enums and imports',
      `import type { A } from './gone.ts'; enum E { A, B } declare const q: A; export const clean = ${body};`,
    ],
    ['in a file with a byte order mark', `\uFEFFexport const clean = ${body};`],
    ['in a file with CRLF', `// one\r\nexport const clean =\r\n  ${body};\r\n`],
    [
      'in a file with a hashbang and a licence',
      `#!/usr/bin/env node\n/*! @license MIT */\n'use strict';\nexport const clean = ${body};`,
    ],
  ])('is the same when it is %s', (_way, files) => {
    expect(bundleOf(files)).toBe(base);
  });

  it('counts line ends in a template as one character, as JavaScript does', async () => {
    const source = (end: string): string => `export const clean = () => \`a${end}b\`;`;
    expect(bundleOf(source('\r\n'))).toBe(bundleOf(source('\n')));
    expect(await fixture.call(source('\r\n'))).toBe('a\nb');
    expect(bundleOf(source('\\r\\n'))).not.toBe(bundleOf(source('\n')));
  });

  it('is the same in another folder, through a link and with another current folder [DML-EXE-0509]', () => {
    const files = {
      'src/steps.ts': `import { f } from '@scope/tool'; import { g } from '../lib/g.ts'; import data from './data.json';
        class Row { x = 1 } export const clean = (x: number) => [f(x), g(x), data.a, new Row().constructor.name];`,
      'src/data.json': '{ "a": [1, 2] }',
      'lib/g.ts': 'export const g = (x: number) => x;',
      'packages/tool/package.json': '{"name":"@scope/tool","type":"module","exports":"./index.ts"}',
      'packages/tool/index.ts': 'export const f = (x: number) => x - 1;',
    };
    const inFolder = (folder: string): string => {
      const path = fixture.write(files, folder);
      mkdirSync(join(path, 'node_modules/@scope'), { recursive: true });
      symlinkSync(join(path, 'packages/tool'), join(path, 'node_modules/@scope/tool'));
      return captured(join(path, 'src/steps.ts'));
    };
    const first = inFolder('here');
    expect(inFolder('some where/else/deep é')).toBe(first);
    symlinkSync(join(fixture.root, 'here'), join(fixture.root, 'linked'));
    expect(captured(join(fixture.root, 'linked/src/steps.ts'))).toBe(first);
    const before = process.cwd();
    process.chdir(dirname(fixture.root));
    try {
      expect(captured(join(fixture.root, 'here/src/steps.ts'))).toBe(first);
    } finally {
      process.chdir(before);
    }
  });

  it('has no path in a bundle that keeps its text [DML-EXE-0509]', () => {
    const source = `import lib from 'lib'; import { f } from './own.cts'; const g = (x: number) => x; export const clean = () => [g.toString(), lib, f];`;
    const own = { 'own.cts': 'exports.f = (x) => x;' };
    const library = { 'package.json': '{"name":"lib"}', 'index.js': 'module.exports = (x) => x + 1;' };
    const placed = (folder: string, at: string): string => {
      const path = fixture.write({ 'app/src/steps.ts': source, 'app/src/own.cts': own['own.cts'] }, folder);
      for (const [name, text] of Object.entries(library)) {
        mkdirSync(join(path, at), { recursive: true });
        writeFileSync(join(path, at, name), text);
      }
      return captured(join(path, 'app/src/steps.ts'));
    };
    const near = placed('plain-a', 'app/src/node_modules/lib');
    expect(placed('plain-b', 'node_modules/lib')).toBe(near);
    expect(near).toContain('(x) => x + 1');
  });

  it('does not hang on the environment of the capturing process', () => {
    const source = `export const clean = () => [typeof process.env.NODE_ENV, process.env['NODE_ENV'] === 'production' ? 1 : 2];`;
    const before = process.env.NODE_ENV;
    const bundles = ['production', 'development', ''].map((value) => {
      process.env.NODE_ENV = value;
      return bundleOf(source);
    });
    process.env.NODE_ENV = before;
    expect(new Set(bundles).size).toBe(1);
    expect(bundles[0]).toContain('NODE_ENV');
  });

  it('does not hang on the settings of the project that change no meaning', () => {
    const config = (options: object): string => JSON.stringify({ compilerOptions: options });
    const files = {
      'steps.ts': `import { f } from '#lib/f'; export const clean = (x: number) => f(x);`,
      'lib/f.ts': 'export const f = (x: number) => x;',
    };
    const paths = { '#lib/*': ['./lib/*.ts'] };
    const first = bundleOf({
      ...files,
      'tsconfig.json': config({ paths, strict: true, target: 'es5', removeComments: true }),
    });
    expect(
      bundleOf({ ...files, 'tsconfig.json': config({ paths, module: 'commonjs', sourceMap: true }) }),
    ).toBe(first);
  });
});

describe('what a function may be', () => {
  it.each([
    ['an async function', 'export async function clean() { return await Promise.resolve(1) }', 1],
    ['a default function', 'function clean() { return 1 } export { clean }; export default clean;', 1],
    ['a bound function', 'export const clean = ((a: number) => a).bind(null, 1);', 1],
    ['recursive', 'export function clean(x = 3): number { return x <= 1 ? 1 : clean(x - 1) }', 1],
    ['made by a call', 'const make = (n: number) => () => n; export const clean = make(1);', 1],
    [
      'a static method',
      'class T { static one() { return T.#hidden } static #hidden = 1 } export const clean = T.one;',
      1,
    ],
    ['on an enum', 'enum E { A = 1, B = "b" } export const clean = () => [E.A, E[1], E.B].length - 2;', 1],
    ['on a const enum', 'const enum E { A = 1 } export const clean = () => E.A;', 1],
    ['on a namespace', 'namespace N { export const a = 1 } export const clean = () => N.a;', 1],
    [
      'on a decorated class',
      'function dec(v: any, c: ClassMethodDecoratorContext) { return () => String(c.name) === "m" ? 1 : 0 } class T { @dec m() { return 0 } } export const clean = () => new T().m();',
      1,
    ],
    ['after a top-level await', 'const a = await Promise.resolve(1); export const clean = () => a;', 1],
    [
      'on generators',
      'function* g() { yield 1; } async function* h() { yield* g(); } export const clean = async () => { for await (const x of h()) return x; };',
      1,
    ],
    [
      'with parameter properties and accessors',
      'class T { constructor(private a: number) {} get b() { return this.a } } export const clean = () => new T(1).b;',
      1,
    ],
    [
      'with disposal',
      'export const clean = () => { let n = 0; { using r = { [Symbol.dispose]() { n = 1 } }; void r } return n; };',
      1,
    ],
    [
      'on labels and shadowed names',
      'const name = 2; export const clean = () => { a: for (;;) { for (const name of [1]) { if (name) break a; } } return ((name) => name)(1) };',
      1,
    ],
    [
      'beside every form of TypeScript',
      `import type { A } from './gone.ts'; import { type B } from './gone.ts'; export type { A } from './gone.ts'; export type * from './gone.ts';
       export declare const gone: number; const s = 1; export { type B, s as 'odd name' }; export default interface D { x: 1 }
       namespace N.M { export const a = 1 } declare function f(): void; import alias = N.M;
       abstract class Q { abstract m(): void; declare d: number; e; constructor(x?: number); constructor(readonly x = 2) {} }
       enum E { 'quoted' = 1, plain = 2 } const dec = (v: any, c: unknown) => v; @dec class R extends Q { m() {} @dec static n() { return 1 } }
       export const clean = () => { switch (alias.a) { case 1: { let inner = E.quoted; return inner * R.n() * (new R().x - 1) } default: return 0 } };`,
      1,
    ],
    [
      'on private names and regular expressions',
      'class T { #a = /(?<y>\\d)/u; get() { return Number(this.#a.exec("1")!.groups!.y) } has(o: object) { return #a in o } } export const clean = () => new T().has(new T()) ? new T().get() : 0;',
      1,
    ],
  ])('%s', async (_what, source, value) => {
    expect(await fixture.call(source)).toBe(value);
  });

  it('a default export under its own name', async () => {
    expect(await fixture.call('export default () => 1;', [], 'default')).toBe(1);
    expect(
      await fixture.call('export default async function named() { return named.name }', [], 'default'),
    ).toBe('named');
  });

  it('one that imports while it runs', async () => {
    const files = {
      'steps.ts': `export const clean = async () => {
        const [a, b, c] = await Promise.all([import('./a.ts'), import('./b.mjs'), import('./c.cts')]);
        const { sep } = await import('node:path');
        return [a.default, b.b, c.default.c, sep.length];
      };`,
      'a.ts': 'export default 1;',
      'b.mjs': 'export const b = 2;',
      'c.cts': 'exports.c = 3;',
    };
    expect(await fixture.call(files)).toEqual([1, 2, 3, 1]);
    expect(bundleOf({ ...files, 'b.mjs': 'export const b = 4;' })).not.toBe(bundleOf(files));
  });
});

function captured(path: string): string {
  const moduleUrl = pathToFileURL(path).href;
  return new TextDecoder().decode(new FunctionCapture().capture({ moduleUrl, exportName: 'clean' }).bundle);
}
