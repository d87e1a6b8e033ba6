import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { failuresIn, readResults, removeStaleResults, sumResults } from './results.mjs';

let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daggerml results '));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function writeResult(project, counts, ageSeconds = 0) {
  const file = join(folder, `${project}.json`);
  writeFileSync(file, JSON.stringify({ project, ...counts }));
  const at = Date.now() / 1000 - ageSeconds;
  utimesSync(file, at, at);
  return file;
}

it('sums what every project reports', () => {
  writeResult('store', { numPassedTests: 5, numFailedTests: 0 });
  writeResult('cli', { numPassedTests: 2, numFailedTests: 1 });
  expect(sumResults(readResults(folder, Date.now() - 5000), 1)).toEqual({ passed: 7, failed: 1 });
});

it('leaves out and removes the results of an earlier run', () => {
  const stale = writeResult('gone', { numPassedTests: 9, numFailedTests: 0 }, 60);
  const fresh = writeResult('store', { numPassedTests: 5, numFailedTests: 0 });
  const ofAnotherRunner = writeResult('python.xml', {}, 60);
  renameSync(ofAnotherRunner, join(folder, 'python.xml'));
  const since = Date.now() - 5000;
  expect(sumResults(readResults(folder, since), 0)).toEqual({ passed: 5, failed: 0 });
  removeStaleResults(folder, since);
  expect([existsSync(stale), existsSync(fresh)]).toEqual([false, true]);
  expect(existsSync(join(folder, 'python.xml'))).toBe(false);
});

it('counts a runner that fails without a failed test as one failure', () => {
  expect(sumResults([{ numPassedTests: 5, numFailedTests: 0 }], 1)).toEqual({ passed: 5, failed: 1 });
});

it('counts a run without any test as a failure', () => {
  mkdirSync(join(folder, 'empty'));
  expect(sumResults(readResults(join(folder, 'empty'), 0), 0)).toEqual({ passed: 0, failed: 1 });
});

it('names what failed: tests, files that do not load, tests cut short and errors outside of tests', () => {
  const leaf = (fullName, status, ...failureMessages) => ({ fullName, status, failureMessages });
  const testResults = [
    {
      name: 'packages/store/src/refs.test.ts',
      message: '',
      assertionResults: [
        leaf('refs hold', 'passed'),
        leaf('refs break', 'failed', 'expected 1 to be 2\nat line 3'),
        leaf('refs wait', 'skipped'),
        leaf('refs end their process', 'pending'),
      ],
    },
    { name: 'packages/store/src/gone.test.ts', message: 'no such module', assertionResults: [] },
  ];
  expect(
    failuresIn([{ project: 'store', testResults, unhandledErrors: ['late'] }, { project: 'cli' }]),
  ).toEqual([
    'store packages/store/src/refs.test.ts > refs break: expected 1 to be 2',
    'store packages/store/src/refs.test.ts > refs end their process: did not run to its end',
    'store packages/store/src/gone.test.ts: no such module',
    'store outside of any test: late',
  ]);
});
