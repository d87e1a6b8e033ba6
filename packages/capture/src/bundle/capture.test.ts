import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());
const { root } = fixture;
const bundleOf = fixture.bundleOf.bind(fixture);

const helper =
  'export const sum = (xs: number[]) => { let acc = 0; for (const x of xs) acc += x; return acc };';
const steps = `
import { sum } from './helper.ts';
interface Options { min: number }
const scale = (value: number) => value * 2;
export function clean(rows: number[], { min }: Options) {
  const kept = rows.filter((row) => row > min);
  return { kept, total: scale(sum(kept)) };
}
export function other(x: number) { return x + 1 }
`;
const base = (): string => bundleOf({ 'steps.ts': steps, 'helper.ts': helper });

describe('FunctionCapture', () => {
  it('keeps the bundle when comments and white space change [DML-EXE-0504]', () => {
    const changed = `/** Cleans, eagerly. */${steps.replaceAll('\n', '\n\n  // qqq zzz\n')}/* the end */`;
    expect(bundleOf({ 'steps.ts': changed, 'helper.ts': `// sums\n${helper}` })).toBe(base());
  });

  it('keeps the bundle when local names change [DML-EXE-0505]', () => {
    const renamed = steps
      .replaceAll('kept =', 'zz$survivors =')
      .replaceAll('{ kept,', '{ kept: zz$survivors,')
      .replaceAll('sum(kept)', 'sum(zz$survivors)')
      .replaceAll('(row) => row', '(qqqqqq) => qqqqqq')
      .replaceAll('{ min }: Options', '{ min: wwwwww }: Options')
      .replaceAll('> min', '> wwwwww')
      .replaceAll('scale', 'xxxxxxDouble');
    expect(renamed).not.toBe(steps);
    expect(bundleOf({ 'steps.ts': renamed, 'helper.ts': helper.replaceAll('acc', 'jjjjjj') })).toBe(base());
  });

  it('changes the bundle when the code of the export changes [DML-EXE-0506]', () => {
    expect(bundleOf({ 'steps.ts': steps.replace('row > min', 'row >= min'), 'helper.ts': helper })).not.toBe(
      base(),
    );
    expect(bundleOf({ 'steps.ts': steps.replace('* 2', '* 3'), 'helper.ts': helper })).not.toBe(base());
  });

  it('changes the bundle when a helper in another file or a library changes [DML-EXE-0507]', () => {
    expect(bundleOf({ 'steps.ts': steps, 'helper.ts': helper.replace('acc = 0', 'acc = 1') })).not.toBe(
      base(),
    );
    const withLibrary = (body: string): string =>
      bundleOf({
        'steps.ts': `import { twice } from 'lib'; export const clean = (x: number) => twice(x);`,
        'node_modules/lib/package.json': '{"name":"lib","main":"index.js"}',
        'node_modules/lib/index.js': `exports.twice = (x) => ${body}; exports.path = require('path').sep;`,
      });
    expect(withLibrary('x * 2')).not.toBe(withLibrary('x + x'));
    expect(withLibrary('x * 2')).toBe(withLibrary('x  *  2'));
  });

  it('leaves other exports of the file out of the bundle [DML-EXE-0503]', () => {
    expect(base()).not.toContain('+1');
    expect(bundleOf({ 'steps.ts': steps, 'helper.ts': helper }, 'other')).toBe(
      'function e(e){return e+1}export{e as other};\n',
    );
  });

  it('keeps the bundle when another export changes [DML-EXE-0508]', () => {
    const changed = steps.replace(
      'return x + 1',
      'return [x.wwww, x.jjjj, "kkkkkkkkkkkkkkkkkkk"].join("zzzz")',
    );
    expect(changed).not.toBe(steps);
    expect(bundleOf({ 'steps.ts': changed, 'helper.ts': helper })).toBe(base());
  });

  it('bundles libraries and leaves only built-in modules to import [DML-EXE-0510]', () => {
    const bundle = bundleOf({
      'steps.ts': `import { sep } from 'node:path'; import { twice } from 'lib'; export const clean = () => sep + twice(2);`,
      'node_modules/lib/package.json': '{"name":"lib","type":"module","exports":"./index.js"}',
      'node_modules/lib/index.js': 'import { sum } from "deep"; export const twice = (x) => sum(x, x);',
      'node_modules/deep/package.json': '{"name":"deep","type":"module","exports":"./index.js"}',
      'node_modules/deep/index.js': 'export const sum = (a, b) => a + b;',
    });
    expect([...bundle.matchAll(/from ?"([^"]+)"/g)].map((match) => match[1])).toEqual(['node:path']);
    expect(bundle).not.toContain('require(');
  });

  it('gives CommonJS code inside a bundle the built-in modules that it requires', async () => {
    const files = {
      'steps.ts': `import { join } from 'lib'; export const clean = (x: string) => join(x, 'b');`,
      'node_modules/lib/package.json': '{"name":"lib","main":"index.js"}',
      'node_modules/lib/index.js': `const path = require('path'); exports.join = (a, b) => path.posix.join(a, b);`,
    };
    expect(await fixture.call(files, ['a'])).toBe('a/b');
  });

  it('names file and line of code that cannot be bundled [DML-EXE-0511]', () => {
    const broken = `export const clean = 1;\nexport const b = (;`;
    expect(fixture.refusal(broken)).toMatchObject({ file: 'steps.ts', line: 2 });
    const lost = `\nimport { x } from './gone.ts';\nexport const clean = x;`;
    expect(fixture.refusal(lost)).toMatchObject({ line: 2 });
  });

  it('names a file that is not there', () => {
    const gone = { file: 'gone.ts', line: 0, reason: 'there is no such file' };
    expect(fixture.refusal({}, 'clean', 'gone.ts')).toEqual(gone);
  });

  it('keeps the versions of the tools that made the bundle [DML-EXE-0517]', () => {
    const versionOf = (name: string): string =>
      (createRequire(import.meta.url)(name) as { readonly version: string }).version;
    const { bundler } = fixture.capture('export const clean = 1;');
    expect(bundler).toBe(
      `esbuild ${versionOf('esbuild/package.json')}, oxc-minify ${versionOf('oxc-minify/package')}`,
    );
  });

  it('goes on after its bundler has ended', () => {
    const folder = join(root, 'killed');
    mkdirSync(folder);
    writeFileSync(join(folder, 'steps.ts'), 'export const one = () => 1; export const two = () => 2;');
    const script = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { FunctionCapture } from '@daggerml/capture';
      const capture = (exportName) => {
        try {
          return new FunctionCapture().capture({ moduleUrl: ${JSON.stringify(pathToFileURL(join(folder, 'steps.ts')).href)}, exportName }).bundle.length > 0;
        } catch (error) {
          return error.code;
        }
      };
      const results = [capture('one')];
      for (const id of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
        let stat = '';
        try { stat = readFileSync('/proc/' + id + '/stat', 'utf8'); } catch {}
        if (stat.replace(/^.*[)]/, '').split(' ')[2] === String(process.pid)) process.kill(Number(id), 'SIGKILL');
      }
      results.push(capture('two'), capture('two'));
      console.log(JSON.stringify(results));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    const [before, , after] = JSON.parse(output) as unknown[];
    expect([before, after]).toEqual([true, true]);
  });

  it('lists the exports that exist when the asked one does not [DML-EXE-0512]', () => {
    expect(() => bundleOf({ 'steps.ts': steps, 'helper.ts': helper }, 'claen')).toThrow(
      expect.objectContaining({
        code: 'capture_failed',
        fields: expect.objectContaining({ exports: ['clean', 'other'] }),
      }),
    );
  });

  it('takes the authoring names from the library without its dependencies', () => {
    const bundle = bundleOf({
      'steps.ts': `import { f64, type BlobHandle } from '@daggerml/bindings'; export const clean = (b: BlobHandle) => f64(b.sizeBytes);`,
    });
    expect(bundle).toContain('daggerml.f64');
    expect(bundle.length).toBeLessThan(200);
  });
});
