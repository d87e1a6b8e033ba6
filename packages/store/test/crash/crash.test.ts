import { statSync } from 'node:fs';
import { join } from 'node:path';
import { rounds } from '@daggerml/testkit';
import { describe, expect, it, vi } from 'vitest';
import { openStore } from '../../src/open-store.ts';
import { temporaryFolder } from '../fixture-store.ts';
import {
  type CrashFigures,
  runFailpointKills,
  runOpenings,
  runRandomKills,
  runRefusedWrites,
  startWorker,
} from './crash-runs.ts';
import { workerRef } from './protocol.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

function show(figures: CrashFigures): CrashFigures {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  return figures;
}

describe('crashes', () => {
  it('lose no acknowledged write of one process killed at random [DML-STO-0135]', async () => {
    const count = rounds(2, 4);
    const figures = show(
      await runRandomKills({ folder: temporaryFolder(), rounds: count, processes: 1, seed: 8 }),
    );
    expect(figures).toMatchObject({ rounds: count, crashes: count, broken: [] });
    expect(figures.acknowledged).toBeGreaterThan(0);
  });

  it('leave a store that four processes share usable at once [DML-STO-0134]', async () => {
    const figures = show(
      await runRandomKills({ folder: temporaryFolder(), rounds: 2, processes: 4, seed: 9 }),
    );
    expect(figures).toMatchObject({ rounds: 2, crashes: 8, broken: [] });
    expect(figures.acknowledged).toBeGreaterThan(0);
  });

  it('lose no acknowledged write while other processes open the store [DML-STO-0135]', async () => {
    const steps = rounds(150, 400);
    const figures = show(await runOpenings({ folder: temporaryFolder(), steps, openers: 2 }));
    expect(figures).toMatchObject({ rounds: 2, crashes: 2, broken: [] });
    expect(figures.acknowledged).toBeGreaterThanOrEqual(steps);
  });

  it('keep every promise at each named failpoint of committing [DML-STO-0135]', async () => {
    const folder = temporaryFolder();
    const figures = await runFailpointKills({ folder, scenario: 'commit', steps: 12, passings: [1] });
    show(figures);
    expect(figures.broken).toEqual([]);
    const expected = ['create/before-rename', 'commit/begin', 'put', 'ref/before-row', 'ref/before-journal'];
    const later = [
      'commit/before-commit',
      'commit/after-commit',
      'checkpoint/before-commit',
      'close/before-commit',
    ];
    expect(figures.names).toEqual(expect.arrayContaining([...expected, ...later]));
    expect(figures.crashes).toBeGreaterThanOrEqual(figures.names.length - 2);
  });

  it('leave an IndexRef at its last acknowledged commit [DML-STO-1203]', async () => {
    const path = join(temporaryFolder(), 'store');
    const killAt = { name: 'commit/before-commit', nth: 4 };
    const end = await startWorker({ path, scenario: 'commit', worker: 3, run: 0, steps: 20, killAt }).end;
    expect(end.signal).toBe('SIGKILL');
    const acks = end.lines.flatMap((line) =>
      line.kind === 'ack' && line.ref === workerRef(3) ? [line.commitId] : [],
    );
    expect(acks).toHaveLength(3);
    const store = await openStore(path, { mode: 'read' });
    expect(store.readRefs('index')).toMatchObject([{ name: workerRef(3), commitId: acks[2] }]);
    await store.close();
  });
});

describe('failing writes', () => {
  it('end no process by a signal and show nothing of what they report as failed [DML-STO-1501] [DML-STO-0129]', async () => {
    const figures = show(await runRefusedWrites(temporaryFolder(), 4));
    expect(figures).toMatchObject({ rounds: 5, crashes: 4, deaths: 0, broken: [] });
    expect(figures.refusedWrites).toBeGreaterThan(0);
  });

  it('come before the engine writes long rows for which there is no room [DML-STO-1501] [DML-STO-0136]', async () => {
    const path = join(temporaryFolder(), 'store');
    const order = { path, scenario: 'bulk', worker: 0, run: 0, steps: 2 };
    expect((await startWorker(order).end).lines.at(-1)).toEqual({ kind: 'done' });
    const size = (): number => statSync(join(path, 'data.mdb')).size;
    const sizeBytes = size();
    for (const more of [0, 100_000, 400_000]) {
      const limited = { ...order, run: 1, steps: 1, unguarded: true };
      const end = await startWorker(limited, { fileSizeLimitBytes: sizeBytes + more }).end;
      expect(end.signal).toBeNull();
      expect(end.lines).toContainEqual({ kind: 'failed', code: 'store_full', commitId: null });
      // What could be had of the room is given back; closing the store may take a few pages.
      expect(size()).toBeLessThan(sizeBytes + 65_536);
    }
    const next = await startWorker({ ...order, run: 1, steps: 1 }).end;
    expect(next.lines.at(-1)).toEqual({ kind: 'done' });
  });
});
