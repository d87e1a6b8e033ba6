/**
 * Everything that must hold: the test suite on the newest Node line, then every part of ci/, two at a time. With
 * `--quick`, as `npm run check` starts it, the suite on our own Node, and the parts that need no network.
 *
 * Ends with one line `N passed, N failed`: every test of every runner, and every part as one more. Before it
 * stand the seconds each step took and, once more, what failed, so that the end of a log says all. Nothing is
 * repeated: what passes only now and then is red.
 */
import { join } from 'node:path';
import { capture, isProgram, runPiped } from '../tools/run/process.mjs';
import { root } from '../tools/run/workspace.mjs';

/** The tests come first: spec-check reads their results, and they install and build what the parts need. */
const SUITE = {
  name: 'test',
  program: process.execPath,
  args: ['ci/coverage.mjs'],
};
const QUICK_SUITE = { ...SUITE, args: ['tools/run/test.mjs'] };

/** The parts that `--quick` leaves out, longest first: two run at a time, and most of them use one processor. */
const SLOW = [
  // On the oldest Node line, offline.
  'clean-checkout',
  'gate-tests',
  'faults',
  'intruders',
  'system-calls',
  'isolation',
  'packed-packages',
  'servers',
];
const QUICK = [
  'api-reports',
  'spec-check',
  'types',
  'dead-exports',
  'format-lint',
  'dependency-line',
  'docstrings',
];
/** Fetches and builds what `servers` starts, while the suite runs: it takes minutes where nothing is cached. */
const FETCH = {
  name: 'servers --fetch',
  program: 'nice',
  args: [process.execPath, 'ci/servers.mjs', '--fetch'],
};
const LANES = 2;
const MAX_PART_LINES = 8;

/**
 * Runs all steps, the parts in `first` before the suite and those in `beside` at the same time as it, and returns what
 * `summaryOf` takes; `print` gets the text.
 */
export async function runAll({ suite, parts, print, first = [], beside = [] }) {
  const total = { passed: 0, failed: 0, failures: [], seconds: [] };
  for (const part of first) await runStep(part, runPart, total, print);
  const begun = beside.map((part) => runStep(part, runPart, total, print));
  await runStep(suite, runSuite, total, print);
  await Promise.all(begun);
  const waiting = [...parts];
  const lane = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift())
      await runStep(part, runPart, total, print);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return total;
}

/** Returns the end of the log: seconds, what failed, and the counts as the last line. */
export function summaryOf({ passed, failed, failures, seconds }) {
  const times = seconds.map(({ name, value }) => `${name} ${value} s`).join(', ');
  const told = failures.length === 0 ? [] : ['what failed:', ...failures, ''];
  return ['', `time: ${times}`, '', ...told, `${passed} passed, ${failed} failed`, ''].join('\n');
}

/** Runs a step and adds its counts. */
async function runStep(step, runOnce, total, print) {
  const startedAtMs = Date.now();
  const counts = await runOnce(step, print);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.failures.push(...counts.failures);
  total.seconds.push({ name: step.name, value: Math.round((Date.now() - startedAtMs) / 1000) });
}

/** Runs a command that ends with `N passed, N failed` and returns its counts. */
async function runSuite({ name, program, args }, print) {
  print(`== ${name}\n`);
  const { code, stdout } = await runPiped(program, args, { cwd: root, onText: print });
  const failures = stdout.split('\n').filter((line) => line.startsWith('FAILED '));
  const [counts] = [...stdout.matchAll(/^(\d+) passed, (\d+) failed$/gm)].slice(-1);
  const passed = Number(counts?.[1] ?? 0);
  const failed = Number(counts?.[2] ?? 0);
  if (counts !== undefined && (code === 0 || failed > 0)) return { passed, failed, failures };
  const how = `FAILED ${name} ended with exit code ${code} ${counts ? 'all the same' : 'without counts'}`;
  return { passed, failed: failed + 1, failures: [...failures, how] };
}

/** Runs one part and counts it as one test; its output comes in one piece, however many run at a time. */
async function runPart({ name, program, args }, print) {
  print(`» ${name} …\n`);
  const { code, output } = await capture(program, args, { cwd: root });
  print(`== ${name}\n${output.trimEnd()}\n`);
  if (code === 0) return { passed: 1, failed: 0, failures: [] };
  const lines = output.trim().split('\n').slice(-MAX_PART_LINES);
  const failures = [
    `FAILED part ${name}, its last lines:`,
    ...lines.map((line) => `  ${line.slice(0, 200)}`),
  ];
  return { passed: 0, failed: 1, failures };
}

if (isProgram(import.meta.url)) {
  const isQuick = process.argv.includes('--quick');
  const partOf = (name) => ({
    name,
    program: process.execPath,
    args: [join(root, 'ci', `${name}.mjs`)],
  });
  const parts = [...(isQuick ? [] : SLOW), ...QUICK].map(partOf);
  const first = isQuick ? [] : ['system-packages'].map(partOf);
  const print = (text) => process.stdout.write(text);
  const beside = isQuick ? [] : [FETCH];
  const total = await runAll({ suite: isQuick ? QUICK_SUITE : SUITE, parts, print, first, beside });
  process.stdout.write(summaryOf(total));
  process.exitCode = total.failed > 0 ? 1 : 0;
}
