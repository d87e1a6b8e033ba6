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

it('writes leaf title, file and status of every test', () => {
  report({
    modules: [
      moduleOf({
        tests: [
          ['holds', 'passed'],
          ['breaks', 'failed'],
          ['waits', 'skipped'],
        ],
      }),
    ],
  });
  const { testResults, ...counts } = written();
  expect(counts).toMatchObject({
    project: 'store',
    numPassedTests: 1,
    numFailedTests: 1,
    numSkippedTests: 1,
  });
  expect(testResults[0].name).toBe('packages/store/src/refs.test.ts');
  expect(testResults[0].assertionResults.map(({ title, status }) => `${title}: ${status}`)).toEqual([
    'holds: passed',
    'breaks: failed',
    'waits: skipped',
  ]);
});

it('counts a file that cannot be loaded as a failure', () => {
  report({ modules: [moduleOf({ tests: [], errors: [{ message: 'syntax error' }] })] });
  expect(written()).toMatchObject({ numPassedTests: 0, numFailedTests: 1 });
});

it('counts a test that did not run to its end as a failure', () => {
  report({ modules: [moduleOf({ tests: [['ends its process', 'pending']] })] });
  expect(written()).toMatchObject({ numPassedTests: 0, numFailedTests: 1, numSkippedTests: 0 });
});

it('counts a test that passed only when it was repeated as a failure', () => {
  const errors = [{ message: 'expected 1 to be 2' }];
  report({ modules: [moduleOf({ tests: [['wavers', 'passed', { flaky: true, errors }]] })] });
  const { testResults, ...counts } = written();
  expect(counts).toMatchObject({ numPassedTests: 0, numFailedTests: 1 });
  expect(testResults[0].assertionResults[0]).toMatchObject({
    status: 'failed',
    duration: 12,
    failureMessages: ['expected 1 to be 2'],
  });
});

it('marks a test that is expected to fail', () => {
  report({ modules: [moduleOf({ tests: [['fails', 'passed', { fails: true }]] })] });
  expect(written().testResults[0].assertionResults[0]).toMatchObject({ expectsFailure: true });
});

it('writes nothing for a run narrowed by test name, by file or by what changed', () => {
  const modules = [moduleOf({ tests: [['holds', 'passed']] })];
  report({ modules, config: { testNamePattern: /holds/ } });
  report({ modules, filenamePattern: ['refs'] });
  report({ modules, config: { changed: true } });
  report({ modules, config: { related: ['packages/store/src/refs.ts'] } });
  expect(existsSync(target())).toBe(false);
});

it('writes nothing for a run that was interrupted', () => {
  report({ modules: [moduleOf({ tests: [['holds', 'passed']] })], reason: 'interrupted' });
  expect(existsSync(target())).toBe(false);
});

it('names every project of the configuration, whichever ran', () => {
  const listed = [
    { test: { name: 'store' } },
    { test: { name: { label: 'cli', color: 'red' } } },
    'packages/*',
  ];
  const modules = [moduleOf({ tests: [['holds', 'passed']] })];
  report({ modules, config: { projects: listed }, projects: [{ name: 'store' }] });
  expect(written().configured).toEqual(['cli', 'store']);
  expect(existsSync(target('cli'))).toBe(false);
});

it('writes a file for a project that has no tests', () => {
  const projects = [{ name: 'store' }, { name: 'bench' }];
  report({ modules: [moduleOf({ tests: [['holds', 'passed']] })], projects });
  expect(written('bench')).toMatchObject({ project: 'bench', numTotalTests: 0, testResults: [] });
  expect(written().configured).toEqual(['bench', 'store']);
});
