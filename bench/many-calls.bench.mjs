import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { judge, median } from './harness.mjs';

const SMALL = 10_000;
const LARGE = Number(process.env.DML_BENCH_MANY_CALLS ?? 1_000_000);
const child = join(import.meta.dirname, 'many-calls.child.mjs');

/** Makes so many calls in one dag, in a process of its own. */
function makeCalls(count) {
  return JSON.parse(execFileSync(process.execPath, [child, `${count}`], { encoding: 'utf8' }));
}

export async function run() {
  makeCalls(SMALL);
  const before = makeCalls(SMALL);
  const large = makeCalls(LARGE);
  const smallMicroseconds = median([before, makeCalls(SMALL)].map((each) => each.microsecondsEach));
  const what = `${LARGE} small calls in one dag`;
  return [
    judge('DML-EXE-2681', {
      what: `${what}, per call (${large.microsecondsEach.toFixed(1)} µs)`,
      against: `itself at ${SMALL} (${smallMicroseconds.toFixed(1)} µs)`,
      value: large.microsecondsEach / smallMicroseconds,
      atMost: 1.25,
    }),
    judge('DML-EXE-2682', {
      what: `peak memory of ${what}`,
      against: '–',
      value: large.ownMiB,
      unit: ' MiB',
      atMost: 1024,
      detail: `besides ${large.mappedMiB.toFixed(0)} MiB of mapped pages; ${before.ownMiB.toFixed(0)} MiB at ${SMALL}`,
    }),
    judge('DML-EXE-2683', {
      what: `the largest record of ${what}`,
      against: '–',
      value: large.largestBytes / 1024,
      unit: ' KiB',
      atMost: 1024,
    }),
  ];
}
