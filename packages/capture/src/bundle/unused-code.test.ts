import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const clean = 'export const clean = (x: number) => scale(x);';
const scale = 'const scale = (x: number) => x * 2;';
const base = fixture.bundleOf(`${scale} ${clean}`);

/** The bundle of `clean` beside a value that only another export needs. */
function beside(value: string): string {
  return fixture.bundleOf(`
    import { sep } from 'node:path';
    ${scale}
    const value = ${value};
    function between() { return value }
    export const other = () => [between(), sep];
    ${clean}
    export const third = () => value;`);
}

describe('what only other exports need', () => {
  it.each([
    'Object.freeze({ a: [1, 2], b: "x" })',
    'new Map(Object.entries({ a: 1, b: 2 }))',
    'new Set("a b c".split(" "))',
    'new Intl.NumberFormat("en")',
    'new URL("./data.csv", "file:///x/")',
    'new Set([...new Set(["a"]), Symbol.iterator])',
    'class { get [Symbol.toStringTag]() { return "x" } }',
    '[Math.log(2), Math.PI, Number("1"), -1, 1 + 2, `a`]',
    'Object.fromEntries([["a", () => 1]])',
    'class { static table = new Map(); run() { return 1 } }',
    'new TextDecoder("utf-8")',
    'new Float64Array(8)',
    'Symbol.for("x")',
  ])('is left out when it is %s [DML-EXE-0522]', (value) => {
    expect(beside(value)).toBe(base);
  });

  it.each([
    'register("x")',
    'new Thing()',
    'Array.from([1], () => globalThis.count++)',
    'class { static { globalThis.count = 1 } }',
    'Object.freeze(globalThis.shared)',
    'globalThis.shared.value',
    'delete globalThis.shared',
    'Math.random()',
    '[1, 2].map(globalThis.visit)',
  ])('stays when making it may do more: %s', (value) => {
    expect(beside(value)).not.toBe(base);
  });

  it('stays when the export needs it in a roundabout way', async () => {
    const source = `
      const names = new Map(Object.entries({ a: 1 }));
      function look(key: string) { return names.get(key) }
      const table = Object.freeze({ look });
      const unused = new Map([[look, table]]);
      let changed = 0, kept = 5, gone = new Set([1]), last = 6;
      changed = 3;
      export const other = () => [unused, gone];
      export const clean = (key: string) => [table.look(key), changed, kept, last];`;
    expect(await fixture.call(source, ['a'])).toEqual([1, 3, 5, 6]);
  });

  it('leaves nothing behind of tables that are made of constants', () => {
    const tables = `const keys = ['a', 'b']; const limit = 5; const set = new Set(keys); const all = [...keys, limit * 2, \`\${limit}\`];
      const sizes = { a: 1 }; const list = Object.entries(sizes); const more = { ...sizes, [limit]: clean };
      export const other = (x: string) => [keys.includes(x), keys[0], set, all, list, more, sizes.a];`;
    expect(fixture.bundleOf(`${tables} ${scale} ${clean}`)).toBe(base);
  });

  it('leaves nothing behind of a pipeline in the same file', () => {
    const pipeline = `
      import { definePipeline, functions } from '@daggerml/bindings';
      const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
      const DATA = new URL('./data.csv', import.meta.url);
      export const main = definePipeline('main', async (dag: any) => dag.call(steps.clean, await dag.file(DATA)));
      export default definePipeline((dag: any) => dag.call(steps.clean, 2));`;
    expect(fixture.bundleOf(`${pipeline} ${scale} ${clean}`)).toBe(base);
  });

  it('leaves nothing behind with names in the bundle either', () => {
    const named = `class Point { x = 1 } export const clean = () => new Point().constructor.name;`;
    const more = `const held = new Map(Object.entries({ a: () => 1, b: class {} })); const fn = () => held; function decl() { return fn }
      const table = Object.freeze({ decl, fn }); export const other = () => table;`;
    expect(fixture.bundleOf(`${more} ${named}`)).toBe(fixture.bundleOf(named));
  });
});

describe('CommonJS modules that only other exports use', () => {
  const library = (code: string, more: Record<string, string> = {}): Record<string, string> => ({
    'node_modules/lib/package.json': '{"name":"lib"}',
    'node_modules/lib/index.js': code,
    ...more,
  });
  const plain = `"use strict"; Object.defineProperty(exports, "__esModule", { value: true });
    exports.twice = exports.Table = void 0;
    const deep = require("./deep.js"); const limit = Object.freeze({ max: 10 });
    function twice(x) { return deep.add(x, x) > limit.max ? 0 : deep.add(x, x); } exports.twice = twice;
    class Table { constructor() { this.rows = [] } } exports.Table = Table;
    Object.defineProperty(exports, "add", { enumerable: true, get: function () { return deep.add; } });`;
  const deep = { 'node_modules/lib/deep.js': 'module.exports = { add: (a, b) => a + b };' };
  const user = (other: string): Record<string, string> => ({
    'steps.ts': `import { twice, Table } from 'lib'; import all from 'lib'; import { more } from './more.ts';
      ${scale} ${clean} export const other = (x: number) => ${other};`,
    'more.ts': `import { twice } from 'lib'; export const more = (x: number) => twice(x);`,
  });

  it('are left out when their code shows that it only defines [DML-EXE-0527]', () => {
    expect(
      fixture.bundleOf({ ...library(plain, deep), ...user('[more(x), twice(x), new Table(), all]') }),
    ).toBe(base);
  });

  it('are left out with what they define on their own classes', () => {
    const code = `"use strict"; var __interop = (e) => e; function interop(e) { return e && e.__esModule ? e : { default: e } }
      const deep = interop(require('./deep.js'));
      class Base { static rand() { return Math.random() } get size() { return 0 } }
      class Matrix extends Base { static #count = 0; #rows = []; }
      function install(target, other) { target.prototype.add = function (x) { return deep.default.add(x, x) }; target.sum = (x) => x; other.more = target; }
      Base.random = Base.rand; Matrix.prototype.kind = 'Matrix'; install(Matrix, Base);
      typeof Symbol !== 'undefined' && (Matrix.prototype[Symbol.for('nodejs.util.inspect.custom')] = install);
      exports.twice = (x) => x * 2; exports.Table = Matrix; exports.default = exports.Matrix = Matrix;`;
    expect(
      fixture.bundleOf({ ...library(code, deep), ...user('[more(x), twice(x), new Table(), all]') }),
    ).toBe(base);
  });

  it.each([
    'globalThis.counter = 1;',
    'const deep = require("./deep.js"); deep.added = 1;',
    'module.exports = require("./deep.js"); module.exports.added = 1;',
    'class A { static set x(value) { globalThis.x = value } } A.x = 1;',
    'class A { static get x() { globalThis.x = 1; return 1 } } exports.x = A.x;',
    'function install(target) { target.x = 1 } install(Array.prototype);',
    'function install(target) { target.x = 1; globalThis.y = 2 } class A {} install(A);',
    'let held = {}; held = Array; held.added = 1;',
    'const held = { array: Array }; held.array.added = 1;',
    'function convert(x) { return globalThis.convert(x) } exports.x = convert(1);',
    'class A extends globalThis.Base() {}',
    'exports.x = globalThis.make();',
    'for (const x of [1]) exports.x = x;',
    'if (process.env.X) exports.x = 1;',
  ])('stay when their code does not show it: %s', (code) => {
    const files = {
      ...library(`${code} exports.twice = (x) => x; exports.Table = class {};`, deep),
      ...user('twice(x)'),
    };
    expect(fixture.bundleOf(files)).not.toBe(base);
  });

  it('work where they are used', async () => {
    const files = {
      ...library(plain, deep),
      ...user('[more(x), twice(x), new Table().rows, all.twice(9), all.add(1, 2)]'),
    };
    expect(await fixture.call(files, [2], 'other')).toEqual([4, 4, [], 0, 3]);
  });

  it('stay, evaluated once, when they may do more [DML-EXE-0528]', async () => {
    const effect = `globalThis.evaluations = (globalThis.evaluations ?? 0) + 1; exports.twice = (x) => x * 2; exports.Table = class {};`;
    const bundles = ['twice(x)', 'more(x)', '[more(x), new Table(), all.twice(1)]'].map((other) =>
      fixture.bundleOf({ ...library(effect), ...user(other) }),
    );
    expect(new Set(bundles).size).toBe(1);
    expect(bundles[0]).toContain('evaluations');
    const counted = globalThis as { evaluations?: number };
    delete counted.evaluations;
    expect(await fixture.call({ ...library(effect), ...user('all') }, [4])).toBe(8);
    expect(counted.evaluations).toBe(1);
  });
});
