import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture, moduleIn, type SourceFiles } from '../testing/capture-fixture.ts';
import { FunctionCapture } from './capture.ts';
import { NATIVE, nativeFiles } from './native-packages.ts';

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

  it('is the same by a link to a folder outside of node_modules as by a copy [DML-CAP-0005] [DML-CAP-0020]', () => {
    const folder = fixture.write({ 'steps.ts': files()['steps.ts'] ?? '' });
    const user = `const native = require('native'); exports.run = () => native.run();`;
    const packages = fixture.write({
      'a/package.json': '{"name":"native","version":"1.2.3"}',
      'a/index.js': `module.exports = require('./build/native.node');`,
      'a/build/native.node': 'machine code',
      'b/package.json': '{"name":"user","version":"1.0.0"}',
      'b/index.js': user,
    });
    mkdirSync(join(packages, 'b/node_modules'));
    symlinkSync(join(packages, 'a'), join(packages, 'b/node_modules/native'));
    const place = (name: string, from: string, isLink: boolean): void => {
      const to = join(folder, 'node_modules', name);
      mkdirSync(dirname(to), { recursive: true });
      if (isLink) symlinkSync(join(packages, from), to);
      else cpSync(join(packages, from), to, { recursive: true, dereference: true });
    };
    for (const name of ['linked', 'copied']) {
      place(`${name}-user`, 'b', name === 'linked');
      place(name, 'a', name === 'linked');
      const direct = `import native from '${name}'; export const clean = () => native.run();`;
      writeFileSync(join(folder, `${name}.ts`), direct);
      writeFileSync(join(folder, `${name}-through.ts`), direct.replace(name, `${name}-user`));
    }
    const captureOf = (file: string) =>
      new FunctionCapture().capture({ moduleUrl: moduleIn(folder, file), exportName: 'clean' });
    for (const [linked, copied] of [
      ['linked.ts', 'copied.ts'],
      ['linked-through.ts', 'copied-through.ts'],
    ] as const) {
      const { bundle, natives } = captureOf(linked);
      expect(natives).toMatchObject([{ name: 'native', version: '1.2.3' }]);
      expect(new TextDecoder().decode(bundle)).toBe(new TextDecoder().decode(captureOf(copied).bundle));
    }
  });

  it("is no package that the author's own files make by a relative path [DML-CAP-0005]", () => {
    const own = {
      'package.json': '{"name":"own"}',
      'build/own.node': 'machine code',
      'data.json': '{"a":1}',
    };
    const source = `import data from './data.json'; export const clean = () => data.a;`;
    expect(fixture.capture({ ...own, 'steps.ts': source }).natives).toEqual([]);
  });

  it('is part of the bundle by name, version and content, not by its folder [DML-CAP-0021]', () => {
    const base = fixture.bundleOf(files());
    expect(fixture.bundleOf(files())).toBe(base);
    expect(base).not.toContain(fixture.root);
    const renamed = '{"name":"native","version":"1.2.4"}';
    for (const change of [
      { 'node_modules/native/package.json': renamed },
      { 'node_modules/native/package.json': renamed.replace('"native"', '"other"').replace('4', '3') },
      { 'node_modules/native/build/Release/native.node': 'other machine code' },
      { 'node_modules/native/index.js': `module.exports = 1;` },
      { 'node_modules/native/lib/deep/er/table.json': '[1]' },
      { 'node_modules/native/lib/added.mjs': '' },
      { 'node_modules/native/lib/added.cjs': '' },
      { 'node_modules/native/lib/added.wasm': '' },
    ])
      expect(fixture.bundleOf(files(change))).not.toBe(base);
    expect(fixture.bundleOf(files({ 'node_modules/native/README.md': 'words' }))).toBe(base);
    const other = { 'node_modules/@native/linux/lib/linux.node': 'other machine code' };
    expect(fixture.bundleOf(files({ ...ofPlatform, ...other }))).not.toBe(
      fixture.bundleOf(files(ofPlatform)),
    );
  });

  it('is part of the bundle by the versions of what it depends on [DML-CAP-0921]', () => {
    const dependent = (version: string): SourceFiles => ({
      'node_modules/native/package.json': '{"name":"native","version":"1.2.3","dependencies":{"a":"*"}}',
      'node_modules/a/package.json': '{"name":"a","version":"1.0.0","dependencies":{"b":"*","a":"*"}}',
      'node_modules/b/package.json': `{"name":"b","version":"${version}"}`,
    });
    const base = fixture.bundleOf(files(dependent('1.0.0')));
    expect(fixture.bundleOf(files(dependent('1.0.0')))).toBe(base);
    expect(fixture.bundleOf(files(dependent('1.0.1')))).not.toBe(base);
  });

  it('is looked into again by a process that captured it before [DML-CAP-0021]', async () => {
    const folder = fixture.write(files());
    const capture = new FunctionCapture();
    const bundleOf = (): string =>
      new TextDecoder().decode(capture.capture({ moduleUrl: moduleIn(folder), exportName: 'clean' }).bundle);
    const base = bundleOf();
    writeFileSync(join(folder, 'node_modules/native/index.js'), 'module.exports = { run: () => 2 };');
    expect(bundleOf()).not.toBe(base);
  });
});

describe('what a bundle needs of the process that runs it', () => {
  const text = (bundle: string): Uint8Array => new TextEncoder().encode(bundle);

  it('is refused where nothing here stands for it [DML-CAP-0922]', () => {
    const { bundle, natives } = fixture.capture(files());
    expect(Object.keys(nativeFiles(natives, bundle))).toEqual([natives[0]?.specifier]);
    for (const needed of [
      new TextDecoder().decode(bundle),
      `import"${NATIVE}a@1.0.0/index.js#00";`,
      `import{a}from"daggerml-next:a";`,
      `import a from 'daggerml-next:a';`,
      `export const f=async()=>(await import("daggerml-next:a")).b;`,
    ])
      expect(() => nativeFiles([], text(needed))).toThrow(
        expect.objectContaining({ code: 'capture_failed', fields: expect.objectContaining({ line: 0 }) }),
      );
  });

  it('is not taken for a text that code holds', () => {
    expect(nativeFiles([], text(`import"node:fs";export const f=()=>"daggerml-next:a";`))).toEqual({});
  });
});
