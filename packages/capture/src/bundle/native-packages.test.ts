import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture, type SourceFiles } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const files = (change: SourceFiles = {}): SourceFiles => ({
  'node_modules/native/package.json': '{"name":"native","version":"1.2.3"}',
  'node_modules/native/index.js': `module.exports = require('./build/Release/native.node');`,
  'node_modules/native/build/Release/native.node': 'machine code',
  'steps.ts': `import native from 'native'; export const clean = () => native.run(); export const other = () => 1;`,
  ...change,
});
const ofPlatform: SourceFiles = {
  'node_modules/native/package.json':
    '{"name":"native","version":"1.2.3","optionalDependencies":{"@native/linux":"1.2.3","@native/other":"1.2.3"}}',
  'node_modules/native/build/Release/native.node': '',
  'node_modules/@native/linux/package.json': '{"name":"@native/linux"}',
  'node_modules/@native/linux/lib/linux.node': 'machine code',
};

describe('a package with machine code', () => {
  it('stays outside of bundles, whoever imports it [DML-CAP-0020]', () => {
    const user = {
      'node_modules/user/index.js': `const native = require('native'); exports.run = () => native.run();`,
    };
    for (const source of [
      `import native from 'native'; export const clean = () => native.run();`,
      `import { run } from 'native'; export const clean = () => run();`,
      `import * as native from 'native'; export const clean = () => native.run();`,
      `import { run } from 'user'; export const clean = () => run();`,
      `export const clean = async () => (await import('native')).default.run();`,
    ]) {
      const { bundle, natives } = fixture.capture(files({ ...user, 'steps.ts': source }));
      expect(natives).toEqual([expect.objectContaining({ name: 'native', version: '1.2.3' })]);
      expect(new TextDecoder().decode(bundle)).toContain(natives[0]?.specifier);
      expect(new TextDecoder().decode(bundle)).not.toContain('Release');
    }
    expect(fixture.capture(files(ofPlatform)).natives).toHaveLength(1);
    expect(fixture.capture(files(), 'other').natives).toEqual([]);
  });

  it('is part of the bundle by name, version and add-ons, not by its folder [DML-CAP-0021]', () => {
    const base = fixture.bundleOf(files());
    expect(fixture.bundleOf(files())).toBe(base);
    expect(base).not.toContain(fixture.root);
    const renamed = '{"name":"native","version":"1.2.4"}';
    for (const change of [
      { 'node_modules/native/package.json': renamed },
      { 'node_modules/native/package.json': renamed.replace('"native"', '"other"').replace('4', '3') },
      { 'node_modules/native/build/Release/native.node': 'other machine code' },
    ])
      expect(fixture.bundleOf(files(change))).not.toBe(base);
    const other = { 'node_modules/@native/linux/lib/linux.node': 'other machine code' };
    expect(fixture.bundleOf(files({ ...ofPlatform, ...other }))).not.toBe(
      fixture.bundleOf(files(ofPlatform)),
    );
  });
});
