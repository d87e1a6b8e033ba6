/** Runs the whole test suite with a given Node and returns its counts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, say } from './process.mjs';
import { failuresIn, readResults, sumResults } from './results.mjs';
import { tools } from './workspace.mjs';

/** More than a screen of failures has one cause. */
const MAX_FAILURES = 30;

/**
 * Runs every test of every package and tool; result files go to `folder`, in the place of those of earlier runs.
 *
 * With `args` the run is narrowed: it is counted, but it is no evidence, so `folder` stays as it is. What
 * failed is printed once more at the end, in lines that begin with `FAILED` and the label.
 */
export async function runSuite({ folder: complete, args = [], node = process.execPath, ...rest }) {
  const { env = process.env, label = '' } = rest;
  const folder = args.length === 0 ? complete : mkdtempSync(join(tmpdir(), 'daggerml-results-'));
  if (folder === complete) rmSync(folder, { recursive: true, force: true });
  const code = await run(node, [tools.vitest, 'run', ...args], {
    env: { ...env, DAGGERML_TEST_RESULTS: folder },
  });
  const results = readResults(folder);
  for (const { project, numSkippedTests } of results) {
    if (numSkippedTests > 0) say(`${project}: ${numSkippedTests} tests were skipped`);
  }
  const failures = failuresIn(results);
  for (const failure of failures.slice(0, MAX_FAILURES)) tell(`FAILED ${label}${failure}`);
  if (failures.length > MAX_FAILURES) tell(`FAILED ${label}${failures.length - MAX_FAILURES} more`);
  if (code !== 0 && failures.length === 0)
    tell(`FAILED ${label}the test runner ended with exit code ${code}`);
  if (folder !== complete) rmSync(folder, { recursive: true });
  return sumResults(results, code);
}

function tell(line) {
  process.stdout.write(`${line}\n`);
}
