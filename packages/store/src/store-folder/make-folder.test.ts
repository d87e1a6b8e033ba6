import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder } from './make-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'dml-folders-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('makeFolder', () => {
  it('makes what is missing and keeps what is there', () => {
    const folder = join(root, 'a/b/c');
    makeFolder(folder);
    makeFolder(folder);
    expect(statSync(folder).isDirectory()).toBe(true);
    mkdirSync(join(root, 'real'));
    symlinkSync('real', join(root, 'link'));
    makeFolder(join(root, 'link/below'));
    expect(statSync(join(root, 'real/below')).isDirectory()).toBe(true);
  });

  it('says what is in the way', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => makeFolder(join(root, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    for (const below of ['file/below', 'file/below/deeper'])
      expect(() => makeFolder(join(root, below))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });

  it('returns from a file system that takes no folders', () => {
    expect(() => makeFolder('/proc/no-such-process/x')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
