import { IS_FULL, rounds } from '@daggerml/testkit';
import { describe, expect, it, vi } from 'vitest';
import { openStore } from '../../src/open-store.ts';
import { temporaryFolder } from '../fixture-store.ts';
import { keysOf } from '../rows.ts';
import { runFailpointKills, runRandomKills, startWorker } from './crash-runs.ts';
import { runImages } from './image-runs.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

function show<Figures extends object>(figures: Figures): Figures {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  return figures;
}

/** What holds, the scenario and its steps, which passings of a failpoint are the last, and some of the failpoints. */
const KILLS: readonly (readonly [title: string, string, number, readonly number[], readonly string[]])[] = [
  [
    'leave every ref whole at each failpoint of a collection [DML-STO-0725]',
    'gc',
    3,
    IS_FULL ? [1, 2] : [2],
    ['claimed', 'surveyed', 'sweep/before-commit', 'slice', 'swept', 'prune/before-commit'],
  ],
  [
    'leave every ref whole at each failpoint of an import [DML-STO-1031]',
    'import',
    3,
    [2],
    ['objects/before-commit', 'retain/begin', 'refs/before-commit'],
  ],
  [
    'leave the old or the new store at each failpoint of a compaction [DML-STO-1105]',
    'compact',
    2,
    [1],
    ['marked', 'copied', 'built', 'unstamped', 'renamed', 'stamped'],
  ],
  [
    'leave no backup or a whole one at each failpoint of the first [DML-STO-1409]',
    'backup',
    1,
    [1],
    ['claim/before-commit', 'copy/before-commit', 'finish/before-commit', 'finish/after-commit'],
  ],
  [
    'leave the backup before or the new one at each failpoint of a later one [DML-STO-1410]',
    'backup',
    2,
    [2],
    ['claim/before-commit', 'copy/before-commit', 'finish/before-commit', 'finish/after-commit'],
  ],
];

describe('crashes of upkeep', () => {
  it.each(KILLS)('%s', async (_, scenario, steps, passings, names) => {
    // In full also at the failpoints of each commit.
    const of = IS_FULL ? '' : `${scenario}/`;
    const figures = await runFailpointKills({ folder: temporaryFolder(), scenario, steps, passings, of });
    expect(show(figures).broken).toEqual([]);
    expect(figures.names).toEqual(expect.arrayContaining(names.map((name) => `${scenario}/${name}`)));
    if (scenario === 'backup' && steps === 2) expect(figures.crashes).toBeGreaterThan(10);
  });

  it('leave every ref whole when collectors and writers of four processes are killed [DML-STO-0725]', async () => {
    const count = rounds(2, 3);
    const kills = { folder: temporaryFolder(), rounds: count, processes: 4, seed: 11, scenario: 'gc' };
    expect(show(await runRandomKills(kills))).toMatchObject({
      crashes: 4 * count,
      rounds: count,
      broken: [],
    });
  });

  it.each(['begin', 'before-commit', 'after-commit'])(
    'excise both objects or none, killed at %s [DML-STO-0813]',
    async (moment) => {
      const path = `${temporaryFolder()}/store`;
      const killAt = { name: `excise/${moment}`, nth: 1 };
      const end = await startWorker({ path, scenario: 'excise', worker: 0, run: 0, steps: 1, killAt }).end;
      expect(end.signal).toBe('SIGKILL');
      const store = await openStore(path, { mode: 'read' });
      expect(keysOf(store, 'excised')).toHaveLength(moment === 'after-commit' ? 2 : 0);
      await store.close();
    },
  );
});

describe('images of the folder of a store in use', () => {
  it('leave what a copy at one instant needs to hold every acknowledged move [DML-STO-1421]', async () => {
    const figures = show(await runImages({ folder: temporaryFolder(), images: 5, writers: 2, seed: 12 }));
    expect(figures).toMatchObject({ images: 5, broken: [] });
    expect(figures.acknowledged).toBeGreaterThan(1);
  });
});
