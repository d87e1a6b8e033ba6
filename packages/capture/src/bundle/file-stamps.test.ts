import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { FunctionCapture } from './capture.ts';

const root = mkdtempSync(join(tmpdir(), 'dml-stamps-'));
let changes = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes a file as it was on a day long past, a later one each time. */
function write(name: string, text: string): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const day = new Date(Date.UTC(2020, 0, ++changes));
  utimesSync(path, day, day);
}

const config = (lib: string): string => JSON.stringify({ compilerOptions: { paths: { lib: [lib] } } });
const manifest = (entry: string): string => JSON.stringify({ name: 'pkg', main: entry });

describe('FunctionCapture', () => {
  it('notices a change of what decides how a file is bundled [DML-EXE-0533]', () => {
    write(
      'src/steps.ts',
      "import { x } from 'lib';\nimport { y } from 'pkg';\nexport const clean = () => [x, y];",
    );
    for (const name of ['one', 'two', 'three']) write(`lib/${name}.ts`, `export const x = '${name}';`);
    for (const name of ['four', 'five']) write(`node_modules/pkg/${name}.js`, `export const y = '${name}';`);
    write('configs/base.json', config('../lib/one.ts'));
    write('tsconfig.json', '{ // as people write it\n  "extends": "./configs/base" }');
    write('node_modules/pkg/package.json', manifest('four.js'));
    const capture = new FunctionCapture();
    const place = { moduleUrl: pathToFileURL(join(root, 'src/steps.ts')).href, exportName: 'clean' };
    const found = (): string =>
      ['one', 'two', 'three', 'four', 'five']
        .filter((name) => new TextDecoder().decode(capture.capture(place).bundle).includes(`\`${name}\``))
        .join();
    expect(found()).toBe('one,four');
    expect(capture.capture(place)).toBe(capture.capture(place));
    write('configs/base.json', config('../lib/two.ts'));
    expect(found()).toBe('two,four');
    write('src/tsconfig.json', config('../lib/three.ts'));
    expect(found()).toBe('three,four');
    write('node_modules/pkg/package.json', manifest('five.js'));
    expect(found()).toBe('three,five');
    rmSync(join(root, 'src/tsconfig.json'));
    expect(found()).toBe('two,five');
    expect(capture.capture(place)).toBe(capture.capture(place));
  });
});
