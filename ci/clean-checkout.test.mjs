import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { root } from '../tools/run/workspace.mjs';
import { check, DEPENDENT } from './clean-checkout.mjs';
import { fixture, mend, withCopy } from './fixture.mjs';

async function firstLines(folder) {
  return (await check(folder)).map((problem) => problem.split('\n')[0]);
}

it('is red on a demo that needs a network and on tests that do not pass', async () => {
  expect(await firstLines(fixture('clean-checkout-red'))).toEqual([
    'npm run demo, without a network ended with exit code 3',
    'npm test does not end with passing counts',
  ]);
});

it('is red on tests that pass only inside a package of ES modules, also where temporary files lie in one, then green', async () => {
  await withCopy('clean-checkout-red', async (folder) => {
    mend(join(folder, 'demo.mjs'), 'process.exit(3)', 'process.exit(0)');
    const around = mkdtempSync(join(tmpdir(), 'daggerml module package '));
    onTestFinished(() => rmSync(around, { recursive: true, force: true }));
    writeFileSync(join(around, 'package.json'), '{ "type": "module" }\n');
    mkdirSync(join(around, 'inner'));
    vi.stubEnv('TMPDIR', join(around, 'inner'));
    expect(await firstLines(folder)).toEqual(['npm test does not end with passing counts']);
    vi.unstubAllEnvs();
    mend(join(folder, 'test.mjs'), 'globalThis.isModule;', '!globalThis.isModule;');
    expect(await check(folder)).toEqual([]);
  });
});

it('names only tests that are there', () => {
  const isThere = (path) => existsSync(join(root, path)) || existsSync(join(root, `${path}.test.ts`));
  expect(DEPENDENT.filter((path) => !isThere(path))).toEqual([]);
});
