import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { root } from '../tools/run/workspace.mjs';
import { check, DEPENDENT } from './clean-checkout.mjs';
import { fixture, mend, withCopy } from './fixture.mjs';

/** Makes temporary files of a test lie inside of a package of ES modules. */
function liveInModulePackage() {
  const folder = mkdtempSync(join(tmpdir(), 'daggerml module package '));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  mkdirSync(join(folder, 'inner/temporary'), { recursive: true });
  vi.stubEnv('TMPDIR', join(folder, 'inner/temporary'));
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
    liveInModulePackage();
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

it('names only tests that are there', () => {
  const isThere = (path) => existsSync(join(root, path)) || existsSync(join(root, `${path}.test.ts`));
  expect(DEPENDENT.filter((path) => !isThere(path))).toEqual([]);
});
