/** Runs the whole test suite with a given Node and yields its counts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, say } from './process.mjs';
import { readResults, removeStaleResults, sumResults } from './results.mjs';
import { tools } from './workspace.mjs';

/**
 * Runs every test of every package and tool; result files go to `folder`.
 *
 * With `args` the run is narrowed: it is counted, but it is no evidence, so `folder` stays as it is.
 */
export async function runSuite({ folder: complete, args = [], node = process.execPath, env = process.env }) {
  const startedAtMs = Date.now() - 1000;
  const folder = args.length === 0 ? complete : mkdtempSync(join(tmpdir(), 'daggerml-results-'));
  const code = await run(node, [tools.vitest, 'run', ...args], {
    env: { ...env, DAGGERML_TEST_RESULTS: folder },
  });
  const results = readResults(folder, startedAtMs);
  for (const { project, numSkippedTests } of results) {
    if (numSkippedTests > 0) say(`${project}: ${numSkippedTests} tests were skipped`);
  }
  if (folder === complete) removeStaleResults(folder, startedAtMs);
  else rmSync(folder, { recursive: true });
  return sumResults(results, code);
}
