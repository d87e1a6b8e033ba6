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
  ])('is refused with file and line: %s in %s [DML-EXE-0525]', (asked, expression) => {
    const files = {
      'steps.ts': `import { place } from './lib/place.ts';\nexport const clean = () => place();`,
      'lib/place.ts': `import own, { cwd } from 'node:process';\n\n/** Where? */\nexport const place = () =>\n  [${expression}];\nexport const used = [own, cwd];`,
    };
    expect(() => fixture.capture(files)).toThrow(
      expect.objectContaining({
        code: 'capture_failed',
        fields: {
          file: expect.stringMatching(/lib[\\/]place\.ts$/),
          line: 5,
          reason: expect.stringMatching(
            new RegExp(`^${asked.replaceAll('.', '\\.')} is not known.*dag\\.file`),
          ),
        },
      }),
    );
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
  const imports = `import { createRequire } from 'node:module'; import { Worker } from 'node:worker_threads'; import vm from 'node:vm'; import { fork } from 'node:child_process';`;
  const refused = (expression: string): unknown => {
    const text = `${imports}\nexport const clean = async (x: any) =>\n  [${expression}];\nexport const other = () => 1;`;
    expect(() => fixture.capture(text, 'other')).not.toThrow();
    try {
      return fixture.capture(text);
    } catch (error) {
      return (error as { fields: unknown }).fields;
    }
  };

  it.each([
    ['createRequire', 'createRequire(x)(x)'],
    ['Worker', 'new Worker(x)'],
    ['fork', 'fork(x)'],
    ['node:vm', 'vm.runInThisContext(x)'],
    ['process.getBuiltinModule', `process.getBuiltinModule('fs')`],
    ['eval', '(0, eval)(x)'],
    ['eval', `eval('x')`],
    ['eval', 'globalThis.eval(x)'],
    ['Function', `new Function('return 1')()`],
    ['Function', `Function(x)()`],
  ])('is refused with file and line: %s in %s [DML-CAP-0001]', (what, expression) => {
    expect(refused(expression)).toEqual({
      file: expect.stringMatching(/steps\.ts$/),
      line: 3,
      reason: expect.stringMatching(
        new RegExp(`^${what.replace('.', '\\.')} runs code that cannot be captured`),
      ),
    });
  });

  it.each([
    ['import', 'await import(x)'],
    ['import', 'await import(`./$' + '{x}.ts`)'],
  ])('is refused where its name is computed: %s in %s [DML-CAP-0002]', (what, expression) => {
    expect(refused(expression)).toEqual({
      file: expect.stringMatching(/steps\.ts$/),
      line: 3,
      reason: expect.stringContaining(`${what}() of a computed name`),
    });
  });

  it('is refused in CommonJS too [DML-CAP-0002]', () => {
    const files = {
      'steps.ts': `export { clean } from './own.cjs';`,
      'own.cjs': `'use strict';\nexports.clean = (x) => require(x);`,
    };
    expect(() => fixture.capture(files)).toThrow(
      expect.objectContaining({
        fields: expect.objectContaining({ file: expect.stringMatching(/own\.cjs$/), line: 2 }),
      }),
    );
  });

  it('is no matter in questions and in prototypes', () => {
    expect(() =>
      fixture.capture(
        'export const clean = (f: unknown) => [typeof eval, f instanceof Function, Function.prototype.call.name];',
      ),
    ).not.toThrow();
  });
});
