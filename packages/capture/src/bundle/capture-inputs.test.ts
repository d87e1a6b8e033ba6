import { realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CaptureFixture, moduleIn } from '../testing/capture-fixture.ts';
import { FunctionCapture } from './capture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const config = (lib: string): string => JSON.stringify({ compilerOptions: { paths: { lib: [lib] } } });
const manifest = (entry: string): string => JSON.stringify({ name: 'pkg', main: entry });

describe('FunctionCapture', () => {
  it('notices a change of what decides how a file is bundled [DML-EXE-0533]', async () => {
    const folder = fixture.write({
      'src/steps.ts':
        "import { x } from 'lib';\nimport { y } from 'pkg';\nexport const clean = () => [x, y];",
      ...Object.fromEntries(
        ['one', 'two', 'three'].map((name) => [`lib/${name}.ts`, `export const x = '${name}';`]),
      ),
      ...Object.fromEntries(
        ['four', 'five'].map((name) => [`node_modules/pkg/${name}.js`, `export const y = '${name}';`]),
      ),
      'configs/base.json': config('../lib/one.ts'),
      'tsconfig.json': '{ // as people write it\n  "extends": "./configs/base" }',
      'node_modules/pkg/package.json': manifest('four.js'),
    });
    const write = (name: string, text: string): unknown => fixture.write({ [name]: text }, basename(folder));
    const capture = new FunctionCapture();
    const place = { moduleUrl: moduleIn(folder, 'src/steps.ts'), exportName: 'clean' };
    const found = async (): Promise<string> => {
      const { bundle } = capture.capture(place);
      // From here on it is known.
      await vi.waitFor(() => expect(capture.capture(place).inputs).toBeUndefined());
      const text = new TextDecoder().decode(bundle);
      return ['one', 'two', 'three', 'four', 'five'].filter((name) => text.includes(`\`${name}\``)).join();
    };
    expect(await found()).toBe('one,four');
    write('configs/base.json', config('../lib/two.ts'));
    expect(await found()).toBe('two,four');
    write('src/tsconfig.json', config('../lib/three.ts'));
    expect(await found()).toBe('three,four');
    write('node_modules/pkg/package.json', manifest('five.js'));
    expect(await found()).toBe('three,five');
    rmSync(join(folder, 'src/tsconfig.json'));
    expect(await found()).toBe('two,five');
  });

  it('lists its own code and the versions of its tools among the inputs [DML-CAP-2905]', () => {
    const { inputs } = fixture.capture('export const clean = () => 1;');
    expect(inputs?.isComplete).toBe(true);
    for (const own of [/\/bundle\/capture-export\.[jt]s$/, /\/by-name\/outline\.[jt]s$/])
      expect(inputs?.present).toContainEqual(expect.stringMatching(own));
    for (const tool of ['esbuild', 'oxc-minify', 'oxc-parser'])
      expect(inputs?.present).toContain(
        realpathSync(join(import.meta.dirname, '../../node_modules', tool, 'package.json')),
      );
  });
});
