import { parseArgs } from 'node:util';
import { runClaims } from './claim-history.ts';
import { runHistory } from './history.ts';

/**
 * Runs simulated histories: `--count` of them from the seed `--from`, or the one of `--seed` with all that happens in it;
 * with `--claims` those of claims, else those of pushes, fetches and collections.
 * Ends with 1 where a history breaks what a remote promises.
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    claims: { type: 'boolean', default: false },
  },
});

const run = values.claims ? runClaims : runHistory;
const write = (text: string): void => void process.stdout.write(`${text}\n`);

if (values.seed !== undefined) {
  const { trace, ...facts } = await run(Number(values.seed), {}, true);
  write(trace.join('\n'));
  write(JSON.stringify(facts));
} else {
  const from = Number(values.from);
  const until = from + Number(values.count);
  let failures = 0;
  for (let seed = from; seed < until && failures < 10; seed += 1) {
    await run(seed).catch((error: unknown) => {
      failures += 1;
      write((error as Error).message);
    });
    if ((seed + 1) % 1_000 === 0) write(`${seed + 1 - from} histories`);
  }
  write(failures === 0 ? 'no history breaks anything' : 'replay one with --seed and its number');
  process.exitCode = failures === 0 ? 0 : 1;
}
