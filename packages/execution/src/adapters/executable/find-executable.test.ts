import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExecutable, isAdapterName, listExecutables } from './find-executable.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-find-'));
  for (const name of ['one', 'two', 'open', 'mixed']) mkdirSync(join(folder, name));
  write('one/dml-a');
  write('two/dml-a');
  write('two/dml-b');
  write('two/other');
  write('open/dml-c');
  chmodSync(join(folder, 'open'), 0o777);
  write('mixed/dml-d', 0o777);
  write('mixed/dml-e', 0o644);
  mkdirSync(join(folder, 'mixed/dml-f'));
  symlinkSync(join(folder, 'two/dml-b'), join(folder, 'mixed/dml-g'));
  symlinkSync('nowhere', join(folder, 'mixed/dml-h'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(path: string, mode = 0o755): void {
  writeFileSync(join(folder, path), '');
  chmodSync(join(folder, path), mode);
}

/** Returns a search path of folders. */
function pathOf(...names: readonly string[]): string {
  return names.map((name) => join(folder, name)).join(':');
}

describe('finding the executable of an adapter', () => {
  it('takes the first of the search path', () => {
    expect(findExecutable('dml-a', pathOf('missing', 'one', 'two'))).toBe(join(folder, 'one/dml-a'));
    expect(findExecutable('dml-b', pathOf('one', 'two'))).toBe(join(folder, 'two/dml-b'));
    expect(findExecutable('dml-z', pathOf('one', 'two'))).toBeUndefined();
  });

  it.each(['dml-c', 'dml-d'])('passes over what anybody may write to: %s [DML-EXE-3206]', (name) => {
    expect(findExecutable(name, pathOf('open', 'mixed'))).toBeUndefined();
  });

  it.each(['', '.', 'bin', './bin'])(
    'passes over the folder "%s", which is not absolute [DML-EXE-3206]',
    (part) => {
      const before = process.cwd();
      mkdirSync(join(folder, 'bin'), { recursive: true });
      write('bin/dml-here');
      write('dml-here');
      process.chdir(folder);
      try {
        expect(findExecutable('dml-here', `${part}:${pathOf('one')}`)).toBeUndefined();
        expect(findExecutable('dml-here', `${part}:${pathOf('bin')}`)).toBe(join(folder, 'bin/dml-here'));
      } finally {
        process.chdir(before);
      }
    },
  );

  it('passes over what cannot be started', () => {
    const found = ['dml-e', 'dml-f', 'dml-h'].map((name) => findExecutable(name, pathOf('mixed')));
    expect(found).toEqual([undefined, undefined, undefined]);
  });

  it.each(['../two/dml-b', 'dml-/b', '/bin/sh', 'dml-a/', 'two/dml-b', 'dml-..\\b'])(
    'refuses the name "%s" with a separator [DML-EXE-1402]',
    (name) => {
      expect(isAdapterName(name)).toBe(false);
      expect(findExecutable(name, pathOf('one', 'two'))).toBeUndefined();
    },
  );

  it.each([
    'other',
    'DML-a',
    'dml',
    'dml-',
    'dml--',
    ' dml-a',
    'dml-a\n',
    'dml-a b',
    `dml-${'a'.repeat(61)}`,
  ])('refuses the name "%s", which is no adapter [DML-EXE-3214]', (name) => {
    expect(isAdapterName(name)).toBe(false);
    expect(findExecutable(name, pathOf('two'))).toBeUndefined();
  });

  it('lists those that would be found, by name', () => {
    const found = listExecutables(pathOf('one', 'two', 'open', 'mixed', 'missing'));
    expect([...found]).toEqual([
      ['dml-a', join(folder, 'one/dml-a')],
      ['dml-b', join(folder, 'two/dml-b')],
      ['dml-g', join(folder, 'mixed/dml-g')],
    ]);
  });
});
