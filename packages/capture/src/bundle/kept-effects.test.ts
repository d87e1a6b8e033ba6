import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture, type SourceFiles } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

/** What the export yields where Node loads the sources as they are. */
async function inNode(files: SourceFiles): Promise<unknown> {
  // The loader of the tests would give modules another identity than `require` does.
  const folder = fixture.write({ ...files, 'load.cjs': 'module.exports = (url) => import(url);' });
  const load = createRequire(join(folder, 'load.cjs'))('./load.cjs') as (url: string) => Promise<unknown>;
  const module = (await load(pathToFileURL(join(folder, 'steps.mjs')).href)) as {
    clean: (x: number) => unknown;
  };
  return module.clean(2);
}

async function expectAlike(files: SourceFiles): Promise<void> {
  const { 'steps.mjs': text = '', ...others } = files;
  const captured = await fixture.call({ ...others, 'steps.ts': `// @ts-nocheck\n${text}` }, [2]);
  expect(captured).toEqual(await inNode(files));
}

const seen = 'const seen = []; const note = (x) => { seen.push(x); return 1 };';

describe('a bundle yields what the sources yield', () => {
  it.each([
    [
      'a variable that is declared again',
      'var rate = 1; var rate = 2; export const clean = (x) => x * rate;',
    ],
    [
      'a variable that is declared again with what it may be made of',
      'var max = 10; export const other = () => max; var max = Math.max(20, 3); export const clean = () => max;',
    ],
    [
      'a variable that a pattern declares first',
      'var { k } = { k: 3 }; var k = 4; export const clean = () => k;',
    ],
    [
      'a variable that is declared again after a use',
      'var m = new Map(); m.set(1, 2); var m = new Map(); export const clean = () => m.size;',
    ],
    [
      'a variable that a block declares again',
      'var k = 1; if (k) { var k = 5 } var k; export const clean = () => k;',
    ],
    [
      'a variable that a loop declares again',
      'var k = 1; for (var k of [7]); var u = k; export const clean = () => [k, u];',
    ],
    [
      'a constant that is assigned in a pattern',
      'let o = 1; ({ a: o } = { a: { valueOf: () => { n++; return 1 } } }); var n = 0; const sum = o + 1; export const clean = () => [n, sum];',
    ],
    [
      'a function that gets its name from the author',
      'const define = (o, v) => Object.defineProperty(o, "name", { value: v, configurable: true }); const g = () => 1; const h = [g][0]; const named = define(h, "other"); export const clean = () => [named.name, g.name];',
    ],
  ])('with %s', async (_, text) => {
    await expectAlike({ 'steps.mjs': text });
  });

  it.each([
    [
      'names that patterns assign without declaring them',
      `[a1, , [b1] = [2]] = [1]; ({ c1, k: d1 = 5, ...e1 } = { c1: 3, z: 1 }); [...f1] = [6, 7]; for (g1 of [8]); h1 = 1; h1++;
       exports.all = [a1, b1, c1, d1, e1, f1, g1, h1, { h1, a1: g1 }];`,
    ],
    [
      'functions that are strict by themselves',
      `function own(a) { 'use strict'; a = 5; return [this === undefined, arguments[0], arguments.length] }
       const object = { arguments: 1, method() { return this.arguments }, get length() { return arguments.length } };
       class Row { arguments() { return typeof this } }
       exports.all = [own(1), object.method(), object.length, new Row().arguments()];`,
    ],
    [
      'arguments that are read and never tied',
      `exports.all = (function (a, b) { arguments[5]++; return [arguments.length, arguments['1'], arguments[0] + a, b] })(1, 2);`,
    ],
  ])('with %s in sloppy code', async (_, code) => {
    await expectAlike({
      'lib.cjs': code,
      'steps.mjs': `import lib from './lib.cjs'; export const clean = () => lib.all;`,
    });
  });

  it.each([
    [
      'every way to reach a function of another file by its name',
      {
        'one.mjs': `export function a() { return new Error().message } export const b = () => 2; const c = () => 3; export { c as default }; export const t = (x) => x[0]; export function unused() {}`,
        'two.mjs': `export { a as a2, b } from './one.mjs'; export * from './three.mjs'; export * as space from './one.mjs';`,
        'three.mjs': `export const d = () => 4; export const named = () => 1; export class K { constructor() { this.k = 5 } }`,
        'steps.mjs': `import c, { a, t } from './one.mjs'; import { a2, b, d, named, space, K } from './two.mjs'; import * as three from './three.mjs';
          export const clean = () => [a(), c(), a2(), b(), d(), named.name, space.b(), t\`x\`, new K().k, three.d(), [1].map(three.named)];`,
      },
    ],
    [
      'a file that is taken as a whole where a name is read',
      {
        'one.mjs': `export function a() { return 1 } export const b = function () { return a() };`,
        'steps.mjs': `export const clean = async () => { const { a, b } = await import('./one.mjs'); return [a(), b(), a.name] };`,
      },
    ],
    [
      'declarations by every pattern',
      {
        'steps.mjs': `export const { a, b: [c, , ...d], ...e } = { a: 1, b: [2, 3, 4], f: 5 }; export const [g = 6, { h } = { h: 7 }] = [];
          export let late; late = class Late {}; export var twice = 1; var twice = 2; label: { break label }
          export const clean = () => [a, c, d, e, g, h, late.name, twice];`,
      },
    ],
  ])('with %s', async (_, files) => {
    await expectAlike(files as SourceFiles);
  });

  it('when making what the export needs runs code of the author', async () => {
    const text = `${seen}
      const speaker = { toString() { note(1); return 'a' }, get a() { return note(1) } };
      class Judge { static [Symbol.hasInstance]() { note(1) } static { note(1) } }
      const values = [\`\${speaker}\`, speaker.a, ({}) instanceof Judge, ({ [speaker]: 1 }), new Set((function* () { note(1) })())];
      let ghost; const max = Math.max; Math.max = note; const value = [Math.max(1), ghost = note(1)]; Math.max = max;
      export const clean = () => [values.length, typeof value, typeof ghost, seen.length];`;
    await expectAlike({ 'steps.mjs': text });
  });

  it.each([
    ['a variable is declared again', 'var t = {}; var t = require("./shared.cjs"); t.x = 5;'],
    [
      'a class inherits a setter',
      'const { Base } = require("./shared.cjs"); class K extends Base {} K.tag = 5;',
    ],
    [
      'exports are those of another module',
      'module.exports = require("./shared.cjs"); module.exports.x = 5;',
    ],
    ['exports are named again', 'var exports = require("./shared.cjs"); exports.x = 5;'],
    ['this is the exports', 'const s = require("./shared.cjs"); this.add = s; this.add.x = 5;'],
  ])('with a CommonJS module that nobody uses when %s', async (_, code) => {
    const shared =
      'exports.x = 0; exports.Base = class { static set tag(v) { exports.x = v } }; exports.read = () => exports.x;';
    await expectAlike({
      'shared.cjs': shared,
      'lib.cjs': code,
      'steps.mjs': `import shared from './shared.cjs'; import lib from './lib.cjs';
        export const clean = () => [typeof lib, shared.read()];`,
    });
  });
});
