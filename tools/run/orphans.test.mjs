import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeOrphans } from './orphans.mjs';

let base;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'daggerml orphans '));
  write('packages/cli/package.json', '{ "publishConfig": { "bin": { "dml": "./dist/program/dml.js" } } }');
});

afterEach(() => {
  rmSync(base, { recursive: true });
});

function write(path, text = '') {
  mkdirSync(dirname(join(base, path)), { recursive: true });
  writeFileSync(join(base, path), text);
}

it('removes what was compiled from a source that is gone, and nothing else', () => {
  const kept = [
    'packages/cli/src/deep/run.ts',
    'packages/cli/dist/deep/run.js',
    'packages/cli/dist/deep/run.d.ts',
    'packages/cli/dist/.tsbuildinfo',
    'packages/cli/dist/program/chunk-ABC.js',
  ];
  const gone = ['packages/cli/dist/deep/gone.js', 'packages/cli/dist/deep/gone.d.ts'];
  for (const path of [...kept, ...gone]) write(path);
  expect(removeOrphans(base).sort()).toEqual([...gone].sort());
  expect([...kept, ...gone].filter((path) => existsSync(join(base, path)))).toEqual(kept);
  expect(removeOrphans(base)).toEqual([]);
});

it('has nothing to do where nothing was compiled', () => {
  expect(removeOrphans(base)).toEqual([]);
});
