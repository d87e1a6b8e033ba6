/** Fuzzes the decoder for long: `pnpm --filter @daggerml/object-model fuzz -- --count 1000000 --seed 7`. */
import { parseArgs } from 'node:util';
import { fuzz, seedInputs } from './fuzz.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const count = Number(values.count);
const seed = values.seed === undefined ? Date.now() >>> 0 : Number(values.seed);
const inputs = seedInputs();
process.stdout.write(`${count} inputs from ${inputs.length} seed inputs, seed ${seed}\n`);
const started = performance.now();
const report = fuzz(inputs, count, seed);
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${report.acceptedCount} accepted, all promises held, ${seconds.toFixed(1)} s\n`);
for (const [detail, times] of [...report.refusals].sort((a, b) => b[1] - a[1])) {
  process.stdout.write(`${String(times).padStart(9)}  ${detail}\n`);
}
