/**
 * Gate: the tests take more than 90 % of the branches of every package, in whatever process or thread they do it.
 *
 * `node ci/coverage.mjs [package …]`, all packages when none is named. The suite runs in a copy of the tree that is
 * built with source maps. What vitest has loaded itself, it measures; every program and thread that tests start from
 * `dist` writes what it has run by NODE_V8_COVERAGE. A branch counts when either has taken it. It takes longer than the
 * suite itself, so it is no part of `.ci/run`.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from '../tools/run/build.mjs';
import { run, runNode, say } from '../tools/run/process.mjs';
import { packagesIn, root as repositoryRoot } from '../tools/run/workspace.mjs';
import { createScratchCopy } from '../tools/spec-extract/dist/mutation/scratch-copy.js';
import { mend } from './fixture.mjs';
import { runGate } from './gate.mjs';
import { RanScripts } from './ran-scripts.mjs';

const MIN_PERCENT = 90;

/** Returns a problem for each package of which too few branches are taken; `tell` gets the figures of all. */
export function judge(report, ranAt, tell) {
  const counts = new Map();
  for (const [path, { branchMap, b }] of Object.entries(report)) {
    const name = path.split('/')[1];
    const count = counts.get(name) ?? { taken: 0, all: 0 };
    counts.set(name, count);
    for (const [id, { locations }] of Object.entries(branchMap))
      for (const [arm, location] of locations.entries()) {
        count.all += 1;
        if (b[id][arm] > 0 || ranAt(path, location.start)) count.taken += 1;
      }
  }
  if (counts.size === 0) return ['no branch was looked at'];
  return [...counts].sort().flatMap(([name, { taken, all }]) => {
    const percent = all === 0 ? 100 : (100 * taken) / all;
    tell(`${name}: ${percent.toFixed(1)} % of ${all} branches\n`);
    return percent > MIN_PERCENT
      ? []
      : [`${name}: only ${percent.toFixed(1)} % of ${all} branches are taken`];
  });
}

export async function check(_root, args) {
  const names = args.filter((arg) => !arg.startsWith('-'));
  await build();
  const copy = createScratchCopy(repositoryRoot);
  try {
    mend(join(copy.folder, 'tsconfig.base.json'), '"sourceMap": false', '"sourceMap": true');
    say('building with source maps …');
    const tsc = join(copy.folder, 'node_modules/@typescript/native/bin/tsc');
    if ((await runNode(tsc, ['-b', 'tsconfig.build.json'], { cwd: copy.folder })) !== 0)
      return ['the build failed'];
    const ran = new RanScripts(copy.folder);
    const code = await runCovered(copy.folder, names, ran);
    const report = readReport(copy.folder);
    const tell = (text) => process.stdout.write(text);
    const problems = judge(report, (path, start) => ran.hasRun(path, start), tell);
    return code === 0 ? problems : [...problems, `the tests ended with exit code ${code}`];
  } finally {
    copy.remove();
  }
}

/** Runs the suite, and takes in what its programs leave while it runs, since all of it would fill a disk. */
async function runCovered(folder, names, ran) {
  const left = join(folder, 'coverage-of-programs');
  mkdirSync(left);
  const timer = setInterval(() => ran.takeIn(left), 2_000);
  const projects = names.length === 0 ? packagesIn('packages', folder).map(nameOf) : names;
  const include = projects.map((name) => `--coverage.include=packages/${name}/src/**/*.ts`);
  const args = [
    ...['run', ...names.map((name) => `--project=${name}`), '--coverage.enabled', '--coverage.provider=v8'],
    ...[
      '--coverage.reporter=json',
      '--coverage.reportsDirectory=coverage',
      '--coverage.exclude=**/*.test.ts',
    ],
    ...['--coverage.reportOnFailure', ...include],
  ];
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: left, DAGGERML_TEST_RESULTS: join(folder, 'results') };
    return await run(process.execPath, [join(folder, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: folder,
      env,
    });
  } finally {
    clearInterval(timer);
    ran.takeIn(left);
  }
}

function nameOf({ folder }) {
  return folder.slice('packages/'.length);
}

function readReport(folder) {
  const report = JSON.parse(readFileSync(join(folder, 'coverage/coverage-final.json'), 'utf8'));
  return Object.fromEntries(Object.entries(report).map(([path, file]) => [relative(folder, path), file]));
}

await runGate(import.meta.url, 'coverage', check);
