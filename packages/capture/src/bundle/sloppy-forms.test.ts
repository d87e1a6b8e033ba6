import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture, type SourceFiles } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const own = (code: string): SourceFiles => ({ 'own.cjs': code });
const inLibrary = (code: string): SourceFiles => ({
  'own.cjs': `'use strict'; exports.clean = (x) => require('lib').clean(x);`,
  'node_modules/lib/index.js': code,
});
const call = (files: SourceFiles, input?: unknown): Promise<unknown> =>
  fixture.call(files, [input], 'clean', 'own.cjs');
const refusalOf = (files: SourceFiles): unknown => fixture.refusal(files, 'clean', 'own.cjs');
const at = (file: string, line: number): unknown => ({
  file,
  line,
  reason: expect.stringContaining('captured function'),
});
const strict = (files: SourceFiles): SourceFiles =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, `'use strict';${text}`]));

describe('sloppy code', () => {
  it.each([
    ['an argument that is set', 'exports.clean = function (a) {\n arguments[0] = 9; return a };'],
    ['a parameter that is set', 'exports.clean = function (a) { a = 9;\n return arguments[0] };'],
    ['a parameter that is counted up', 'exports.clean = function (x, b) { b++;\n return arguments[1] };'],
    ['a fixed property that is set', 'exports.clean = () => {\n Math.PI = 3; return Math.PI };'],
    ['a fixed property that is counted up', 'exports.clean = () =>\n Number.MAX_VALUE++;'],
    ['a fixed property that is deleted', 'exports.clean = () =>\n delete Math.PI;'],
    ['undefined that is set', 'exports.clean = () => {\n undefined = 3; return 1 };'],
    [
      'the own name of a function that is set',
      'exports.clean = () => (function f() {\n f = 1; return 2 })();',
    ],
    ['arguments.callee', 'exports.clean = function () {\n return typeof arguments.callee };'],
  ])('is refused where it does something else when it is strict: %s [DML-CAP-0924]', (_what, code) => {
    for (const [files, file] of [
      [own(code), 'own.cjs'],
      [inLibrary(code), 'node_modules/lib/index.js'],
    ] as const) {
      expect(refusalOf(files)).toEqual(at(file, 2));
      expect(() => fixture.capture(strict(files), 'clean', 'own.cjs')).not.toThrow();
    }
  });

  it('is refused where two parameters have one name [DML-CAP-0924]', () => {
    const code = 'exports.clean = function (a,\n a) { return a };';
    expect(refusalOf(own(code))).toEqual(at('own.cjs', 2));
    expect(refusalOf(inLibrary(code))).toEqual(at('node_modules/lib/index.js', 2));
  });

  it("is refused in the author's files also where it may be any argument [DML-CAP-0924]", async () => {
    for (const code of [
      'exports.clean = function (a, i) {\n arguments[i] = 9; return a };',
      'exports.clean = function (a) { a = 9;\n return Math.max.apply(null, arguments) };',
      'exports.clean = function (a) { const set = () => { a = 9 }; set();\n return [...arguments] };',
    ]) {
      expect(refusalOf(own(code))).toEqual(at('own.cjs', 2));
      expect(() => fixture.capture(inLibrary(code), 'clean', 'own.cjs')).not.toThrow();
    }
  });

  it('is taken as it is where it makes no difference', async () => {
    const code = `exports.clean = function (a, b) {
      'a text'; a = a || arguments.length; delete { PI: 1 }.PI; const own = { PI: 1, arguments: 2 }; own.PI = 2;
      function f(x) { return x } f = (x) => x + 1;
      const Math = { PI: 1 }; Math.PI = 4;
      (function (a) { 'use strict'; arguments[0] = 5; return a })(1);
      (function (a = 1) { a = 2; return arguments[0] })(1);
      return [f(a), own.arguments, Math.PI, b];
    };`;
    expect(await call(own(code), 1)).toEqual([2, 2, 4, undefined]);
    expect(await call(inLibrary(code), 1)).toEqual([2, 2, 4, undefined]);
  });

  it('sees functions that a block declares outside of it [DML-CAP-0925]', async () => {
    const code = `{ function top() { return 1 } }
      exports.clean = (x) => {
        const before = typeof inner;
        if (x) { function inner() { return 2 } }
        return [top(), before, typeof inner, x ? inner() : 0];
      };`;
    for (const files of [own(code), inLibrary(code)]) {
      expect(await call(files, true)).toEqual([1, 'undefined', 'function', 2]);
      expect(await call(files, false)).toEqual([1, 'undefined', 'undefined', 0]);
    }
  });

  it('may name this in the branch that a test for exports leaves to browsers [DML-CAP-0927]', async () => {
    const wrapped = (
      test: string,
      common: string,
    ): string => `(function (root, factory) { ${test} })(this, () => 7);
      (function (module) { if (module && module.exports) { ${common} } else { this.clean = 1 } })(module);`;
    const common = 'module.exports = { clean: () => 7 };';
    const tests = [
      `typeof exports === 'object' ? (exports.clean = factory) : (this.clean = factory);`,
      `if (typeof exports !== 'undefined') exports.clean = factory; else this.clean = factory;`,
    ];
    for (const test of tests) expect(await call(inLibrary(wrapped(test, common)))).toBe(7);
    const browser = `(function () { if (typeof exports === 'undefined') { } else { return typeof this } })();`;
    expect(refusalOf(inLibrary(browser))).toEqual(at('node_modules/lib/index.js', 1));
  });

  it('may name this in the branch that a test for the global object leaves to others [DML-CAP-0937]', async () => {
    const root = (expression: string): SourceFiles =>
      inLibrary(`(function () { const root = ${expression}; exports.clean = () => typeof root.Array; })();`);
    for (const expression of [
      `typeof global === 'object' ? global : typeof self === 'object' ? self : typeof this === 'object' ? this : {}`,
      `'object' == typeof globalThis ? globalThis : this`,
      `typeof globalThis !== 'undefined' ? globalThis : this`,
      `typeof globalThis === 'undefined' ? this : globalThis`,
      `typeof global != 'object' ? this : global`,
    ])
      expect(await call(root(expression))).toBe('function');
    for (const expression of [
      `typeof global === 'object' ? this : global`,
      `typeof globalThis === 'undefined' ? globalThis : this`,
      `typeof self === 'object' ? self : this`,
      `((global) => typeof global === 'object' ? global : this)(1)`,
      `typeof global > 'object' ? global : this`,
    ])
      expect(refusalOf(root(expression))).toEqual(at('node_modules/lib/index.js', 1));
  });
});
