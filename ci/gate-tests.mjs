/** Gate: every gate is red on its fixture, and green once that is mended. */
import { join } from 'node:path';
import { capture } from '../tools/run/process.mjs';
import { root as repositoryRoot, tools } from '../tools/run/workspace.mjs';
import { problemsOf, runGate } from './gate.mjs';

export async function check() {
  const config = join(repositoryRoot, 'ci/vitest.config.mjs');
  return problemsOf(await capture(process.execPath, [tools.vitest, 'run', '--config', config]), 'vitest');
}

await runGate(import.meta.url, 'gate-tests', check);
