import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const library = (code: string): Record<string, string> => ({
  'steps.ts': `import { value } from 'lib'; export const clean = () => value();`,
  'node_modules/lib/package.json': '{"name":"lib","type":"module","exports":"./index.js"}',
  'node_modules/lib/index.js': code,
});

describe('code that asks for its own place', () => {
  it.each([
    ['import.meta.url', 'new URL("./a.csv", import.meta.url).href'],
    ['import.meta.dirname', 'import.meta.dirname'],
    ['import.meta.filename', 'import.meta?.filename'],
    ['import.meta', 'Object.keys(import.meta)'],
    ['__dirname', '__dirname + "/a.csv"'],
    ['__filename', 'typeof __filename'],
    ['process.cwd', 'process.cwd()'],
    ['process.cwd', 'globalThis.process.cwd()'],
    ['process.cwd', 'cwd()'],
    ['process.cwd', 'own["cwd"]()'],
    ['import.meta.url', '(() => { const { url } = import.meta; return url })()'],
    ['import.meta.url', '(import.meta as any).url'],
    ['import.meta.dirname', '(() => { const meta = import.meta; return meta.dirname })()'],
  ])('is refused with file and line: %s in %s [DML-EXE-0525]', (asked, expression) => {
    const files = {
      'steps.ts': `import { place } from './lib/place.ts';\nexport const clean = () => place();`,
      'lib/place.ts': `import own, { cwd } from 'node:process';\n\n/** Where? */\nexport const place = () =>\n  [${expression}];\nexport const used = [own, cwd];`,
    };
    const reason = expect.stringMatching(
      new RegExp(`^${asked.replaceAll('.', '\\.')} is not known.*dag\\.file`),
    );
    expect(fixture.refusal(files)).toEqual({ file: 'lib/place.ts', line: 5, reason });
  });

  it('is no matter where another export asks', () => {
    const source = `const here = new URL('.', import.meta.url); export const other = () => [here, __dirname, process.cwd()];
      export const clean = (__dirname: string) => __dirname;`;
    expect(fixture.bundleOf(source)).toBe('var e=e=>e;export{e as clean};\n');
  });

  it('gets one and the same place in libraries [DML-EXE-0526]', async () => {
    const files = library(
      `import { createRequire } from 'node:module';
       const require = createRequire(import.meta.url);
       export const value = () => [import.meta.url, import.meta.dirname, import.meta.filename, require('node:path').sep.length];`,
    );
    const place = '/daggerml-bundle';
    expect(await fixture.call(files)).toEqual([`file://${place}/index.mjs`, place, `${place}/index.mjs`, 1]);
    const common = {
      'steps.ts': `import lib from 'lib'; export const clean = () => lib;`,
      'node_modules/lib/package.json': '{"name":"lib"}',
      'node_modules/lib/index.js': 'module.exports = [__dirname, __filename];',
    };
    expect(await fixture.call(common)).toEqual([place, `${place}/index.mjs`]);
    expect(fixture.bundleOf(files)).not.toContain(fixture.root);
  });
});

describe('code that no capture sees', () => {
  const imports = `import all, { createRequire, isBuiltin } from 'node:module'; import { Worker } from 'node:worker_threads'; import vm from 'node:vm'; import { fork } from 'node:child_process';`;
  const refused = (expression: string): unknown => {
    const text = `${imports}\nexport const clean = async (x: any) =>\n  [${expression}];\nexport const other = () => 1;`;
    expect(() => fixture.capture(text, 'other')).not.toThrow();
    return fixture.refusal(text);
  };

  it.each([
    ['createRequire', 'createRequire(x)(x)'],
    ['createRequire', `(await import('node:module')).createRequire(x)(x)`],
    ['createRequire', `(await import('module')).default.createRequire(x)(x)`],
    ['createRequire', `(all as any).createRequire(x)(x)`],
    ['node:module', `import('node:module').then((own) => own[x])`],
    ['node:module', 'x(all)'],
    ['Module._load', 'all.Module._load(x)'],
    ['Worker', 'new Worker(x)'],
    ['fork', 'fork(x)'],
    ['node:vm', 'vm.runInThisContext(x)'],
    ['process.getBuiltinModule', `process.getBuiltinModule('fs')`],
    ['eval', '(0, eval)(x)'],
    ['eval', `eval('x')`],
    ['eval', 'globalThis.eval(x)'],
    ['process.getBuiltinModule', `(process as any).getBuiltinModule('fs')`],
    ['Function', `new Function('return 1')()`],
    ['Function', `Function(x)()`],
  ])('is refused with file and line: %s in %s [DML-CAP-0001]', (what, expression) => {
    expect(refused(expression)).toEqual({
      file: 'steps.ts',
      line: 3,
      reason: expect.stringMatching(
        new RegExp(`^${what.replace('.', '\\.')} runs code that cannot be captured`),
      ),
    });
  });

  it.each([
    ['createRequire', `const own = require('module'); exports.clean = (x) => own.createRequire(x)(x);`],
    [
      'createRequire',
      `const { createRequire: make } = require('node:module'); exports.clean = (x) => make(x)(x);`,
    ],
    ['node:module', `exports.clean = (x) => x(require('module'));`],
    ['require', 'const load = require; exports.clean = (x) => load(x);'],
    ['require', 'exports.clean = (x) => x.map(require);'],
    ['require.cache', 'exports.clean = (x) => require.cache[x];'],
    ['module.require', 'exports.clean = (x) => module.require(x);'],
  ])('is refused in CommonJS: %s in %s [DML-CAP-0001]', (what, code) => {
    expect(fixture.refusal({ 'own.cjs': `'use strict';\n${code}` }, 'clean', 'own.cjs')).toEqual({
      file: 'own.cjs',
      line: 2,
      reason: expect.stringMatching(new RegExp(`^${what.replace('.', '\\.')} runs code`)),
    });
  });

  it.each([
    ['process.cwd', 'const p = process; export const clean = () => p.cwd();'],
    ['process.cwd', 'const { process: p } = globalThis; export const clean = () => p.cwd();'],
    ['process.cwd', 'const p = process; const q = p; export const clean = () => q.cwd();'],
    ['process.cwd', 'const { cwd: where = 1 } = process; export const clean = () => where();'],
    ['Function', 'const F = Function; export const clean = () => new F("return 1")();'],
    ['eval', 'const g = globalThis; export const clean = (x) => g.eval(x);'],
    [
      'createRequire',
      `export const clean = async (x) => { const m = await import('node:module'); return m.createRequire(x); };`,
    ],
  ])('is refused by another name: %s in %s [DML-CAP-0920]', (what, code) => {
    expect(fixture.refusal({ 'own.mjs': `\n${code}` }, 'clean', 'own.mjs')).toEqual({
      file: 'own.mjs',
      line: 2,
      reason: expect.stringMatching(new RegExp(`^${what.replace('.', '\\.')} `)),
    });
  });

  it.each([
    ['createRequire', `export { createRequire as f } from 'node:module';`],
    ['createRequire', `import { createRequire } from 'node:module';\nexport { createRequire as f };`],
    ['createRequire', `export * from 'node:module';`, 'createRequire'],
    ['node:module', `export * as f from 'node:module';`],
    ['node:module', `export { default as f } from 'node:module';`],
    ['process.cwd', `export { cwd as f } from 'node:process';`],
  ])('is refused where a file only exports it again: %s in %s [DML-CAP-0929]', (what, code, name = 'f') => {
    const files = {
      'own.mjs': `import { ${name} as f } from './again.mjs'; export const clean = () => f;`,
      'again.mjs': `export const other = 1;\n${code}`,
    };
    expect(fixture.refusal(files, 'clean', 'own.mjs')).toEqual({
      file: 'again.mjs',
      line: 2,
      reason: expect.stringMatching(new RegExp(`^${what.replace('.', '\\.')} `)),
    });
    const unused = {
      ...files,
      'own.mjs': `import { other } from './again.mjs'; export const clean = () => other;`,
    };
    expect(() => fixture.capture(unused, 'clean', 'own.mjs')).not.toThrow();
  });

  it('is not what only lists or describes modules', () => {
    expect(() =>
      fixture.capture(`${imports} export const clean = (x: string) => [isBuiltin(x), all.builtinModules];`),
    ).not.toThrow();
    const common = `exports.clean = () => [require.main === module, typeof require, require('node:path').sep];`;
    expect(() => fixture.capture({ 'own.cjs': common }, 'clean', 'own.cjs')).not.toThrow();
  });

  it.each([
    ['import', 'await import(x)'],
    ['import', 'await import(`./$' + '{x}.ts`)'],
  ])('is refused where its name is computed: %s in %s [DML-CAP-0002]', (what, expression) => {
    expect(refused(expression)).toEqual({
      file: 'steps.ts',
      line: 3,
      reason: expect.stringContaining(`${what}() of a computed name`),
    });
  });

  it('is refused in CommonJS too [DML-CAP-0002]', () => {
    const files = {
      'steps.ts': `export { clean } from './own.cjs';`,
      'own.cjs': `'use strict';\nexports.clean = (x) => require(x);`,
    };
    expect(fixture.refusal(files)).toMatchObject({ file: 'own.cjs', line: 2 });
  });

  it('is no matter in questions and in prototypes', () => {
    expect(() =>
      fixture.capture(
        'export const clean = (f: unknown) => [typeof eval, f instanceof Function, Function.prototype.call.name];',
      ),
    ).not.toThrow();
  });
});
