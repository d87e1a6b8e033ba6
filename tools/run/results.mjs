/** The result files of a test run: `<folder>/<project>.json`, written by results-reporter.mjs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads the result files of a run. */
export function readResults(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
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

/** Lists what failed, one line each: project, file, title and the first line of the reason. */
export function failuresIn(results) {
  return results.flatMap(({ project, testResults = [], unhandledErrors = [] }) => [
    ...testResults.flatMap(({ name, message, assertionResults }) => [
      ...(message ? [`${project} ${name}: ${firstLine(message)}`] : []),
      ...assertionResults
        .filter(({ status }) => status === 'failed' || status === 'pending')
        .map(({ fullName, failureMessages: [reason = 'did not run to its end'] }) => {
          return `${project} ${name} > ${fullName}: ${firstLine(reason)}`;
        }),
    ]),
    ...unhandledErrors.map((message) => `${project} outside of any test: ${firstLine(message)}`),
  ]);
}

function firstLine(text) {
  const [line = ''] = text.trim().split('\n', 1);
  return line.length > 200 ? `${line.slice(0, 200)} …` : line;
}
