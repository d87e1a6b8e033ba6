/**
 * Gate: a store whose writes and syncs the operating system refuses keeps its promises.
 *
 * Compiles ci/faults/fault-shim.c with the machine's C compiler and loads it before Node in worker processes.
 * With `--up-to 200` every write and sync from the first to the 200th fails once, six times as many rounds.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root as repositoryRoot } from '../tools/run/workspace.mjs';

/** Which write or sync to fail, counted from the start of a worker. */
const NTHS = [1, 2, 3, 4, 6, 9, 13, 18, 24, 31, 39, 48, 60, 75, 95, 120];

const { values } = parseArgs({ options: { 'up-to': { type: 'string' } } });
const upTo = values['up-to'];
const nths = upTo === undefined ? NTHS : Array.from({ length: Number(upTo) }, (_, index) => index + 1);

function compileShim(folder) {
  const library = join(folder, 'fault-shim.so');
  const source = join(repositoryRoot, 'ci', 'faults', 'fault-shim.c');
  const compiler = spawnSync(
    'cc',
    ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source, '-ldl'],
    {
      stdio: 'inherit',
    },
  );
  if (compiler.status !== 0)
    throw new Error('the fault shim does not compile: is a C compiler (cc) installed?');
  return library;
}

const folder = mkdtempSync(join(tmpdir(), 'dml-faults-'));
try {
  const { runSystemFaults } = await import('../packages/store/dist/crash/crash-runs.js');
  const figures = await runSystemFaults({ folder, shim: compileShim(folder), nths });
  console.log(JSON.stringify(figures, null, 2));
  if (figures.broken.length > 0 || figures.deaths > 0) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
