import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture, type SourceFiles } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const imports = `import { readFileSync, realpathSync } from 'node:fs'; import path, { dirname, join } from 'node:path'; import { fileURLToPath } from 'node:url'; import { createRequire } from 'node:module';`;

function library(code: string, isCommonJs = false): SourceFiles {
  return {
    'steps.ts': `import { f } from 'lib'; export const clean = () => f(); export const other = () => 1;`,
    'node_modules/lib/package.json': JSON.stringify({ name: 'lib', ...(!isCommonJs && { type: 'module' }) }),
    'node_modules/lib/index.js': `${isCommonJs ? '' : imports}\n${code}`,
    'node_modules/lib/data.json': '{"a":1}',
    'node_modules/other/index.js': 'exports.a = 3;',
  };
}

const inEsm = (code: string): [string, string, boolean] => ['ESM', code, false];
const inCommonJs = (code: string): [string, string, boolean] => ['CommonJS', code, true];

describe('a library that reads a file beside itself', () => {
  it.each([
    inEsm(
      `const here = dirname(fileURLToPath(import.meta.url)); export const f = () => readFileSync(join(here, 'data.json'));`,
    ),
    inEsm(
      `const here = path.dirname(fileURLToPath(import.meta.url)); export const f = () => readFileSync(here + '/data.json');`,
    ),
    inEsm(
      'const here = dirname(fileURLToPath(import.meta.url)); export const f = () => readFileSync(`$' +
        '{here}/data.json`);',
    ),
    inEsm(
      `const here = () => dirname(fileURLToPath(import.meta.url)); export const f = () => readFileSync(join(here(), 'data.json'));`,
    ),
    inEsm(
      `const here = typeof __dirname === 'string' ? __dirname : import.meta.dirname; export const f = () => readFileSync(path.resolve(here, 'data.json'));`,
    ),
    inEsm(`export const f = () => readFileSync(join(import.meta.dirname, 'data.json'));`),
    inEsm(`export const f = () => readFileSync(new URL('data.json', new URL('.', import.meta.url)));`),
    inEsm(`const require = createRequire(import.meta.url); export const f = () => require('./data.json').a;`),
    inEsm(`export const f = () => createRequire(import.meta.url)('./data.json').a;`),
    inEsm(`export const f = () => readFileSync(createRequire(import.meta.url).resolve('./data.json'));`),
    inCommonJs(`exports.f = () => require('fs').readFileSync(__dirname + '/data.json');`),
    inCommonJs(
      `const { resolve } = require('path'); exports.f = () => require('fs').readFileSync(resolve(__dirname, 'data.json'));`,
    ),
    inCommonJs(`exports.f = () => require('fs').readFileSync(require.resolve('./data.json'));`),
    inCommonJs(
      `exports.f = () => require('fs').readFileSync(require('path').join(__dirname, '..', 'lib', 'data.json'));`,
    ),
  ])('is refused by the name of the file, in %s: %s [DML-CAP-0012]', (_form, code, isCommonJs) => {
    const files = library(code, isCommonJs);
    const reason = expect.stringMatching(/data\.json" from its own folder.*dag\.file/);
    expect(fixture.refusal(files)).toEqual({ file: 'node_modules/lib/index.js', line: 2, reason });
    expect(() => fixture.capture(files, 'other')).not.toThrow();
  });

  it.each([
    inEsm(`export const f = (name = 'data.json') => readFileSync(join(import.meta.dirname, name));`),
    inEsm(`export const f = () => readFileSync(import.meta.url.replace('index.js', 'data.json'));`),
    inEsm(`const require = createRequire(import.meta.url); export const f = () => require('other').a;`),
    inCommonJs(`exports.f = (name) => require('fs').readFileSync(__dirname + '/' + (name || 'data.json'));`),
  ])(
    'is refused where its code names the file in another place, in %s: %s [DML-CAP-0012]',
    (_form, code, isCommonJs) => {
      const reason = expect.stringContaining('from its own folder');
      const refused = fixture.refusal(library(code, isCommonJs));
      expect(refused).toEqual({ file: 'node_modules/lib/index.js', line: 2, reason });
    },
  );

  it.each([
    ['only asks for its place', `export const f = () => typeof import.meta.url;`, 'string'],
    [
      'loads a built-in module',
      `const require = createRequire(import.meta.url); export const f = () => require('path').posix.sep;`,
      '/',
    ],
    [
      'asks whether it is the program',
      `export const f = () => realpathSync('/') === fileURLToPath(import.meta.url);`,
      false,
    ],
    [
      'keeps its place',
      `const here = dirname(fileURLToPath(import.meta.url)); export const f = () => here.length > 0;`,
      true,
    ],
    [
      'goes on without a module',
      `let x = 1; try { x = createRequire(import.meta.url)('other') } catch {} export const f = () => x;`,
      1,
    ],
    [
      'makes a path of a file that is not there',
      `export const f = () => join(import.meta.dirname, 'nothing.txt').length > 0;`,
      true,
    ],
    [
      'has an export that reads one',
      `export const g = () => readFileSync(join(import.meta.dirname, 'data.json')); export const f = () => import.meta.url.length > 0;`,
      true,
    ],
  ])('is not one that %s', async (_what, code, value) => {
    expect(await fixture.call(library(code))).toBe(value);
  });
});
