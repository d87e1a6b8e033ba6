import { describe, expect, it, vi } from 'vitest';
import { readKeys, refreshSnapshot } from '../../src/engine/reading.ts';
import { openStore } from '../../src/open-store.ts';
import { temporaryFolder } from '../fixture-store.ts';
import { IS_FULL, rounds } from '../rounds.ts';
import { type FailpointFigures, runFailpointKills, runRandomKills, startWorker } from './crash-runs.ts';

/** Kills a worker at each failpoint of its own that a scenario passes, and in full also at those of each commit. */
async function killAtEach(
  scenario: string,
  steps: number,
  ...passings: readonly number[]
): Promise<FailpointFigures> {
  const of = IS_FULL ? '' : `${scenario}/`;
  const figures = await runFailpointKills({ folder: temporaryFolder(), scenario, steps, passings, of });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  return figures;
}

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

describe('crashes of upkeep', () => {
  it('leave every ref whole at each failpoint of a collection [DML-STO-0725]', async () => {
    const figures = await killAtEach('gc', 3, ...(IS_FULL ? [1, 2] : [2]));
    expect(figures.broken).toEqual([]);
    const steps = ['gc/claimed', 'gc/surveyed', 'gc/sweep/before-commit', 'gc/slice', 'gc/swept'];
    expect(figures.names).toEqual(expect.arrayContaining([...steps, 'gc/prune/before-commit']));
  });

  it('leave every ref whole when collectors and writers of four processes are killed [DML-STO-0725]', async () => {
    const count = rounds(2, 3);
    const figures = await runRandomKills({
      folder: temporaryFolder(),
      rounds: count,
      processes: 4,
      seed: 11,
      scenario: 'gc',
    });
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures).toMatchObject({ rounds: count, crashes: 4 * count, broken: [] });
  });

  it('leave every ref whole at each failpoint of an import [DML-STO-1031]', async () => {
    const figures = await killAtEach('import', 3, 2);
    expect(figures.broken).toEqual([]);
    const steps = ['import/objects/before-commit', 'import/retain/begin', 'import/refs/before-commit'];
    expect(figures.names).toEqual(expect.arrayContaining(steps));
  });

  it('leave an attempt next to its exec-request or neither at each failpoint', async () => {
    const figures = await killAtEach('attempt', 2, 2);
    expect(figures.broken).toEqual([]);
    const steps = ['attempt/before-commit', 'attempt/after-commit', 'attempt/end/before-commit'];
    expect(figures.names).toEqual(expect.arrayContaining(steps));
  });

  it('leave all objects or all tombstones at each failpoint of an excision [DML-STO-0813]', async () => {
    const figures = await killAtEach('excise', 2, 2);
    expect(figures.broken).toEqual([]);
    expect(figures.names).toEqual(expect.arrayContaining(['excise/begin', 'excise/before-commit']));
    for (const name of ['excise/begin', 'excise/before-commit', 'excise/after-commit']) {
      const path = `${temporaryFolder()}/store`;
      const killAt = { name, nth: 1 };
      const end = await startWorker({ path, scenario: 'excise', worker: 0, run: 0, steps: 1, killAt }).end;
      expect(end.signal, name).toBe('SIGKILL');
      const store = await openStore(path, { mode: 'read' });
      refreshSnapshot(store.engine);
      expect(readKeys(store.engine, 'excised'), name).toHaveLength(name === 'excise/after-commit' ? 2 : 0);
      await store.close();
    }
  });

  it('leave the old or the new store at each failpoint of a compaction [DML-STO-1105]', async () => {
    const figures = await killAtEach('compact', 2, 1);
    expect(figures.broken).toEqual([]);
    const steps = [
      'compact/marked',
      'compact/copied',
      'compact/built',
      'compact/unstamped',
      'compact/renamed',
    ];
    expect(figures.names).toEqual(expect.arrayContaining([...steps, 'compact/stamped']));
  });
});
