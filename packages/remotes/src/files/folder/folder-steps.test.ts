import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolder, openLogged, systemError, temporaryFolder } from '../../../test/folder-fixtures.ts';
import { checkPathOf, claimPath, segmentPath, statePath } from '../../testing/files-suite/paths.ts';
import {
  listAll,
  readMutableText,
  readPresent,
  readText,
  swapAlone,
  utf8,
} from '../../testing/files-suite/under-test.ts';
import type { RemoteFiles, SwapAnswer } from '../remote-files.ts';

const CURRENT = 'CURRENT.json';

/** Returns calls with `v0`, `v1`, … in the place of random numbers, in the order in which they come up. */
function plain(log: readonly string[]): string[] {
  const names = new Map<string, string>();
  return log.map((call) =>
    call.replaceAll(/(?<![-0-9a-f])[0-9a-f]{32}\b/g, (name) => {
      if (!names.has(name)) names.set(name, `v${names.size}`);
      return names.get(name) as string;
    }),
  );
}

const changing = (log: readonly string[]): string[] =>
  plain(log).filter((call) => /^(write|sync|mkdir|rename|unlink|rmdir)/.test(call));

function newRemote(): string {
  return join(temporaryFolder(), 'remote');
}

/** Makes the folders of a remote, and reads the clock, which are steps of a first write only. */
async function used(files: RemoteFiles): Promise<void> {
  await files.put(segmentPath(9), utf8('x'));
  await files.remove([segmentPath(9)]);
}

describe('the steps of a write to a folder', () => {
  it('put a file by a temporary one that is durable before its rename [DML-REM-0604] [DML-REM-0605]', async () => {
    const path = newRemote();
    const watcher = openFolder(path);
    const seen = new Set<string | undefined>();
    const { files, log } = openLogged(path, async () => {
      seen.add(await readText(watcher, segmentPath(1)));
    });
    await used(files);
    log.length = 0;
    seen.clear();
    await files.put(segmentPath(1), utf8('whole'));
    expect(changing(log)).toEqual([
      'write tmp/v0',
      'sync tmp/v0',
      `rename ${segmentPath(1)}`,
      'sync segments',
    ]);
    expect(seen).toEqual(new Set([undefined, 'whole']));
    expect(await readText(watcher, segmentPath(1))).toBe('whole');
    expect(readdirSync(join(path, 'tmp'))).toEqual([]);
  });

  it('make new folders durable too, also those that others have just made [DML-REM-0605]', async () => {
    const path = newRemote();
    const first = openLogged(path);
    await first.files.put(segmentPath(1), utf8('x'));
    const folders = first.log.filter((call) => /^(mkdir|sync) [a-z]*$/.test(call));
    const syncRoot = 'sync ';
    expect(folders).toEqual([
      'mkdir remote',
      syncRoot,
      'mkdir tmp',
      syncRoot,
      'mkdir segments',
      syncRoot,
      'sync segments',
    ]);
    const second = openLogged(path);
    await second.files.put(segmentPath(2), utf8('x'));
    expect(second.log.filter((call) => call === syncRoot)).toHaveLength(2);
    await second.files.put(segmentPath(2), utf8('x'));
    expect(second.log.filter((call) => call === syncRoot)).toHaveLength(2);
  });

  it('make long files durable in parts, so that no call takes long [DML-REM-0624]', async () => {
    const { files, log } = openLogged(newRemote());
    await used(files);
    log.length = 0;
    await files.put(segmentPath(1), new Uint8Array(2 ** 20 * 33));
    const kinds = plain(log)
      .filter((call) => call.endsWith('tmp/v0'))
      .map((call) => call.split(' ')[0]);
    const quarter = ['write', 'write', 'write', 'write'];
    expect(kinds).toEqual(['open', ...quarter, 'sync', ...quarter, 'sync', 'write', 'sync', 'look', 'close']);
  });

  it('create a mutable file by the rename of a durable folder [DML-REM-0605]', async () => {
    const { files, log } = openLogged(newRemote());
    await used(files);
    log.length = 0;
    await swapAlone(files, CURRENT, null, 'first');
    expect(changing(log)).toEqual([
      'mkdir tmp/v0',
      'write tmp/v0/v1.none.json',
      'sync tmp/v0/v1.none.json',
      'sync tmp/v0/v1.none.current',
      'sync tmp/v0',
      'rename CURRENT.json',
      'sync ',
    ]);
  });

  it('replace a version by one rename between durable steps [DML-REM-0605] [DML-REM-0620]', async () => {
    const { files, log } = openLogged(newRemote());
    const first = await swapAlone(files, CURRENT, null, 'first');
    log.length = 0;
    const second = await swapAlone(files, CURRENT, first, 'second');
    const replacing = (version: string, base: string, old: string): string[] => [
      `write CURRENT.json/${version}.${base}.json`,
      `sync CURRENT.json/${version}.${base}.json`,
      'sync CURRENT.json',
      `rename CURRENT.json/${version}.${base}.current`,
      'sync CURRENT.json',
      // The folder may have been made by somebody who has not come to this.
      ...(old === 'none' ? ['sync '] : []),
      `unlink CURRENT.json/${base}.${old}.json`,
    ];
    const steps = (): string[] => log.filter((call) => /^(write|sync|mkdir|rename|unlink)/.test(call));
    expect(steps()).toEqual(replacing(second, first, 'none'));
    log.length = 0;
    const third = await swapAlone(files, CURRENT, second, 'third');
    expect(steps()).toEqual(replacing(third, second, first));
  });

  it('report no success where something cannot be made durable [DML-REM-0605] [DML-REM-0602]', async () => {
    const acts: Record<string, (files: RemoteFiles, expected: string) => Promise<unknown>> = {
      put: (files) => files.put(segmentPath(1), utf8('x')),
      create: (files) => files.swap(claimPath(1), null, utf8('after')),
      replace: (files, expected) => files.swap(CURRENT, expected, utf8('after')),
    };
    for (const [name, act] of Object.entries(acts)) {
      for (let nth = 0; ; nth += 1) {
        let syncs = 0;
        const path = newRemote();
        const expected = await swapAlone(openFolder(path), CURRENT, null, 'before');
        const { files } = openLogged(path, (_, call) => {
          if (call.startsWith('sync') && syncs++ === nth) throw systemError('EIO');
        });
        const ended = await act(files, expected).catch((error: unknown) => error);
        if (syncs <= nth) {
          expect(ended === undefined || (ended as SwapAnswer).outcome === 'applied').toBe(true);
          expect(nth).toBeGreaterThan(2);
          break;
        }
        // The clock is read to find what died, which is not what was asked for.
        if (nth === 1 && name !== 'replace') continue;
        const { outcome, code } = ended as { outcome?: string; code?: string };
        expect([name, nth, outcome ?? code]).toEqual([
          name,
          nth,
          expect.stringMatching(outcome ? /^unknown$/ : /^remote_unreachable$/),
        ]);
        if (outcome === undefined) {
          const left = name === 'put' ? segmentPath(1) : claimPath(1);
          const listed = (await listAll(openFolder(path), '')).map(([file]) => file);
          if (name === 'create') expect(listed).not.toContain(left);
          expect(await readMutableText(openFolder(path), CURRENT)).toBe('before');
          expect(readdirSync(join(path, 'tmp'))).toEqual([]);
        }
      }
    }
  });

  it('take a file system that knows no sync of folders, but no failure of one of files [DML-REM-0605]', async () => {
    const path = newRemote();
    const { files } = openLogged(path, (_, call) => {
      if (/^sync (segments)?$/.test(call)) throw systemError('EINVAL');
    });
    await files.put(segmentPath(1), utf8('x'));
    expect(await readText(files, segmentPath(1))).toBe('x');
    const other = openLogged(path, (_, call) => {
      if (call.startsWith('sync tmp/')) throw systemError('EINVAL');
    });
    await expect(other.files.put(segmentPath(2), utf8('x'))).rejects.toMatchObject({
      code: 'remote_unreachable',
    });
  });
});

describe('contents that can no longer come into effect', () => {
  it('are deleted by the next swap, and nothing else [DML-REM-0622]', async () => {
    const path = newRemote();
    const files = openFolder(path);
    const first = await swapAlone(files, CURRENT, null, 'first');
    const second = await swapAlone(files, CURRENT, first, 'second');
    const [ghost, other] = ['a'.repeat(32), 'b'.repeat(32)];
    const dead = [`${ghost}.${first}.json`, `${ghost}.${second}.json`, `${ghost}.${other}.json`];
    const strange = [
      'notes',
      `${ghost}.${second}.json~`,
      `${ghost.toUpperCase()}.none.json`,
      `${ghost}.json`,
    ];
    for (const name of [...dead, ...strange]) writeFileSync(join(path, CURRENT, name), 'left');
    const third = await swapAlone(files, CURRENT, second, 'third');
    const inEffect = [`${third}.${second}.current`, `${third}.${second}.json`];
    expect(readdirSync(join(path, CURRENT)).sort()).toEqual([...strange, ...inEffect].sort());
    expect(await readMutableText(files, CURRENT)).toBe('third');
  });

  it('are not those of a version that took effect since, or still can [DML-REM-0622]', async () => {
    const path = newRemote();
    const files = openFolder(path);
    const first = await swapAlone(files, CURRENT, null, 'first');
    // One has renamed and is stopped before it deletes.
    const [slow, continueSlow] = stopping(path, (call) => call.startsWith('unlink CURRENT.json/'));
    const slowSwap = slow.files.swap(CURRENT, first, utf8('second'));
    await slow.stopped;
    const second = await readPresent(files, CURRENT);
    const third = await swapAlone(files, CURRENT, second.version, 'third');
    // Another has written its content and is stopped before it renames.
    const [pending, continuePending] = stopping(path, (call) => call.startsWith('rename CURRENT.json/'));
    const pendingSwap = pending.files.swap(CURRENT, third, utf8('fourth'));
    await pending.stopped;
    continueSlow();
    expect(await slowSwap).toMatchObject({ outcome: 'applied', version: second.version });
    expect(await readMutableText(files, CURRENT)).toBe('third');
    continuePending();
    expect(await pendingSwap).toMatchObject({ outcome: 'applied' });
    expect(await readMutableText(files, CURRENT)).toBe('fourth');
    expect(readdirSync(join(path, CURRENT))).toHaveLength(2);
  });

  it('are deleted by the one who lost [DML-REM-0622]', async () => {
    const path = newRemote();
    const files = openFolder(path);
    const first = await swapAlone(files, CURRENT, null, 'first');
    const [slow, goOn] = stopping(path, (call) => call.startsWith('rename CURRENT.json/'));
    const swap = slow.files.swap(CURRENT, first, utf8('slow'));
    await slow.stopped;
    const second = await swapAlone(files, CURRENT, first, 'second');
    // The winner has not met its content: it deletes what was there before its own rename.
    const [late, goOnLate] = stopping(path, (call) => call.startsWith(`write CURRENT.json/`));
    const lateSwap = late.files.swap(CURRENT, second, utf8('late'));
    await late.stopped;
    const third = await swapAlone(files, CURRENT, second, 'third');
    goOn();
    goOnLate();
    expect([await swap, await lateSwap]).toEqual([{ outcome: 'refused' }, { outcome: 'refused' }]);
    expect(readdirSync(join(path, CURRENT)).sort()).toEqual([
      `${third}.${second}.current`,
      `${third}.${second}.json`,
    ]);
  });
});

/** Opens a remote whose first call that matches waits until it is let go. */
function stopping(
  path: string,
  matches: (call: string) => boolean,
): [{ files: RemoteFiles; stopped: Promise<void> }, () => void] {
  let stop = (): void => {};
  let letGo = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { files } = openLogged(path, (_, call) => {
    if (!matches(call)) return;
    stop();
    return released;
  });
  return [{ files, stopped }, letGo];
}

describe('an answer of a server that was asked twice', () => {
  it('is seen through where a rename that was done says that there is nothing to rename [DML-REM-0602]', async () => {
    const path = newRemote();
    const plainFiles = openFolder(path);
    const first = await swapAlone(plainFiles, CURRENT, null, 'first');
    const replacing = renamedBefore(path);
    const answer = await replacing.swap(CURRENT, first, utf8('second'));
    expect(answer).toEqual({ outcome: 'applied', version: (await readPresent(plainFiles, CURRENT)).version });
    expect(await readMutableText(plainFiles, CURRENT)).toBe('second');
    const creating = renamedBefore(path);
    const created = await creating.swap(claimPath(1), null, utf8('first'));
    expect(created).toMatchObject({ outcome: 'applied' });
    expect(await readMutableText(plainFiles, claimPath(1))).toBe('first');
  });

  it('is unknown where the folder that was to be renamed is gone, and refused where others were faster', async () => {
    const path = newRemote();
    const other = openFolder(path);
    await used(other);
    const { files } = openLogged(path, (_, call) => {
      if (call === `rename ${claimPath(1)}`)
        for (const name of readdirSync(join(path, 'tmp')))
          rmSync(join(path, 'tmp', name), { recursive: true });
    });
    expect(await files.swap(claimPath(1), null, utf8('x'))).toMatchObject({ outcome: 'unknown' });
    expect(await files.readVersion(claimPath(1))).toBeUndefined();
    const overtaken = openLogged(path, async (_, call) => {
      if (call === `rename ${claimPath(1)}`) await other.swap(claimPath(1), null, utf8('other'));
    });
    expect(await overtaken.files.swap(claimPath(1), null, utf8('x'))).toEqual({ outcome: 'refused' });
    expect(await readMutableText(other, claimPath(1))).toBe('other');
    expect(readdirSync(join(path, 'tmp'))).toEqual([]);
  });
});

/** Opens a remote of which every rename into a mutable file happens once before it is asked for. */
function renamedBefore(path: string): RemoteFiles {
  const { files } = openLogged(path, async (_, call) => {
    const [, to = ''] = /^rename (.*)$/.exec(call) ?? [];
    if (!to.includes('.json')) return;
    const { renameSync } = await import('node:fs');
    if (!to.endsWith('.current')) {
      const [draft = ''] = readdirSync(join(path, 'tmp'));
      renameSync(join(path, 'tmp', draft), join(path, to));
      return;
    }
    const marker = readdirSync(join(path, CURRENT)).find((name) => name.endsWith('.current')) as string;
    renameSync(join(path, CURRENT, marker), join(path, to));
  });
  return files;
}

describe('temporary files', () => {
  const HOUR_MS = 3_600_000;
  const aged = (path: string, ageMs: number): void => {
    const seconds = (Date.now() - ageMs) / 1000;
    utimesSync(path, seconds, seconds);
  };
  const plant = (path: string, ageMs: number): Record<string, string> => {
    const names: Record<string, string> = {};
    mkdirSync(join(path, 'tmp'), { recursive: true });
    for (const [index, kind] of ['file', 'folder', 'old folder', 'other'].entries()) {
      const name =
        kind === 'other' ? 'notes.txt' : `${index}`.repeat(32) + (kind === 'old folder' ? '.old' : '');
      names[kind] = name;
      const place = join(path, 'tmp', name);
      if (kind.endsWith('folder')) {
        mkdirSync(place);
        writeFileSync(join(place, 'content'), 'x');
      } else writeFileSync(place, 'x');
      aged(place, ageMs);
    }
    return names;
  };

  it('of writers that died are deleted after a day by the next process that writes [DML-REM-0626]', async () => {
    const path = newRemote();
    const names = plant(path, 25 * HOUR_MS);
    const files = openFolder(path);
    await listAll(files, '');
    expect(readdirSync(join(path, 'tmp'))).toHaveLength(4);
    await files.put(segmentPath(1), utf8('x'));
    expect(readdirSync(join(path, 'tmp'))).toEqual([names.other]);
  });

  it('of a day are left, but for folders that are on their way out [DML-REM-0626]', async () => {
    const path = newRemote();
    const names = plant(path, 23 * HOUR_MS);
    await swapAlone(openFolder(path), claimPath(1), null, 'x');
    expect(readdirSync(join(path, 'tmp')).sort()).toEqual([names.file, names.folder, names.other].sort());
  });

  it('are as old as the clock of the file system says [DML-REM-0626]', async () => {
    const path = newRemote();
    plant(path, 0);
    let looks = 0;
    const { files } = openLogged(path, (_, call) => {
      // The first look is at the file by which the clock is read.
      if (/^look tmp\/[0-9a-f]{32}$/.test(call) && looks++ === 0)
        aged(join(path, call.slice(5)), -25 * HOUR_MS);
    });
    await files.put(segmentPath(1), utf8('x'));
    expect(readdirSync(join(path, 'tmp'))).toEqual(['notes.txt']);
  });

  it('cost no one a write that cannot delete them', async () => {
    const path = newRemote();
    plant(path, 25 * HOUR_MS);
    const { files } = openLogged(path, (_, call) => {
      if (/^(unlink|rename) tmp/.test(call)) throw systemError('EACCES');
    });
    await files.put(segmentPath(1), utf8('x'));
    expect(await readText(files, segmentPath(1))).toBe('x');
    expect(existsSync(join(path, 'tmp', '0'.repeat(32)))).toBe(true);
  });

  it('are not listed, and nothing else is missing there [DML-REM-0627]', async () => {
    const path = newRemote();
    plant(path, 0);
    await swapAlone(openFolder(path), claimPath(1), null, 'x');
    const files = openFolder(path);
    await files.put(statePath(1), utf8('x'));
    expect((await listAll(files, '')).map(([file]) => file)).toEqual([
      claimPath(1),
      statePath(1),
      'tmp/notes.txt',
    ]);
  });
});

describe('the time of a folder', () => {
  it('is that of a file which is written then, whatever the clock here says [DML-REM-0629]', async () => {
    const path = newRemote();
    const { files } = openLogged(path, (_, call) => {
      if (/^look tmp\/[0-9a-f]{32}$/.test(call))
        utimesSync(join(path, call.slice(5)), 1_000_000, 1_000_000.25);
    });
    await expect(files.now()).rejects.toMatchObject({ code: 'remote_missing' });
    await used(files);
    expect(await files.now()).toBe(1_000_000_250);
    expect(readdirSync(join(path, 'tmp'))).toEqual([]);
  });
});

describe('mutable files of a check', () => {
  it('are taken away by one rename before anything in them is deleted [DML-REM-0630]', async () => {
    const path = newRemote();
    const { files, log } = openLogged(path);
    const file = checkPathOf(1, 'json');
    const first = await swapAlone(files, file, null, 'first');
    await swapAlone(files, file, first, 'second');
    log.length = 0;
    await files.remove([file]);
    expect(changing(log).map((call) => call.replace(/v\d+\.v\d+\./, ''))).toEqual([
      'rename tmp/v0.old',
      expect.stringMatching(/^unlink tmp\/v0.old\/(json|current)$/),
      expect.stringMatching(/^unlink tmp\/v0.old\/(json|current)$/),
      'rmdir tmp/v0.old',
      'sync check',
    ]);
  });

  it('are whole or absent when a process dies at any step of their deletion [DML-REM-0630]', async () => {
    const file = checkPathOf(1, 'json');
    for (let dieAt = 0; ; dieAt += 1) {
      const path = newRemote();
      const plainFiles = openFolder(path);
      await swapAlone(plainFiles, file, null, 'whole');
      const { files, log } = openLogged(path, (number) => {
        if (number >= dieAt) throw systemError('ESHUTDOWN');
      });
      const ended = await files.remove([file]).catch((error: unknown) => error);
      expect(['whole', undefined]).toContain(await readMutableText(plainFiles, file));
      await openFolder(path).put(segmentPath(1), utf8('x'));
      const isThere = (await readMutableText(plainFiles, file)) !== undefined;
      expect(readdirSync(join(path, 'tmp')).filter((name) => name.endsWith('.old'))).toEqual([]);
      expect(existsSync(join(path, file))).toBe(isThere);
      if (log.length <= dieAt) {
        expect([ended, isThere]).toEqual([undefined, false]);
        break;
      }
    }
  });
});
