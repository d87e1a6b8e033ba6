import fs, {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { hashBytes } from '@daggerml/object-model';
import { runGc } from '@daggerml/store';
import { SeededRandom } from '@daggerml/testkit';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { CapturePlace } from '../../test/capture-place.ts';
import type { WalkRequest } from './folder-walk.ts';

let place: CapturePlace;
beforeEach(async () => {
  place = await CapturePlace.create();
});
afterEach(() => place.close());

const csv: Partial<WalkRequest> = { filter: (path) => path.endsWith('.csv') };

/** Compares what is captured with what is captured without any memory. */
async function isRight(request: Partial<WalkRequest> = {}): Promise<void> {
  expect(await place.capture({}, request)).toBe(await place.afresh(request));
}

describe('a folder that is captured again', () => {
  it('is not opened where nothing changed, in this process and the next [DML-EXE-0860]', async () => {
    const paths = place.writeMany(1200);
    const first = await place.capture();
    expect(place.opened.sort()).toEqual(paths);
    expect(place.taken).toMatchObject({ files: 1200, readFiles: 1200 });
    expect(await place.capture()).toBe(first);
    expect(place.opened).toEqual([]);
    expect(place.taken).toMatchObject({ files: 1200, readFiles: 0 });
    await place.reopen();
    expect(await place.capture()).toBe(first);
    expect(place.opened).toEqual([]);
  });

  it('is read where any part of the identity of a file differs, and nowhere else [DML-EXE-0860]', async () => {
    place.writeMany(300);
    const path = 'd001/f07';
    const file = join(place.folder, path);
    const otherName = join(place.root, 'other name');
    linkSync(file, otherName);
    /** Does something to the content that leaves its size and the time of its last change. */
    const unseen = (path: string, change: (content: string) => void): void => {
      const { size, atime, mtime } = statSync(path);
      change('w'.repeat(size));
      utimesSync(path, atime, mtime);
    };
    const changes: Record<string, () => void> = {
      size: () => appendFileSync(file, '!'),
      'content, through another name of the file, with its times set back': () =>
        unseen(otherName, (content) => writeFileSync(otherName, content)),
      'content and time, not size': () => writeFileSync(file, 'x'.repeat(statSync(file).size)),
      'content, with its times set back': () =>
        unseen(file, (content) => writeFileSync(file, content.replaceAll('w', 'y'))),
      'another file, as large and as old': () =>
        unseen(file, (content) => {
          writeFileSync(`${file}.new`, content.replaceAll('w', 'z'));
          renameSync(`${file}.new`, file);
        }),
      'the time alone': () => utimesSync(file, 1, 1),
      'its place, with a file from elsewhere that is as large and as old': () =>
        unseen(file, (content) => {
          const other = place.write('../other', content.replaceAll('w', 'v'));
          renameSync(file, `${other}.aside`);
          renameSync(other, file);
        }),
    };
    await place.capture();
    for (const [name, change] of Object.entries(changes)) {
      change();
      await isRight();
      expect(place.opened, name).toEqual([path]);
      await place.capture();
      expect(place.opened, name).toEqual([]);
    }
  });

  it('tells files apart by device and inode as well [DML-EXE-0860]', async () => {
    place.writeMany(100);
    await place.capture();
    for (const field of ['dev', 'ino', 'size', 'mtimeMs', 'ctimeMs'] as const) {
      let isChanged = false;
      const once = place.looking((stats, path) => {
        if (!path?.endsWith('f05') || isChanged) return stats;
        isChanged = true;
        stats[field] += 1;
        return stats;
      });
      await place.capture(once);
      // It is not as it was seen, so it is looked at once more, and found as it is.
      expect(place.opened, field).toEqual(['d000/f05', 'd000/f05']);
      await place.capture();
      await place.capture();
      expect(place.opened, field).toEqual([]);
    }
  });

  it('has the datum that reading everything gives, whatever changed [DML-EXE-0866]', async () => {
    const random = new SeededRandom(11);
    const paths = place.writeMany(2000);
    place.write('../target/below/file', 'outside');
    await place.capture();
    for (let round = 0; round < 6; round += 1) {
      for (let change = 0; change < 1 + round * 6; change += 1) {
        const path = join(place.folder, random.pick(paths));
        const kind = random.below(7);
        rmSync(path, { recursive: true, force: true });
        if (kind === 0) continue;
        mkdirSync(join(path, '..'), { recursive: true });
        if (kind === 1) symlinkSync('../../target', path);
        else if (kind === 2) mkdirSync(path);
        else if (kind === 3) {
          mkdirSync(path);
          writeFileSync(join(path, 'below'), `${round}`);
        } else writeFileSync(path, `${round} ${change}`, { mode: kind === 4 ? 0o755 : 0o644 });
      }
      await isRight();
      await isRight(csv);
      await isRight({ keepsForms: false });
    }
  });

  it('is not made again where its entries are those of a time before [DML-EXE-0865]', async () => {
    place.writeMany(1500);
    const file = join(place.folder, 'd004/f44');
    const first = await place.capture();
    writeFileSync(file, 'other');
    const second = await place.capture();
    for (const expected of [first, second]) {
      writeFileSync(file, expected === first ? 'content of d004/f44' : 'other');
      await place.capture();
      const { objects } = place;
      const putPage = vi.spyOn(objects, 'putPage');
      expect(await place.capture({ objects })).toBe(expected);
      expect(putPage).not.toHaveBeenCalled();
      expect(objects.hasPending).toBe(false);
    }
  });

  it('is made by as many pages as its changes touch [DML-EXE-0865]', async () => {
    place.writeMany(6000);
    await place.capture();
    writeFileSync(join(place.folder, 'd030/f30'), 'changed');
    place.begin();
    const { objects } = place;
    const putPage = vi.spyOn(objects, 'putPage');
    await place.capture({ objects });
    const pages = putPage.mock.calls.length;
    expect(pages).toBeGreaterThan(0);
    expect(pages).toBeLessThan(12);
  });

  it('keeps what another filter or form of it leaves out [DML-EXE-0867]', async () => {
    for (let at = 0; at < 200; at += 1) {
      place.write(`a/${at}.csv`);
      place.write(`a/${at}.txt`);
      place.write(`node_modules/x/${at}.js`);
    }
    const requests: Partial<WalkRequest>[] = [
      csv,
      { filter: (path) => path.endsWith('.txt') },
      { keepsForms: false },
      { all: true },
    ];
    for (const request of requests) await place.capture({}, request);
    for (const request of [...requests, {}]) {
      await isRight(request);
      expect(place.opened).toEqual([]);
    }
  });
});

describe('what is remembered of files', () => {
  it('are not those that changed less than two seconds before [DML-EXE-0862]', async () => {
    const paths = place.writeMany(100);
    const file = join(place.folder, paths[7]!);
    const ctimeOf = (path: string): number => statSync(join(place.folder, path)).ctimeMs;
    const newest = Math.max(...paths.map(ctimeOf));
    const twice = async (nowMs: number): Promise<string[]> => {
      for (let round = 0; round < 2; round += 1) await place.capture({ nowMs: () => nowMs });
      return place.opened;
    };
    expect(await twice(newest + 1999)).toContain(paths.find((path) => ctimeOf(path) === newest));
    expect(await twice(newest + 2000)).toEqual([]);
    // Whatever time the content says.
    for (const seconds of [1, 4_000_000_000]) {
      utimesSync(file, seconds, seconds);
      const changed = ctimeOf(paths[7]!);
      expect(await twice(changed + 1000)).toEqual([paths[7]]);
      expect(await twice(changed + 2001)).toEqual([]);
    }
    // Nor those of a time to come; what was remembered of them is replaced by nothing.
    await place.capture({ nowMs: () => 0, knowsFiles: false });
    await place.capture({ nowMs: () => newest + 10_000 });
    expect(place.opened).toHaveLength(100);
  });

  it('are not those with a time of whole seconds [DML-EXE-0873]', async () => {
    const paths = place.writeMany(100);
    const { ino } = statSync(join(place.folder, paths[7]!));
    const coarse = place.looking((stats) => {
      if (stats.ino === ino) stats.ctimeMs = Math.floor(stats.ctimeMs / 1000) * 1000;
      return stats;
    });
    await place.capture(coarse);
    await place.capture(coarse);
    expect(place.opened).toEqual([paths[7]]);
  });

  it('are those that the same user has read [DML-EXE-0874]', async () => {
    const paths = place.writeMany(100);
    const geteuid = vi.spyOn(process, 'geteuid' as 'cwd') as unknown as MockInstance<() => number>;
    for (const [user, opened] of [
      [1000, paths],
      [1001, paths],
      [1000, []],
      [1001, []],
    ] as const) {
      geteuid.mockReturnValue(user);
      await place.capture();
      expect(place.opened.sort()).toEqual(opened);
    }
    geteuid.mockRestore();
  });

  it('are used and kept only where a file system keeps identities and notes changes [DML-EXE-0863]', async () => {
    const paths = place.writeMany(100);
    // In memory, nfs, smb, fuse, 9p, one that nobody knows, and vfat.
    const others = [
      0x01021994, 0x858458f6, 0x6969, 0x517b, -32_162_494, 0x65735546, 0x01021997, 0x12345678, 0x4d44,
    ];
    for (const type of others) {
      await place.capture(place.on(type));
      await place.capture(place.on(type));
      expect(place.opened, type.toString(16)).toHaveLength(paths.length);
    }
    for (const type of [0xef53, 0x58465342, 0x9123683e | 0, 0x794c7630, 0x2fc12fc1, 0xf2f52010 | 0]) {
      await place.capture({ ...place.on(type), knowsFiles: false });
      await place.capture(place.on(type));
      expect(place.opened, type.toString(16)).toEqual([]);
    }
    await place.capture(place.on(0x6969));
    expect(place.opened).toHaveLength(paths.length);
    const unknown = (): never => {
      throw new Error('ENOSYS');
    };
    await place.capture({ fileSystem: place.fileSystem({ statfsSync: unknown }) });
    expect(place.opened).toHaveLength(paths.length);
  });

  it('are read again where their datums are gone [DML-EXE-0864]', async () => {
    const paths = place.writeMany(1000);
    const first = await place.capture();
    place.hold('datum', first);
    const changed = paths.filter((_, at) => at % 97 === 0);
    for (const path of changed) writeFileSync(join(place.folder, path), `changed ${path}`);
    const second = await place.capture();
    place.store.checkpoint();
    await runGc(place.store);
    expect(place.store.has('datum', second)).toBe(false);
    await isRight();
    expect(place.opened.sort()).toEqual(changed);
    expect(await place.capture()).toBe(second);
    expect(place.opened).toEqual([]);
  });

  it('are used after they were retained [DML-EXE-0869]', async () => {
    place.writeMany(1000);
    const kept = hashBytes(Buffer.from('kept'));
    place.store.transact('root', (transaction) => transaction.put('chunk', Buffer.from('kept')));
    place.hold('chunk', kept);
    const first = await place.capture();
    const file = join(place.folder, 'd004/f44');
    for (const change of [
      () => {},
      () => writeFileSync(file, 'other'),
      () => rmSync(join(place.folder, 'd003'), { recursive: true }),
    ]) {
      place.store.checkpoint();
      change();
      const again = await place.capture();
      await runGc(place.store);
      // All that the directory is made of is there.
      expect(place.entries(again).length).toBeGreaterThanOrEqual(900);
      for (const entry of place.entries(again))
        expect(entry.kind === 'file' && place.store.has('datum', entry.blobDatumId)).toBe(true);
    }
    expect(place.store.has('datum', first)).toBe(false);
  });

  it('are read again where the cache of files is off, and replace what was remembered [DML-EXE-0872]', async () => {
    const paths = place.writeMany(200);
    const first = await place.capture();
    expect(await place.capture({ knowsFiles: false })).toBe(first);
    expect(place.opened.sort()).toEqual(paths);
    await place.capture();
    expect(place.opened).toEqual([]);
    // Of a file that changed unseen, as through a memory map.
    const before = fs.lstatSync(join(place.folder, paths[3]!));
    writeFileSync(join(place.folder, paths[3]!), 'changed');
    const unseen = place.looking((stats, path) => (path?.endsWith(paths[3]!) ? before : stats));
    expect(await place.capture(unseen)).toBe(first);
    const second = await place.capture({ knowsFiles: false });
    expect(second).not.toBe(first);
    expect(await place.capture()).toBe(second);
    expect(place.opened).toEqual([]);
    for (const path of paths.slice(100)) rmSync(join(place.folder, path));
    const third = await place.capture({ knowsFiles: false });
    expect(await place.capture()).toBe(third);
    expect(place.opened).toEqual([]);
  });
});
