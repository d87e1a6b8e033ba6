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
    'new Set(gen)',
    'new Map(gen)',
    'Array.from(gen)',
    '[...gen]',
    'Object.fromEntries(gen)',
    'Math.max(...gen)',
    'new Array(...gen)',
    'Uint8Array.from(gen)',
    'new Float64Array(gen)',
    'JSON.stringify(jsonable)',
    'JSON.stringify({ toJSON: note })',
    'JSON.stringify([{ a: jsonable }])',
    'JSON.stringify({}, replacer)',
    '`$' + '{speaker}`',
    '"n" + speaker',
    '+speaker',
    'speaker < 1',
    'speaker == 1',
    'String(speaker)',
    'Number(speaker)',
    'Math.max(speaker)',
    'parseInt(speaker)',
    'new Date(speaker)',
    'new RegExp(speaker)',
    'new URL(speaker, "file:///x")',
    'new Array([speaker]).join()',
    '"a".split(splitter)',
    '["a"].concat(speaker)',
    '["a"].join(speaker)',
    '({}) instanceof Judge',
    '"a" in proxy',
    'Object.keys(proxy)',
    'Object.entries(getters)',
    'Object.assign({}, getters)',
    '({ ...getters })',
    '({ ...{ get a() { note(1); return 1 } } })',
    '({ [speaker]: 1 })',
    '({ toString: note }) + ""',
    '({ __proto__: speaker }) + ""',
    '[speaker] + ""',
    'getters.a',
    'getters?.a',
    'delete proxy.a',
    'note`x`',
    'class { static x = note(1) }',
    'class { static [speaker] = 1 }',
    'class { static { note(1) } }',
    'class { [note(1)]() {} }',
    'new Intl.NumberFormat("en", getters)',
    'new TextDecoder("utf-8", getters)',
    'Object.freeze({ a: note(1) })',
    'Object.values({ a: 1, ...getters })',
    'new Set(listed)',
    'new Set(passed)',
    'new Set(tampered)',
    'changing',
    '(() => note(1))()',
    'void note(1)',
    '!note(1)',
    'true && note(1)',
    'ghost = note(1)',
  ])('when making what another export needs runs code of the author: %s', async (value) => {
    const text = `${seen}
      const gen = (function* () { note(1) })();
      const jsonable = { toJSON: note, a: 1 }; const replacer = (k, v) => note(v);
      const speaker = { toString() { note(1); return 'file:///x' }, valueOf() { note(1); return 1 } };
      const splitter = { [Symbol.split]: note };
      const getters = { get a() { return note(1) }, get style() { note(1) }, get fatal() { note(1) } };
      const proxy = new Proxy(class {}, { get: (t, k) => (note(k), t[k]), has: note, ownKeys: (t) => (note(1), Reflect.ownKeys(t)), deleteProperty: note });
      class Judge { static [Symbol.hasInstance]() { note(1) } }
      const listed = [1]; listed[Symbol.iterator] = function* () { note(1) };
      const passed = [1]; const patch = (o) => { o[Symbol.iterator] = function* () { note(1) } }; patch(passed);
      const tampered = [1]; tampered['__proto__'] = { *[Symbol.iterator]() { note(1) } };
      Object.defineProperty(globalThis, 'changing', { get: () => note(1), configurable: true });
      let ghost;
      const value = ${value};
      export const clean = () => [typeof value, typeof ghost, seen.length];`;
    await expectAlike({ 'steps.mjs': text });
  });

  it('when a built-in function was replaced', async () => {
    await expectAlike({
      'steps.mjs': `${seen} const max = Math.max; Math.max = note; const value = Math.max(1, 2); Math.max = max;
        export const clean = () => [value, seen.length];`,
    });
  });

  it('when two exports share an iterator', async () => {
    await expectAlike({
      'steps.mjs': `function* g() { yield 1; yield 2 } const gen = g(); const all = new Set(gen);
        export const clean = () => [all.size, gen.next().value];`,
    });
  });

  it.each([
    ['a variable is declared again', 'var t = {}; var t = require("./shared.cjs"); t.x = 5;'],
    [
      'a parameter is declared again',
      'function put(t) { var t = require("./shared.cjs"); t.x = 5 } put({});',
    ],
    ['a variable is assigned in a pattern', 'var t = {}; [t] = [require("./shared.cjs")]; t.x = 5;'],
    ['a prototype was assigned', 'function K() {} K.prototype = require("./shared.cjs"); K.prototype.x = 5;'],
    [
      'a prototype was assigned by a text',
      'function K() {} K["prototype"] = require("./shared.cjs"); K.prototype.x = 5;',
    ],
    [
      'a prototype is that of an object',
      'var o = { prototype: require("./shared.cjs") }; o.prototype.x = 5;',
    ],
    [
      'a prototype is that of an object that a function is given',
      'function put(t) { t.prototype.x = 5 } var o = { prototype: require("./shared.cjs") }; put(o);',
    ],
    [
      'a class inherits a setter',
      'const { Base } = require("./shared.cjs"); class K extends Base {} K.tag = 5;',
    ],
    [
      'a class inherits a setter by a chain',
      'const Base = require("./shared.cjs").Base; class A extends Base {} class K extends A {} K.tag = 5;',
    ],
    [
      'an object inherits a setter',
      'const { Base } = require("./shared.cjs"); const o = { __proto__: Base }; o.tag = 5;',
    ],
    [
      'a setter has a computed name',
      'const s = require("./shared.cjs"); class K { static set ["t" + "ag"](v) { s.x = v } } K.tag = 5;',
    ],
    [
      'a setter has a symbol for its name',
      'const s = require("./shared.cjs"); class K { static set [Symbol.iterator](v) { s.x = v } } K[Symbol.iterator] = 5;',
    ],
    [
      'a setter has a quoted name',
      'const s = require("./shared.cjs"); class K { static set "tag"(v) { s.x = v } } K.tag = 5;',
    ],
    [
      'a setter of the exports is defined',
      'const s = require("./shared.cjs"); Object.defineProperty(exports, "tag", { set(v) { s.x = v } }); exports.tag = 5;',
    ],
    [
      'a descriptor runs code',
      'const s = require("./shared.cjs"); Object.defineProperty(exports, "tag", { get value() { return s.x = 5 } });',
    ],
    [
      'exports are those of another module',
      'module.exports = require("./shared.cjs"); module.exports.x = 5;',
    ],
    ['exports are named again', 'var exports = require("./shared.cjs"); exports.x = 5;'],
    ['another module is frozen', 'exports.frozen = Object.freeze(require("./shared.cjs")); '],
    [
      'a function calls itself',
      'const s = require("./shared.cjs"); function init(t) { t.ready || (t.ready = true, init(t)); s.x = 5 } class K {} init(K);',
    ],
    [
      'a function is its own proof',
      'function init(t) { t.ready || (t.ready = true, init(t)) } class K {} init(K);',
    ],
    [
      'a default of a parameter runs code',
      'const s = require("./shared.cjs"); function put(t, u = (s.x = 5)) { t.y = 1 } class K {} put(K);',
    ],
    ['a constant is destructured', 'const s = require("./shared.cjs"); const { a = (s.x = 5) } = {};'],
    ['a label stands before it', 'const s = require("./shared.cjs"); here: s.x = 5;'],
    ['this is the exports', 'const s = require("./shared.cjs"); this.add = s; this.add.x = 5;'],
  ])('with a CommonJS module that nobody uses when %s', async (_, code) => {
    const shared =
      'exports.x = 0; exports.Base = class { static set tag(v) { exports.x = v } }; exports.read = () => [exports.x, Object.isFrozen(exports)];';
    await expectAlike({
      'shared.cjs': shared,
      'lib.cjs': code,
      'steps.mjs': `import shared from './shared.cjs'; import lib from './lib.cjs';
        export const clean = () => [typeof lib, shared.read()];`,
    });
  });
});
