/**
 * Gate: a store keeps its promises when the operating system refuses writes and syncs, and whatever moment a
 * snapshot of the file system catches.
 *
 * Compiles a library in ci/faults with the machine's C compiler and loads it before Node in worker processes.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root as repositoryRoot } from '../tools/run/workspace.mjs';
import { runGate } from './gate.mjs';

/** Writes and syncs that fail, counted from the start of a worker. */
const NTHS = [1, 2, 3, 4, 6, 9, 13, 18, 24, 31, 39, 48, 60, 75, 95, 120];

/** Images of a store cut in the middle of a write, for each kind of work. */
const IMAGES = 60;

/** Returns what the figures of some runs show to be wrong; a run that met no fault and no image shows nothing. */
export function problemsIn(runs) {
  return runs.flatMap(({ name, broken, deaths = 0, crashes = 0, images = 0 }) => [
    ...broken.map((promise) => `${name}: ${promise}`),
    ...(deaths > 0 ? [`${name}: ${deaths} processes died by a signal`] : []),
    ...(crashes + images > 0 ? [] : [`${name}: nothing was tried`]),
  ]);
}

/** Compiles the library to load before Node. */
function compileShim(folder) {
  const library = join(folder, 'store-shim.so');
  const source = join(repositoryRoot, 'ci/faults/store-shim.c');
  const args = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source, '-ldl'];
  if (spawnSync('cc', args, { stdio: 'inherit' }).status !== 0)
    throw new Error('ci/faults/store-shim.c does not compile: is a C compiler (cc) installed?');
  return library;
}

export async function check() {
  const folder = mkdtempSync(join(tmpdir(), 'dml-faults-'));
  try {
    const { runSystemFaults } = await import('../packages/store/test/dist/test/crash/crash-runs.js');
    const { runWriteImages } = await import('../packages/store/test/dist/test/crash/image-runs.js');
    const shim = compileShim(folder);
    const runs = [await runSystemFaults({ folder, shim, nths: NTHS })];
    for (const scenario of ['commit', 'gc'])
      runs.push(await runWriteImages({ folder, shim, images: IMAGES, seed: 1, scenario }));
    for (const figures of runs) process.stdout.write(`${JSON.stringify(figures)}\n`);
    return problemsIn(runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await runGate(import.meta.url, 'faults', check);
