import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentsOf, openFolder, temporaryFolder } from '../../../test/folder-fixtures.ts';
import { FolderWriter } from '../../../test/folder-writer.ts';
import { claimPath, segmentPath } from '../../testing/files-suite/paths.ts';
import {
  listAll,
  readMutableText,
  readPresent,
  readText,
  swapAlone,
  utf8,
} from '../../testing/files-suite/under-test.ts';

const CURRENT = 'CURRENT.json';
const KILLED = 'SIGKILL';

describe('processes that write to one folder', () => {
  it('replace or create a version once [DML-REM-0620]', async () => {
    const folder = join(temporaryFolder(), 'remote');
    const files = openFolder(folder);
    let expected: string | null = null;
    for (let round = 0; round < 4; round += 1) {
      const writers = Array.from(
        { length: 6 },
        (_, index) =>
          new FolderWriter({
            folder,
            path: CURRENT,
            job: 'swap',
            expected,
            text: `writer ${index} of round ${round}`,
            isWaiting: true,
          }),
      );
      for (const writer of writers) await writer.printed(1);
      for (const writer of writers) writer.go();
      const ends = await Promise.all(writers.map((writer) => writer.end()));
      const outcomes = ends.map((line) =>
        typeof line === 'object' && line.kind === 'done' ? line.outcome : line,
      );
      expect([...outcomes].sort()).toEqual(['applied', ...Array(5).fill('refused')]);
      const { bytes, version } = await readPresent(files, CURRENT);
      expect(Buffer.from(bytes).toString()).toBe(`writer ${outcomes.indexOf('applied')} of round ${round}`);
      expected = version;
    }
    // Nobody left anything but the version in effect.
    expect(Object.keys(contentsOf(folder)).length).toBe(4);
  });

  it('lose no increment, and when they are killed none that was applied [DML-REM-0621]', async () => {
    const folder = join(temporaryFolder(), 'remote');
    const files = openFolder(folder);
    await swapAlone(files, CURRENT, null, '0');
    const order = { folder, path: CURRENT, job: 'count' } as const;
    const workers = [25, 25].map((times) => new FolderWriter({ ...order, times }));
    const killed: FolderWriter[] = [];
    // Each of them is killed at another system call of its swaps.
    for (let killAt = 40; killAt < 60; killAt += 2) {
      const victim = new FolderWriter({ ...order, times: 1000, killAt });
      killed.push(victim);
      expect(await victim.end()).toBe(KILLED);
    }
    for (const worker of workers) expect(await worker.end()).toEqual({ kind: 'done', outcome: 'counted' });
    const counted = [...workers, ...killed].flatMap(({ lines }) =>
      lines.flatMap((line) => (line.kind === 'counted' ? [line.count] : [])),
    );
    const count = Number.parseInt((await readMutableText(files, CURRENT)) as string, 10);
    expect(new Set(counted).size).toBe(counted.length);
    expect(count).toBeGreaterThanOrEqual(counted.length);
    // A process that was killed between its swap and its line has counted without a word.
    expect(count - counted.length).toBeLessThanOrEqual(killed.length);
    expect(Math.max(...counted)).toBeLessThanOrEqual(count);
    // What they left is deleted by the next who swaps.
    await swapAlone(files, CURRENT, (await readPresent(files, CURRENT)).version, 'last');
    expect(readdirSync(join(folder, CURRENT)).length).toBe(2);
  });

  it('leave a file whole or absent when they are killed at any call of a put [DML-REM-0604]', async () => {
    const text = 'whole '.repeat(1000);
    for (let killAt = 0; ; killAt += 1) {
      const folder = join(temporaryFolder(), 'remote');
      const writer = new FolderWriter({ folder, path: segmentPath(1), job: 'put', text, killAt });
      const end = await writer.end();
      const files = openFolder(folder);
      if (end !== KILLED) {
        expect(end).toEqual({ kind: 'done', outcome: 'put' });
        expect(killAt).toBeGreaterThan(20);
        break;
      }
      expect([text, undefined]).toContain(await readText(files, segmentPath(1)));
      const listed = (await listAll(files, '')).map(([path]) => path);
      expect([[], [segmentPath(1)]]).toContainEqual(listed);
      await files.put(segmentPath(1), utf8(text));
      expect(await readText(files, segmentPath(1))).toBe(text);
    }
  }, 120_000);

  it.each([
    ['create', null],
    ['replace', 'before'],
  ] as const)(
    'leave the version before or after it when they are killed at any call of a swap to %s it [DML-REM-0621]',
    async (_, before) => {
      const seen = new Set<string | undefined>();
      for (let killAt = 0; ; killAt += 1) {
        const folder = join(temporaryFolder(), 'remote');
        const files = openFolder(folder);
        const expected = before === null ? null : await swapAlone(files, claimPath(1), null, before);
        const order = { folder, path: claimPath(1), job: 'swap', expected, text: 'after' } as const;
        const end = await new FolderWriter({ ...order, killAt }).end();
        const text = await readMutableText(files, claimPath(1));
        if (end !== KILLED) {
          expect([end, text]).toEqual([{ kind: 'done', outcome: 'applied' }, 'after']);
          break;
        }
        seen.add(text);
        expect([before ?? undefined, 'after']).toContain(text);
        // Others go on from there.
        const version = text === undefined ? null : (await readPresent(files, claimPath(1))).version;
        await swapAlone(files, claimPath(1), version, 'next');
        expect(await readMutableText(files, claimPath(1))).toBe('next');
        expect(readdirSync(join(folder, claimPath(1))).length).toBe(2);
      }
      expect(seen).toEqual(new Set([before ?? undefined, 'after']));
    },
    120_000,
  );
});
