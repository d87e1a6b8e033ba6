import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type CrashFigures,
  runFailpointKills,
  runInjectedFailures,
  runOpenings,
  runRandomKills,
  runRefusedWrites,
  runSizeLimits,
} from './crash-runs.ts';
import { type ImageFigures, runImages } from './image-runs.ts';

/** Runs every kind of crash `--rounds` times and prints the figures; exits 1 when a promise was broken. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
  });
  const rounds = Number(values.rounds);
  const seed = Number(values.seed);
  const folder = mkdtempSync(join(tmpdir(), 'dml-crash-'));
  const passings = Array.from({ length: Math.max(1, Math.floor(rounds / 10)) }, (_, index) => 1 + index * 2);
  const nths = Array.from({ length: rounds }, (_, index) => 1 + index * 3);
  const runs: readonly (() => Promise<CrashFigures | ImageFigures>)[] = [
    () => runRandomKills({ folder, rounds, processes: 1, seed }),
    () => runRandomKills({ folder, rounds, processes: 4, seed: seed + 1 }),
    () => runRandomKills({ folder, rounds, processes: 4, seed: seed + 2, scenario: 'gc' }),
    () => runOpenings({ folder, steps: rounds * 100, openers: 4 }),
    () => runFailpointKills({ folder, scenario: 'commit', steps: 20, passings }),
    () => runFailpointKills({ folder, scenario: 'gc', steps: 6, passings }),
    () => runFailpointKills({ folder, scenario: 'import', steps: 6, passings }),
    () => runFailpointKills({ folder, scenario: 'excise', steps: 4, passings }),
    () => runFailpointKills({ folder, scenario: 'compact', steps: 2, passings }),
    () => runFailpointKills({ folder, scenario: 'backup', steps: 4, passings }),
    () => runRandomKills({ folder, rounds, processes: 2, seed: seed + 3, scenario: 'backup' }),
    () => runImages({ folder, images: rounds * 5, writers: 3, seed: seed + 4 }),
    () => runInjectedFailures(folder, nths),
    () => runSizeLimits(folder, rounds),
    () => runRefusedWrites(folder, rounds),
  ];
  let broken = 0;
  try {
    for (const run of runs) {
      const figures = await run();
      broken += figures.broken.length;
      process.stdout.write(`${JSON.stringify(figures)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(broken === 0 ? 'every promise held\n' : `${broken} promises broken\n`);
  process.exitCode = broken === 0 ? 0 : 1;
}

await main();
