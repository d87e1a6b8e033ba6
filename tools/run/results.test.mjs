import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { failuresIn, readResults, sumResults } from './results.mjs';

it('sums what every project reports', () => {
  const folder = mkdtempSync(join(tmpdir(), 'daggerml results '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(sumResults(readResults(join(folder, 'nowhere')), 0)).toEqual({ passed: 0, failed: 1 });
  writeFileSync(join(folder, 'store.json'), '{ "numPassedTests": 5, "numFailedTests": 0 }');
  writeFileSync(join(folder, 'cli.json'), '{ "numPassedTests": 2, "numFailedTests": 1 }');
  expect(sumResults(readResults(folder), 1)).toEqual({ passed: 7, failed: 1 });
});

it('counts a runner that fails without a failed test as one failure', () => {
  expect(sumResults([{ numPassedTests: 5, numFailedTests: 0 }], 1)).toEqual({ passed: 5, failed: 1 });
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
