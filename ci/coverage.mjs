/**
 * The test suite on the newest Node line, and with it the gate that it takes more than 90 % of the branches of every package, in whatever
 * process or thread it does so.
 *
 * `node ci/coverage.mjs` runs the suite and counts the gate as one test more; the results are the evidence that
 * spec-check reads. With names of packages, only their tests run, and each branch that was not taken is listed. What vitest loads
 * itself, it measures; every program and thread that tests start from the built files writes what it has run by
 * NODE_V8_COVERAGE. A branch counts when either has taken it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build, bundle } from '../tools/run/build.mjs';
import { isProgram, script } from '../tools/run/process.mjs';
import { runSuite } from '../tools/run/suite.mjs';
import { root } from '../tools/run/workspace.mjs';
import { NEWEST, nodeOf, withNode } from './nodes.mjs';

/** Percent of its branches that the tests of each package take at least. */
const MIN_PERCENT = 90;

/** Returns a problem for each package of which too few branches are taken; `tell` gets the figures of all. */
export function judge(report, hasTaken, { tell, onUntaken = () => undefined }) {
  const counts = new Map();
  for (const [path, { branchMap, b }] of Object.entries(report)) {
    const name = path.split('/')[1];
    const count = counts.get(name) ?? { taken: 0, all: 0 };
    counts.set(name, count);
    for (const [id, branch] of Object.entries(branchMap))
      for (const [arm, { start }] of branch.locations.entries()) {
        count.all += 1;
        if (b[id][arm] > 0 || hasTaken(path, branch, arm)) count.taken += 1;
        else onUntaken(`${path}:${start.line ?? `${branch.loc.start.line} else`}`);
      }
  }
  if (counts.size === 0) return ['no branch was looked at'];
  return [...counts].sort().flatMap(([name, { taken, all }]) => {
    const percent = all === 0 ? 100 : (100 * taken) / all;
    tell(`${name}: ${percent.toFixed(1)} % of ${all} branches`);
    return percent > MIN_PERCENT
      ? []
      : [`${name}: only ${percent.toFixed(1)} % of ${all} branches are taken`];
  });
}

/** Runs the tests of the packages named, or all, and returns the counts, the gate as one test more. */
async function runCovered(names) {
  const node = await nodeOf(NEWEST);
  const folder = mkdtempSync(join(tmpdir(), 'daggerml-coverage-'));
  const left = join(folder, 'programs');
  mkdirSync(left);
  // What it imports is installed by the build.
  const { RanScripts } = await import('./ran-scripts.mjs');
  const preload = join(folder, 'preload.cjs');
  const counter = JSON.stringify(join(root, 'ci/thread-coverage.cjs'));
  writeFileSync(preload, `require(${counter})(${JSON.stringify(left)}, __filename);\n`);
  const ran = new RanScripts(root, join(folder, 'maps'));
  // While the suite runs, since all that programs leave would fill a disk.
  const timer = setInterval(() => ran.takeIn(left), 2_000);
  try {
    const { passed, failed } = await runSuite({
      node,
      folder: join(root, 'test-results'),
      args: names.length === 0 ? [] : [...names, 'alone'].map((name) => `--project=${name}`),
      label: `Node ${NEWEST}: `,
      env: {
        ...withNode(node),
        DAGGERML_COVERAGE: folder,
        NODE_V8_COVERAGE: left,
        NODE_OPTIONS: `--require ${JSON.stringify(preload)}`,
      },
    });
    ran.takeIn(left);
    const listed = names.length === 0 ? {} : { onUntaken: (place) => tell(`not taken: ${place}`) };
    const hasTaken = (...arm) => ran.hasTaken(...arm);
    const problems = judge(readReport(folder, names), hasTaken, { tell, ...listed });
    for (const problem of problems) tell(`FAILED coverage: ${problem}`);
    return problems.length === 0 ? { passed: passed + 1, failed } : { passed, failed: failed + 1 };
  } finally {
    clearInterval(timer);
    rmSync(folder, { recursive: true, maxRetries: 3 });
  }
}

/** Returns the report of vitest by paths below the root, of all packages or of those named. */
function readReport(folder, names) {
  const report = JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8'));
  return Object.fromEntries(
    Object.entries(report)
      .map(([path, file]) => [relative(root, path), file])
      .filter(([path]) => names.length === 0 || names.includes(path.split('/')[1])),
  );
}

function tell(line) {
  process.stdout.write(`${line}\n`);
}

if (isProgram(import.meta.url))
  await script(async () => {
    await build();
    if (!(await bundle(['--maps']))) throw new Error('the program was not made: see the messages above');
    const { passed, failed } = await runCovered(process.argv.slice(2)).finally(() => bundle());
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    return failed > 0 ? 1 : 0;
  });
