import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../fixture-store.ts';
import { IS_FULL } from '../rounds.ts';
import { runFailpointKills } from './crash-runs.ts';
import { runImages } from './image-runs.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });
/** Without the full run, kills at the failpoints that the backup has for itself. */
const _OWN = IS_FULL ? {} : { of: 'backup/' };

/** Without the full run, kills at the failpoints that the backup has for itself. */
const OWN = IS_FULL ? {} : { of: 'backup/' };

describe('crashes of backups', () => {
  it('leave no backup or a whole one at each failpoint of the first [DML-STO-1409]', async () => {
    const figures = await runFailpointKills({
      folder: temporaryFolder(),
      scenario: 'backup',
      steps: 1,
      passings: [1],
      ...OWN,
    });
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures.broken).toEqual([]);
    const steps = ['backup/claim/before-commit', 'backup/copy/before-commit', 'backup/finish/before-commit'];
    expect(figures.names).toEqual(expect.arrayContaining([...steps, 'backup/finish/after-commit']));
  });

  it('leave the backup before or the new one at each failpoint of a later one [DML-STO-1410]', async () => {
    const figures = await runFailpointKills({
      folder: temporaryFolder(),
      scenario: 'backup',
      steps: 2,
      passings: [2],
      ...OWN,
    });
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures.broken).toEqual([]);
    expect(figures.crashes).toBeGreaterThan(10);
  });
});

describe('images of the folder of a store in use', () => {
  it('leave what a copy at one instant needs to hold every acknowledged move [DML-STO-1421]', async () => {
    const figures = await runImages({ folder: temporaryFolder(), images: 5, writers: 2, seed: 12 });
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures).toMatchObject({ images: 5, broken: [] });
    expect(figures.acknowledged).toBeGreaterThan(1);
  });
});
