import { execFileSync } from 'node:child_process';
import fs, {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CapturePlace } from '../../test/capture-place.ts';
import type { FileSystem } from './file-system.ts';

let place: CapturePlace;
beforeEach(async () => {
  place = await CapturePlace.create();
});
afterEach(() => place.close());

const CHANGED = 'it changed while it was read';
const A_CHANGED = `unreadable_file: a: ${CHANGED}`;
const LARGE_BYTES = 3 * 1024 * 1024;

/** How capturing the folder is refused. */
async function refusal(fileSystem: FileSystem): Promise<string> {
  return place.capture({ fileSystem }).then(
    () => 'captured',
    (error) => `${error.code}: ${error.fields.path.slice(place.folder.length + 1)}: ${error.fields.reason}`,
  );
}

/** A file system in which something happens between the look at a file and its opening, `times` times. */
function whenOpened(path: string, change: () => void, times = 1): FileSystem {
  let left = times;
  return place.fileSystem({
    openSync: (file, ...more) => {
      if (String(file).endsWith(path) && left > 0) {
        left -= 1;
        change();
      }
      return fs.openSync(file, ...more);
    },
  });
}

describe('a file that changes while its folder is captured', () => {
  it('is refused when it changes as often as it is read [DML-BND-0911]', async () => {
    const file = place.write('a', 'one');
    let grown = 0;
    const grow = (): void => appendFileSync(file, `${grown++}`);
    expect(await refusal(whenOpened('/a', grow, 2))).toBe(A_CHANGED);
    // Also where neither its size nor the time of its content shows it.
    const rewrite = (): void => {
      const { size, atime, mtime } = fs.statSync(file);
      writeFileSync(file, 'x'.repeat(size));
      fs.utimesSync(file, atime, mtime);
    };
    expect(await refusal(whenOpened('/a', rewrite, 2))).toBe(A_CHANGED);
    const meanwhile = place.fileSystem({
      readSync: ((...input: Parameters<typeof fs.readSync>) => {
        const length = fs.readSync(...input);
        grow();
        return length;
      }) as never,
    });
    expect(await refusal(meanwhile)).toBe(A_CHANGED);
  });

  it('is read in one of its states when it changes once, and not remembered [DML-EXE-0871]', async () => {
    for (let at = 0; at < 100; at += 1) place.write(`f${at}`);
    for (const [path, size] of [
      ['small', 10],
      ['large', LARGE_BYTES],
    ] as const) {
      const file = place.write(path, new Uint8Array(size));
      await place.capture();
      writeFileSync(file, new Uint8Array(size).fill(1));
      const stale = fs.lstatSync(file);
      writeFileSync(file, new Uint8Array(size).fill(2));
      let looks = 0;
      const once = place.looking((stats, path) => (path === file && looks++ === 0 ? stale : stats));
      const datumId = await place.capture(once);
      expect(datumId).toBe(await place.afresh());
      expect(place.taken.readFiles).toBe(1);
      await place.capture();
      expect(place.taken.readFiles).toBe(1);
      await place.capture();
      expect(place.taken.readFiles).toBe(0);
    }
  });

  it('is neither followed nor waited for when something else took its place [DML-BND-0930]', async () => {
    const secret = place.write('../secret', 'secret!');
    const file = place.write('a', 'content');
    const become: Record<string, [create: () => void, reason: string]> = {
      link: [() => symlinkSync(secret, file), CHANGED],
      pipe: [() => execFileSync('mkfifo', [file]), CHANGED],
      folder: [() => mkdirSync(file), CHANGED],
      nothing: [() => {}, 'ENOENT'],
    };
    for (const [kind, [create, reason]] of Object.entries(become)) {
      const swap = (): void => {
        rmSync(file, { recursive: true });
        create();
      };
      expect(await refusal(whenOpened('/a', swap)), kind).toBe(`unreadable_file: a: ${reason}`);
      rmSync(file, { recursive: true, force: true });
      place.write('a', 'content');
    }
    const server = createServer();
    const swap = (): void => {
      unlinkSync(file);
      renameSync(join(place.root, 'socket'), file);
    };
    await new Promise<void>((resolve) => server.listen(join(place.root, 'socket'), resolve));
    expect(await refusal(whenOpened('/a', swap))).toBe(A_CHANGED);
    server.close();
    rmSync(file, { force: true });
    // Between the listing of the folder and the look at the file.
    place.write('a', 'content');
    let isSwapped = false;
    const lstatSync = ((path: string) => {
      if (path === file && !isSwapped) {
        unlinkSync(file);
        symlinkSync(secret, file);
        isSwapped = true;
      }
      return fs.lstatSync(path);
    }) as never;
    expect(await refusal(place.fileSystem({ lstatSync }))).toBe(A_CHANGED);
  });

  it('is not followed when it is large, either [DML-BND-0930]', async () => {
    const secret = place.write('../secret', new Uint8Array(LARGE_BYTES).fill(7));
    const file = place.write('a', new Uint8Array(LARGE_BYTES));
    const seen = fs.lstatSync(file);
    unlinkSync(file);
    symlinkSync(secret, file);
    const { lstatSync } = place.looking((stats, path) => (path === file ? seen : stats)).fileSystem;
    const readdirSync = ((folder: string, options: { withFileTypes: true }) => {
      const entries = fs.readdirSync(folder, options);
      for (const entry of entries) entry.isFile = () => true;
      return entries;
    }) as never;
    expect(await refusal(place.fileSystem({ lstatSync, readdirSync }))).toBe(A_CHANGED);
  });
});

describe('the capture of a folder', () => {
  it('gives way to other work of the process after every 64 entries [DML-EXE-2900]', async () => {
    place.writeMany(640);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await place.capture();
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it('ends when the run is cancelled [DML-BND-0932]', async () => {
    place.writeMany(640);
    const cancelled = new Error('cancelled');
    let asked = 0;
    const assertOpen = (): void => {
      asked += 1;
      if (asked === 3) throw cancelled;
    };
    await expect(place.capture({ assertOpen })).rejects.toBe(cancelled);
    expect(place.opened.length).toBe(192);
  });
});
