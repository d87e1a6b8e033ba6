import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture, type SourceFiles } from '../testing/capture-fixture.ts';
import {
  type BundledExport,
  type BundleStyle,
  bundleExport,
  bundleExports,
  entryFiles,
} from './bundle-export.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const library: SourceFiles = {
  'helper.ts': 'export class Sum { of(xs: number[]) { return xs.reduce((a, b) => a + b, 0) } }',
  'node_modules/lib/package.json': '{"name":"lib","main":"index.js"}',
  'node_modules/lib/index.js': `const { sep } = require('path'); exports.twice = (x) => x * 2; exports.sep = sep;`,
};

describe('bundling exports together', () => {
  it.each([
    [
      'an ES module',
      'steps.ts',
      `import { Sum } from './helper.ts'; import { twice, sep } from 'lib';
       export const clean = (xs: number[]) => new Sum().of(xs.map(twice));
       export function other() { return clean.toString() + sep }
       export default class extends Sum {}
       export const lazily = () => import('lib');`,
      ['clean', 'other', 'default', 'lazily'],
    ],
    [
      're-exports',
      'steps.ts',
      `export { Sum as clean } from './helper.ts'; export * from 'lib'; export * as all from './helper.ts';`,
      ['clean', 'twice', 'sep', 'all'],
    ],
  ])('of %s yields the bytes that bundling each by itself does', (_what, file, text, exportNames) => {
    const path = join(fixture.write({ ...library, [file]: text }), file);
    const bytesOf = ({ text: code, sourceMap, files, folder }: BundledExport): unknown => [
      new TextDecoder().decode(code),
      new TextDecoder().decode(sourceMap),
      [...files].sort(),
      folder,
    ];
    for (const style of ['short', 'plain'] satisfies BundleStyle[]) {
      const entryFolder = fixture.write(entryFiles(path, exportNames));
      const together = bundleExports({ path, style }, exportNames, entryFolder);
      expect([...(together?.keys() ?? [])]).toEqual(exportNames);
      for (const [exportName, bundled] of together ?? [])
        expect(bytesOf(bundled)).toEqual(bytesOf(bundleExport({ path, exportName, style })));
    }
  });

  it('is not done for a CommonJS module, whose entry points differ with their place', () => {
    const text = 'exports.clean = (xs) => xs; exports.other = () => 2;';
    const path = join(fixture.write({ 'steps.cjs': text }), 'steps.cjs');
    const entryFolder = fixture.write(entryFiles(path, ['clean', 'other']));
    for (const style of ['short', 'plain'] satisfies BundleStyle[])
      expect(bundleExports({ path, style }, ['clean', 'other'], entryFolder)).toBeUndefined();
  });

  it('reports one that does not exist', () => {
    const path = join(fixture.write({ 'steps.ts': 'export const clean = 1;' }), 'steps.ts');
    const entryFolder = fixture.write(entryFiles(path, ['clean', 'gone']));
    expect(() => bundleExports({ path, style: 'short' }, ['clean', 'gone'], entryFolder)).toThrow(
      expect.objectContaining({ code: 'capture_failed' }),
    );
  });
});
