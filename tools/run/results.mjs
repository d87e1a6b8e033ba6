/** The result files of a test run: `<folder>/<project>.json`, written by results-reporter.mjs. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Reads the result files that were written at or after `sinceMs`. */
export function readResults(folder, sinceMs) {
  return filesIn(folder)
    .filter((file) => statSync(file).mtimeMs >= sinceMs)
    .map((file) => JSON.parse(readFileSync(file, 'utf8')));
}

/** Removes the result files of projects that the complete run since `sinceMs` no longer had. */
export function removeStaleResults(folder, sinceMs) {
  for (const file of filesIn(folder)) if (statSync(file).mtimeMs < sinceMs) rmSync(file);
}

/**
 * Sums the results to `{ passed, failed }`.
 *
 * A runner that fails without a failed test (nothing ran, an error outside of tests) is one failure too.
 */
export function sumResults(results, exitCode) {
  let passed = 0;
  let failed = 0;
  for (const result of results) {
    passed += result.numPassedTests;
    failed += result.numFailedTests;
  }
  if (failed === 0 && (exitCode !== 0 || passed === 0)) failed = 1;
  return { passed, failed };
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name));
}
