/**
 * Everything that must hold: the test suite, every part of ci/, and the suite on the other Node lines.
 *
 * Ends with one line `N passed, N failed`: every test of every runner, and every part as one more. Before it
 * stand the seconds each step took and, once more, what failed, so that the end of a log tells all.
 */
import { join } from 'node:path';
import { capture, isProgram, runPiped } from '../tools/run/process.mjs';
import { root } from '../tools/run/workspace.mjs';

/** The tests come first: spec-check reads their results, and they install and build what the parts need. */
const SUITE = { name: 'test', program: 'npm', args: ['test'] };
const MATRIX = { name: 'matrix', program: process.execPath, args: ['ci/matrix.mjs', '22', '24'] };

/** The parts, longest first: two run at a time, and most of them use one processor. */
const PARTS = [
  'clean-checkout',
  'faults',
  'packed-packages',
  'api-reports',
  'spec-check',
  'types',
  'dead-exports',
  'format-lint',
  'dependency-line',
  'links',
];
const LANES = 2;
const MAX_PART_LINES = 8;
const MAX_FAILURES = 60;

/** Runs all steps and yields `{ passed, failed, failures, seconds }`; `print` gets the text as it comes. */
export async function runAll({ suites, parts, print }) {
  const total = { passed: 0, failed: 0, failures: [], seconds: [] };
  const [first, ...others] = suites;
  await runSuiteStep(first, total, print);
  const waiting = [...parts];
  const lane = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift())
      await runPartStep(part, total, print);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const suite of others) await runSuiteStep(suite, total, print);
  return total;
}

/** Yields the end of the log: seconds, failures, and the counts as the last line. */
export function summaryOf({ passed, failed, failures, seconds }) {
  const times = seconds.map(({ name, value }) => `${name} ${value} s`).join(', ');
  const shown = failures.slice(0, MAX_FAILURES);
  const more = failures.length > shown.length ? [`… and ${failures.length - shown.length} lines more`] : [];
  const told = failures.length === 0 ? [] : ['what failed:', ...shown, ...more, ''];
  return ['', `time: ${times}`, '', ...told, `${passed} passed, ${failed} failed`, ''].join('\n');
}

/** Runs a command that ends with `N passed, N failed` and adds its counts. */
async function runSuiteStep({ name, program, args }, total, print) {
  print(`== ${name}\n`);
  const startedAtMs = Date.now();
  const { code, stdout } = await runPiped(program, args, { cwd: root, onText: print });
  total.seconds.push(secondsOf(name, startedAtMs));
  total.failures.push(...stdout.split('\n').filter((line) => line.startsWith('FAILED ')));
  const [counts] = [...stdout.matchAll(/^(\d+) passed, (\d+) failed$/gm)].slice(-1);
  const passed = Number(counts?.[1] ?? 0);
  const failed = Number(counts?.[2] ?? 0);
  total.passed += passed;
  total.failed += failed;
  if (counts === undefined || (code !== 0 && failed === 0)) {
    total.failed += 1;
    total.failures.push(
      `FAILED ${name} ended with exit code ${code} ${counts ? 'all the same' : 'without counts'}`,
    );
  }
}

/** Runs one part and counts it as one test; its output stands together, however many run at a time. */
async function runPartStep({ name, program, args }, total, print) {
  print(`» ${name} …\n`);
  const startedAtMs = Date.now();
  const { code, output } = await capture(program, args, { cwd: root });
  print(`== ${name}\n${output.trimEnd()}\n`);
  total.seconds.push(secondsOf(name, startedAtMs));
  if (code === 0) {
    total.passed += 1;
    return;
  }
  total.failed += 1;
  const lines = output.trim().split('\n').slice(-MAX_PART_LINES);
  total.failures.push(
    `FAILED part ${name}, its last lines:`,
    ...lines.map((line) => `  ${line.slice(0, 200)}`),
  );
}

function secondsOf(name, startedAtMs) {
  return { name, value: Math.round((Date.now() - startedAtMs) / 1000) };
}

if (isProgram(import.meta.url)) {
  const parts = PARTS.map((name) => ({
    name,
    program: process.execPath,
    args: [join(root, 'ci', `${name}.mjs`)],
  }));
  const print = (text) => process.stdout.write(text);
  const total = await runAll({ suites: [SUITE, MATRIX], parts, print });
  process.stdout.write(summaryOf(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}
