import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SIZES = [250_000, 1_000_000];
const collector = fileURLToPath(new URL('../packages/store/dist/gc/gc-bench.child.js', import.meta.url));

/** Fills a store with objects, every other one garbage, and collects in a process of its own. */
function collect(objects) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [collector, '--objects', `${objects}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the collection of ${objects} objects failed: ${stderr}`);
  return JSON.parse(stdout);
}

export async function run() {
  const [small, large] = SIZES.map(collect);
  const growth = large.microsecondsPerObject / small.microsecondsPerObject;
  const share = ((100 * large.swept) / large.objects).toFixed(0);
  return [
    {
      what: `collect ${large.objects} objects, ${share} % of them dead (${large.seconds.toFixed(1)} s, ${large.microsecondsPerObject.toFixed(2)} µs each)`,
      against: `itself at ${small.objects}: ${small.microsecondsPerObject.toFixed(2)} µs each`,
      result: `${growth.toFixed(2)}× per object`,
      aim: 'linear: ≤ 1.25×',
      met: growth <= 1.25,
    },
    {
      what: `peak memory of collecting ${large.objects} objects`,
      against: `resident with the mapped data file of ${large.fileMiB} MiB: ${large.peakRssMiB} MiB`,
      result: `${large.peakAnonymousMiB} MiB of its own`,
      aim: '≤ 300 MB',
      met: large.peakAnonymousMiB * 2 ** 20 <= 300e6,
    },
  ];
}
