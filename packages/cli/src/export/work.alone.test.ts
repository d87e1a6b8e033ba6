import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExportWork } from './work.ts';

/** What happens right after something was moved, and what the system refuses. */
const system = vi.hoisted(() => ({ afterMove: (_to: string): void => {}, noLinks: '', noRemoval: false }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const renameSync: typeof real.renameSync = (from, to) => {
    real.renameSync(from, to);
    system.afterMove(String(to));
  };
  const linkSync: typeof real.linkSync = (from, to) => {
    if (system.noLinks !== '') throw Object.assign(new Error('no links'), { code: system.noLinks });
    real.linkSync(from, to);
  };
  const rmSync: typeof real.rmSync = (path, options) => {
    if (system.noRemoval && options?.recursive) throw Object.assign(new Error('no'), { code: 'EACCES' });
    real.rmSync(path, options);
  };
  return { ...real, renameSync, linkSync, rmSync };
});

let folder: string;
let target: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-export-work-'));
  target = join(folder, 'out');
});
afterEach(() => {
  Object.assign(system, { afterMove: () => {}, noLinks: '', noRemoval: false });
  rmSync(folder, { recursive: true, force: true });
});

function begin(kind: 'file' | 'folder'): ExportWork {
  const work = new ExportWork(target);
  if (kind === 'folder') mkdirSync(work.made);
  writeFileSync(kind === 'folder' ? join(work.made, 'file') : work.made, 'new');
  return work;
}

/** Puts something at the target as soon as what stood there has been moved away. */
function meanwhile(put: () => void): void {
  system.afterMove = (to) => {
    if (to.endsWith('/old')) put();
  };
}

describe('placing what was made', () => {
  it.each(['file', 'folder'] as const)(
    'a %s where something came to be in the last moment loses nothing [DML-CLI-0845]',
    (kind) => {
      for (const put of [
        () => writeFileSync(target, 'theirs'),
        () => {
          mkdirSync(target);
          writeFileSync(join(target, 'theirs'), 'theirs');
        },
      ]) {
        writeFileSync(target, 'old');
        const work = begin(kind);
        meanwhile(put);
        const old = join(work.made, '../old');
        const changed = { code: 'path_changed', fields: { path: target, kept: old } };
        expect(() => work.place(true)).toThrow(expect.objectContaining(changed));
        work.discard();
        expect(readFileSync(old, 'utf8')).toBe('old');
        expect(readdirSync(join(old, '..'))).toEqual(['old']);
        const theirs = lstatSync(target).isDirectory() ? join(target, 'theirs') : target;
        expect(readFileSync(theirs, 'utf8')).toBe('theirs');
        rmSync(target, { recursive: true });
      }
    },
  );

  it('keeps the old content next to the target until the new one is there [DML-CLI-2900]', () => {
    writeFileSync(target, 'old');
    const work = begin('folder');
    let between: unknown;
    meanwhile(() => {
      const [name = '', ...more] = readdirSync(folder);
      between = [name, more, readFileSync(join(folder, name, 'old'), 'utf8')];
    });
    work.place(true);
    expect(between).toEqual([expect.stringMatching(/^\.dml-export-[0-9a-f-]{36}$/), [], 'old']);
    expect([readdirSync(folder), readdirSync(target)]).toEqual([['out'], ['file']]);
  });

  it.each(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'])(
    'a file does without second names where there are none (%s) [DML-CLI-2901]',
    (errno) => {
      system.noLinks = errno;
      begin('file').place(false);
      expect(readFileSync(target, 'utf8')).toBe('new');
      const work = begin('file');
      expect(() => work.place(false)).toThrow(expect.objectContaining({ code: 'path_exists' }));
      work.discard();
      begin('file').place(true);
      expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['new', ['out']]);
    },
  );

  it('puts back what stood there when the new one cannot be moved [DML-CLI-0819]', () => {
    writeFileSync(target, 'old');
    const work = begin('file');
    rmSync(work.made);
    expect(() => work.place(true)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    work.discard();
    expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['old', ['out']]);
  });

  it('says which folder it leaves where the system does not let it go', () => {
    writeFileSync(target, 'old');
    const work = begin('file');
    system.noRemoval = true;
    const folderOfWork = join(work.made, '..');
    expect(work.place(true)).toBe(folderOfWork);
    system.noRemoval = false;
    expect(readFileSync(target, 'utf8')).toBe('new');
  });
});
