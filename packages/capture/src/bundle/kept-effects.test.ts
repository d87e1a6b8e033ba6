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
