/**
 * Vitest reporter: writes `test-results/<project>.json` for every project of a complete run.
 *
 * The shape is the Jest one (`testResults[].assertionResults[]`), with paths relative to the repository
 * root. A leaf that passed only when it was repeated keeps the failures before, and counts as failed; one that
 * is declared with `fails` says so (`expectsFailure`), since that it "passed" shows that something fails. A run narrowed
 * by file or test name writes nothing, because only a complete run is evidence, unless the environment variable
 * DAGGERML_TEST_RESULTS names another folder for it; one that was interrupted writes nothing either.
 *
 * Every file names all projects of the configuration (`configured`), so that results of some differ from results of
 * all, and a project without tests has a file that says so.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export default class ResultsReporter {
  onInit(vitest) {
    this.vitest = vitest;
  }

  onTestRunEnd(modules, unhandledErrors = [], reason = undefined) {
    if (reason === 'interrupted') return;
    const { root, testNamePattern, shard, changed, related = [] } = this.vitest.config;
    const patterns = [...(this.vitest.filenamePattern ?? []), ...related];
    const isNarrowed = Boolean(testNamePattern || shard || changed || patterns.length > 0);
    if (isNarrowed && process.env.DAGGERML_TEST_RESULTS === undefined) return;
    const covered = isNarrowed ? [] : this.vitest.projects;
    const projects = new Map(
      [...covered, ...modules.map(({ project }) => project)].map((project) => [nameOf(project), []]),
    );
    for (const module of modules) projects.get(nameOf(module.project)).push(fileResult(root, module));
    const configured = configuredProjects(this.vitest.config, [...projects.keys()]);
    const folder = process.env.DAGGERML_TEST_RESULTS ?? join(root, 'test-results');
    mkdirSync(folder, { recursive: true });
    for (const [name, testResults] of projects) {
      testResults.sort((a, b) => (a.name < b.name ? -1 : 1));
      const target = join(folder, `${name}.json`);
      writeFileSync(
        `${target}.tmp`,
        `${JSON.stringify({ ...summary(name, testResults, unhandledErrors), configured }, null, 1)}\n`,
      );
      renameSync(`${target}.tmp`, target);
    }
  }
}

function nameOf({ name }) {
  return name || 'root';
}

/** Lists the projects of the configuration by name, whichever of them a run covers; those that ran in any case. */
function configuredProjects({ projects = [] }, ran) {
  const names = projects.map((project) => project?.test?.name).map((name) => name?.label ?? name);
  return [...new Set([...ran, ...names.filter((name) => typeof name === 'string')])].sort();
}

function fileResult(root, module) {
  const assertionResults = [];
  for (const test of module.children.allTests()) {
    const ancestorTitles = [];
    for (let at = test.parent; at && at.type === 'suite'; at = at.parent) ancestorTitles.unshift(at.name);
    const result = test.result();
    const { flaky = false, duration } = test.diagnostic() ?? {};
    assertionResults.push({
      ancestorTitles,
      title: test.name,
      fullName: [...ancestorTitles, test.name].join(' '),
      status: flaky ? 'failed' : result.state,
      ...(test.options.fails && { expectsFailure: true }),
      ...(duration !== undefined && { duration: Math.round(duration) }),
      failureMessages: (result.errors ?? []).map((error) => error.message),
    });
  }
  const errors = module.errors().map((error) => error.message);
  return {
    name: relative(root, module.moduleId).split(sep).join('/'),
    status: module.ok() && errors.length === 0 ? 'passed' : 'failed',
    message: errors.join('\n'),
    assertionResults,
  };
}

function summary(project, testResults, unhandledErrors) {
  const leaves = testResults.flatMap((file) => file.assertionResults);
  const count = (status) => leaves.filter((leaf) => leaf.status === status).length;
  // A file that fails to load has no leaf to fail: it counts as one failure of its own. A leaf is pending
  // after the run when its process ended under it.
  const brokenFiles = testResults.filter((file) => file.message !== '').length;
  return {
    project,
    numTotalTests: leaves.length,
    numPassedTests: count('passed'),
    numFailedTests: count('failed') + count('pending') + brokenFiles,
    numSkippedTests: count('skipped'),
    unhandledErrors: unhandledErrors.map((error) => String(error.message ?? error)),
    testResults,
  };
}
