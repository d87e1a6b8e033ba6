import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import ResultsReporter from './results-reporter.mjs';

let root;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'daggerml reporter '));
  vi.stubEnv('DAGGERML_TEST_RESULTS', undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function report({ modules, config = {}, projects = [], filenamePattern, reason }) {
  const reporter = new ResultsReporter();
  reporter.onInit({ config: { root, ...config }, projects, filenamePattern });
  reporter.onTestRunEnd(modules, [], reason);
}

function moduleOf({ tests, errors = [] }) {
  return {
    project: { name: 'store' },
    moduleId: join(root, 'packages/store/src/refs.test.ts'),
    ok: () => errors.length === 0,
    errors: () => errors,
    children: {
      allTests: () =>
        tests.map(([name, state, { flaky = false, fails, errors = [] } = {}]) => ({
          name,
          parent: { type: 'suite', name: 'refs', parent: { type: 'module' } },
          options: { fails },
          diagnostic: () => ({ flaky, duration: 12.3 }),
          result: () => ({ state, errors }),
        })),
    },
  };
}

const target = (project = 'store') => join(root, `test-results/${project}.json`);
const written = (project) => JSON.parse(readFileSync(target(project), 'utf8'));

const LATE = { flaky: true, errors: [{ message: 'expected 1 to be 2' }] };

it.each([
  ['a test that holds', ['holds', 'passed'], 'passed', [1, 0, 0]],
  ['a test that fails', ['breaks', 'failed'], 'failed', [0, 1, 0]],
  ['a test that is skipped', ['waits', 'skipped'], 'skipped', [0, 0, 1]],
  ['a test that did not run to its end', ['ends its process', 'pending'], 'pending', [0, 1, 0]],
  ['a test that passed only when it was repeated', ['wavers', 'passed', LATE], 'failed', [0, 1, 0]],
])('counts %s', (_, test, status, counts) => {
  report({ modules: [moduleOf({ tests: [test] })] });
  const { project, testResults, numPassedTests, numFailedTests, numSkippedTests } = written();
  expect([project, testResults[0].name]).toEqual(['store', 'packages/store/src/refs.test.ts']);
  expect(testResults[0].assertionResults).toMatchObject([{ title: test[0], status, duration: 12 }]);
  expect([numPassedTests, numFailedTests, numSkippedTests]).toEqual(counts);
});

it('counts a file that cannot be loaded, and marks a test that is expected to fail', () => {
  const tests = [['fails', 'passed', { fails: true }]];
  report({ modules: [moduleOf({ tests: [], errors: [{ message: 'syntax error' }] }), moduleOf({ tests })] });
  expect(written()).toMatchObject({ numPassedTests: 1, numFailedTests: 1 });
  expect(written().testResults[1].assertionResults[0]).toMatchObject({ expectsFailure: true });
});

it.each([
  ['narrowed by test name', { config: { testNamePattern: /holds/ } }],
  ['narrowed by file', { filenamePattern: ['refs'] }],
  ['narrowed by what changed', { config: { changed: true } }],
  ['narrowed by what imports a file', { config: { related: ['packages/store/src/refs.ts'] } }],
  ['interrupted', { reason: 'interrupted' }],
])('writes nothing for a run that was %s', (_, run) => {
  report({ modules: [moduleOf({ tests: [['holds', 'passed']] })], ...run });
  expect(existsSync(target())).toBe(false);
});

it('names every project of the configuration, and writes a file for one that has no tests', () => {
  const cli = { test: { name: { label: 'cli', color: 'red' } } };
  const config = { projects: [{ test: { name: 'store' } }, cli, 'packages/*'] };
  const projects = [{ name: 'store' }, { name: 'bench' }];
  report({ modules: [moduleOf({ tests: [['holds', 'passed']] })], config, projects });
  expect(written().configured).toEqual(['bench', 'cli', 'store']);
  expect(existsSync(target('cli'))).toBe(false);
  expect(written('bench')).toMatchObject({ project: 'bench', numTotalTests: 0, testResults: [] });
});
