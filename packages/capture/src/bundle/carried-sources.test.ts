import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';
import { SourceLocator } from './source-locator.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const FILES = {
  'flow/steps.ts': `import { limit } from '../lib/limit.ts';
import settings from './settings.json' with { type: 'json' };
import { up } from 'lib';
export const clean = (x: number) => up(x) < limit && settings.on;
export const other = 1;
`,
  'flow/settings.json': '{ "on": true }',
  'lib/limit.ts': 'export const limit: number = 100;\n',
  'lib/unused.ts': 'export const unused = 1;\n',
  'node_modules/lib/package.json':
    '{ "name": "lib", "version": "1.2.0", "type": "module", "main": "index.js" }',
  'node_modules/lib/index.js': "export { up } from './up.js';",
  'node_modules/lib/up.js': 'export const up = (x) => x + 1;',
  'node_modules/lib/down.js': 'export const down = (x) => x - 1;',
};

const captured = (files: Readonly<Record<string, string>>) =>
  fixture.capture(files, 'clean', 'flow/steps.ts');

describe('a captured function', () => {
  it("has the author's files that it was made of, also where it is remembered [DML-CAP-3000]", () => {
    const { locator } = captured(FILES);
    const { folder, files } = locator.sources();
    const texts = files.map(({ file, text }) => [file.slice(folder.length - 'flow'.length), text]);
    expect(Object.fromEntries(texts)).toEqual({
      'flow/steps.ts': FILES['flow/steps.ts'],
      'lib/limit.ts': FILES['lib/limit.ts'],
      'flow/settings.json': FILES['flow/settings.json'],
    });
    expect(new SourceLocator(locator.pack()).sources()).toEqual(locator.sources());
  });

  it('has name, version and hash of each library that it takes code from [DML-CAP-3001]', () => {
    const [lib, ...others] = captured(FILES).libraries;
    expect(others).toEqual([]);
    expect(lib).toEqual({ name: 'lib', version: '1.2.0', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(captured(FILES).libraries).toEqual([lib]);
    expect(captured({ ...FILES, 'node_modules/lib/down.js': '' }).libraries).toEqual([lib]);
    const [edited] = captured({
      ...FILES,
      'node_modules/lib/up.js': 'export const up = (x) => x + 2;',
    }).libraries;
    expect(edited).toMatchObject({ name: 'lib', version: '1.2.0' });
    expect(edited?.sha256).not.toBe(lib?.sha256);
  });
});
