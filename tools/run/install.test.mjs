import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isInstalled, markInstalled } from './install.mjs';

let base;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'daggerml install '));
  mkdirSync(join(base, 'packages/store/node_modules'), { recursive: true });
  mkdirSync(join(base, 'node_modules'));
  writeFileSync(join(base, 'packages/store/package.json'), '{ "dependencies": { "lmdb": "3.5.6" } }');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) writeFileSync(join(base, file), 'one');
});

afterEach(() => {
  rmSync(base, { recursive: true });
});

it('holds after an install', () => {
  expect(isInstalled(base)).toBe(false);
  markInstalled(base);
  expect(isInstalled(base)).toBe(true);
});

it('holds no longer when the lockfile has changed', () => {
  markInstalled(base);
  writeFileSync(join(base, 'pnpm-lock.yaml'), 'two');
  expect(isInstalled(base)).toBe(false);
});

it('holds no longer when the modules of a package are gone', () => {
  markInstalled(base);
  rmSync(join(base, 'packages/store/node_modules'), { recursive: true });
  expect(isInstalled(base)).toBe(false);
});
