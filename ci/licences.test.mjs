import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isAllowed, licenceProblems } from './licences.mjs';

function install(nodeModules, name, license) {
  const folder = join(nodeModules, '.pnpm', `${name.replace('/', '+')}@1.0.0`, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', license }));
  return folder;
}

it('is red on a dependency, however deep, whose licence asks for more than notice', () => {
  const nodeModules = mkdtempSync(join(tmpdir(), 'daggerml licences '));
  onTestFinished(() => rmSync(nodeModules, { recursive: true }));
  expect(licenceProblems(nodeModules)).toEqual([]);
  const plain = install(nodeModules, '@scope/plain', 'MIT');
  expect(licenceProblems(nodeModules)).toEqual([]);
  const strict = install(nodeModules, 'strict', 'AGPL-3.0-only');
  symlinkSync(strict, join(plain, '..', 'strict'), 'dir');
  install(nodeModules, 'silent', undefined);
  expect(licenceProblems(nodeModules).sort()).toEqual([
    'silent@1.0.0 has the licence "none"',
    'strict@1.0.0 has the licence "AGPL-3.0-only"',
  ]);
});

it('reads expressions', () => {
  expect(['MIT', '(MIT AND Zlib)', 'GPL-2.0 OR MIT', '(MIT OR CC0-1.0)'].map(isAllowed)).toEqual(
    Array(4).fill(true),
  );
  expect(['GPL-3.0', 'MIT AND GPL-3.0', 'SEE LICENSE IN x', '', { type: 'MIT' }].map(isAllowed)).toEqual(
    Array(5).fill(false),
  );
});
