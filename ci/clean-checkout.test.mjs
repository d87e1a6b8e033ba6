import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { check } from './clean-checkout.mjs';
import { fixture, mend, withCopy } from './fixture.mjs';
import { modulePackageAbove, plainFolder } from './plain-folder.mjs';

const made = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Creates a folder for temporary files inside of a package of ES modules. */
function folderInModulePackage() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'daggerml module package ')));
  made.push(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  mkdirSync(join(folder, 'inner/temporary'), { recursive: true });
  return join(folder, 'inner/temporary');
}

async function firstLines(folder) {
  return (await check(folder)).map((problem) => problem.split('\n')[0]);
}

it('is red on a demo that needs a network and on tests that do not pass', async () => {
  expect(await firstLines(fixture('clean-checkout-red'))).toEqual([
    'npm run demo, without a network ended with exit code 3',
    'npm test does not end with passing counts',
  ]);
});

it('is red on tests that pass only inside a package of ES modules, also where temporary files lie in one', async () => {
  await withCopy('clean-checkout-red', async (folder) => {
    mend(join(folder, 'demo.mjs'), 'process.exit(3)', 'process.exit(0)');
    vi.stubEnv('TMPDIR', folderInModulePackage());
    expect(await firstLines(folder)).toEqual(['npm test does not end with passing counts']);
  });
});

it('is green once they are mended', async () => {
  await withCopy('clean-checkout-red', async (folder) => {
    mend(join(folder, 'demo.mjs'), 'process.exit(3)', 'process.exit(0)');
    mend(join(folder, 'test.mjs'), 'globalThis.isModule;', '!globalThis.isModule;');
    expect(await check(folder)).toEqual([]);
  });
});

it('lies where no package.json above makes files ES modules, or nowhere', async () => {
  const inside = folderInModulePackage();
  const { folder: plain } = plainFolder('daggerml plain ');
  made.push(plain);
  const { folder } = plainFolder('daggerml plain ', [inside, join(plain, 'not there'), plain, inside]);
  expect([dirname(folder), modulePackageAbove(folder)]).toEqual([plain, undefined]);
  const packageJson = join(inside, '../../package.json');
  expect(await check(fixture('clean-checkout-red'), [], [inside])).toEqual([
    `no folder to try it in: ${packageJson} says "type": "module"`,
  ]);
  writeFileSync(join(inside, 'package.json'), 'no JSON');
  writeFileSync(join(inside, '../package.json'), '{ "type": "commonjs" }');
  expect(modulePackageAbove(inside)).toBe(packageJson);
});
