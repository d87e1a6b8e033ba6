import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { judge, median } from './harness.mjs';

const SMALL = 250_000;
const LARGE = 1_000_000;
const ROUNDS = 3;
const collector = fileURLToPath(
  new URL('../packages/store/test/dist/test/bench/gc-bench.child.js', import.meta.url),
);

/** Fills a store with objects, every other one garbage, and collects in a process of its own. */
function collect(objects) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [collector, '--objects', `${objects}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the collection of ${objects} objects failed: ${stderr}`);
  return JSON.parse(stdout);
}

export async function run() {
  const pairs = Array.from({ length: ROUNDS }, () => [collect(SMALL), collect(LARGE)]);
  const costOf = (size) => median(pairs.map((pair) => pair[size].microsecondsPerObject));
  const growths = pairs.map(([small, large]) => large.microsecondsPerObject / small.microsecondsPerObject);
  const growth = median(growths);
  const [small, large] = pairs[0];
  const share = ((100 * large.swept) / large.objects).toFixed(0);
  const ownMiB = Math.max(...pairs.map(([, { peakAnonymousMiB }]) => peakAnonymousMiB));
  const mappedMiB = Math.max(...pairs.map(([, { peakMappedMiB }]) => peakMappedMiB));
  const each = growths.map((value) => value.toFixed(2)).join(', ');
  return [
    judge('DML-STO-1605', {
      what: `collect ${large.objects} objects, ${share} % of them dead (${costOf(1).toFixed(2)} µs each)`,
      against: `itself at ${small.objects} (${costOf(0).toFixed(2)} µs each)`,
      value: growth,
      atMost: 1.25,
      detail: each,
    }),
    judge('DML-STO-1606', {
      what: `peak memory of collecting ${large.objects} objects (${ownMiB} MiB; besides ${mappedMiB} MiB of mapped pages)`,
      against: `the data file (${large.fileMiB} MiB)`,
      value: ownMiB / large.fileMiB,
      atMost: 0.75,
    }),
  ];
}
