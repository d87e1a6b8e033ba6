/**
 * Gate: a store keeps its promises when the operating system refuses writes and syncs, and whatever moment a
 * snapshot of the file system catches.
 *
 * Compiles the libraries in ci/faults with the machine's C compiler and loads them before Node in worker processes.
 * With `--up-to 200` every write and sync from the first to the 200th fails once, six times as many rounds, and
 * there are a thousand images.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root as repositoryRoot } from '../tools/run/workspace.mjs';

/** Which write or sync to fail, counted from the start of a worker. */
const NTHS = [1, 2, 3, 4, 6, 9, 13, 18, 24, 31, 39, 48, 60, 75, 95, 120];

/** Images of a store cut in the middle of a write, for each kind of work. */
const IMAGES = 60;

const { values } = parseArgs({ options: { 'up-to': { type: 'string' } } });
const upTo = values['up-to'];
const nths = upTo === undefined ? NTHS : Array.from({ length: Number(upTo) }, (_, index) => index + 1);

/** Compiles a library to load before Node. */
function compileShim(folder, name) {
  const library = join(folder, `${name}.so`);
  const source = join(repositoryRoot, 'ci', 'faults', `${name}.c`);
  const compiler = spawnSync(
    'cc',
    ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source, '-ldl'],
    {
      stdio: 'inherit',
    },
  );
  if (compiler.status !== 0)
    throw new Error(`ci/faults/${name}.c does not compile: is a C compiler (cc) installed?`);
  return library;
}

const folder = mkdtempSync(join(tmpdir(), 'dml-faults-'));
try {
  const { runSystemFaults } = await import('../packages/store/test/dist/test/crash/crash-runs.js');
  const { runWriteImages } = await import('../packages/store/test/dist/test/crash/image-runs.js');
  const faults = await runSystemFaults({ folder, shim: compileShim(folder, 'fault-shim'), nths });
  const shim = compileShim(folder, 'write-log');
  const images = upTo === undefined ? IMAGES : Number(upTo) * 5;
  const runs = [faults];
  for (const scenario of ['commit', 'gc'])
    runs.push(await runWriteImages({ folder, shim, images, seed: 1, scenario }));
  for (const figures of runs) {
    console.log(JSON.stringify(figures, null, 2));
    if (figures.broken.length > 0 || figures.deaths > 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
