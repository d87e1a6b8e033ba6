import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SeenEntries } from './seen-entries.ts';
import { ExportWork } from './work.ts';

/** What happens right after something was moved, and what the system answers to a second name for a file. */
const system = vi.hoisted(() => ({ afterMove: (_to: string): void => {}, noLinks: '' }));

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
  return { ...real, renameSync, linkSync };
});

let folder: string;
let target: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-export-work-'));
  target = join(folder, 'out');
});
afterEach(() => {
  Object.assign(system, { afterMove: () => {}, noLinks: '' });
  rmSync(folder, { recursive: true, force: true });
});

function begin(kind: 'file' | 'folder'): ExportWork {
  const work = ExportWork.begin(folder, target);
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
      writeFileSync(target, 'old');
      const work = begin(kind);
      meanwhile(() => writeFileSync(target, 'theirs'));
      const seen = SeenEntries.at(target, true);
      let kept = '';
      try {
        work.place(seen);
      } catch (error) {
        const { code, fields } = error as { code: string; fields: { path: string; kept: string } };
        expect([code, fields.path]).toEqual(['path_changed', target]);
        kept = fields.kept;
      }
      work.discard();
      expect(readFileSync(target, 'utf8')).toBe('theirs');
      expect(readFileSync(kept, 'utf8')).toBe('old');
      expect(existsSync(work.made)).toBe(false);
    },
  );

  it('a folder where a folder with content came to be loses nothing [DML-CLI-0845]', () => {
    mkdirSync(target);
    writeFileSync(join(target, 'file'), 'old');
    const work = begin('folder');
    meanwhile(() => {
      mkdirSync(target);
      writeFileSync(join(target, 'theirs'), 'theirs');
    });
    expect(() => work.place(SeenEntries.at(target, true))).toThrow(
      expect.objectContaining({ code: 'path_changed' }),
    );
    expect(readdirSync(target)).toEqual(['theirs']);
  });

  it.each(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'])(
    'a file does without second names where there are none (%s) [DML-CLI-0841]',
    (errno) => {
      system.noLinks = errno;
      begin('file').place(SeenEntries.at(target, false));
      expect(readFileSync(target, 'utf8')).toBe('new');
      const nothing = SeenEntries.at(join(folder, 'nothing'), false);
      const work = begin('file');
      expect(() => work.place(nothing)).toThrow(expect.objectContaining({ code: 'path_exists' }));
      work.discard();
      expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['new', ['out']]);
      begin('file').place(SeenEntries.at(target, true));
      expect(readdirSync(folder)).toEqual(['out']);
    },
  );

  it('puts back what stood there when the new one cannot be moved [DML-CLI-0819]', () => {
    writeFileSync(target, 'old');
    const work = begin('file');
    rmSync(work.made);
    expect(() => work.place(SeenEntries.at(target, true))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
    work.discard();
    expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['old', ['out']]);
  });
});

describe('what an export leaves that was killed before it had said whose work it was', () => {
  const NO_PROCESS = 4_194_304;
  const leftBy = (pid: number): string => {
    const left = join(folder, `.dml-export-${pid}-6f1c1a52-9c1f-4c55-8e7b-0d7a3a1f6b10`);
    mkdirSync(left, { mode: 0o700 });
    return left;
  };

  it.each(['', '{"process":{"pi'])(
    'is removed with what it had written of that: %j [DML-CLI-0843]',
    (text) => {
      writeFileSync(join(leftBy(NO_PROCESS), 'export.json'), text);
      expect([ExportWork.clearLeftovers(folder), readdirSync(folder)]).toEqual([[], []]);
    },
  );

  it('stays while its process lives, or with anything else in it [DML-CLI-0843]', () => {
    const alive = leftBy(process.pid);
    writeFileSync(join(alive, 'export.json'), '');
    const strange = leftBy(NO_PROCESS);
    writeFileSync(join(strange, 'export.json'), '');
    writeFileSync(join(strange, 'theirs'), 'theirs');
    ExportWork.clearLeftovers(folder);
    expect([readdirSync(alive), readdirSync(strange)]).toEqual([['export.json'], ['export.json', 'theirs']]);
  });
});
