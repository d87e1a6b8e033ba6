import { fileURLToPath } from 'node:url';
import { judge, median, spread, startProcess } from './harness.mjs';

const SIZES = [1_000, 10_000, 50_000, 200_000];
const ROUNDS = 5;
/** Every size is warmed up by as many nodes, but for the fixed cost of a dag. */
const WARMUP_NODES = 200_000;
const MAX_WARMUPS = 50;
const child = fileURLToPath(new URL('nodes.child.mjs', import.meta.url));

/** Returns how often a dag of a size is built per round: small ones often, so that one slow sync does not decide. */
const repetitionsOf = (size) => Math.max(1, Math.min(20, Math.round(20_000 / size)));

/** Measures each size in a process of its own, in interleaved rounds. */
export async function run() {
  const subjects = SIZES.map((size) => ({ size, process: startProcess(child, [`${size}`]), rates: [] }));
  try {
    for (const { size, process } of subjects)
      await process.ask(Math.min(MAX_WARMUPS, Math.ceil(WARMUP_NODES / size)));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { size, process, rates } of subjects)
        rates.push(median(await process.ask(repetitionsOf(size))));
    }
  } finally {
    for (const { process } of subjects) process.end();
  }
  const base = subjects[0].rates;
  return subjects.slice(1).map(({ size, rates }) => {
    const relative = rates.map((value, round) => value / base[round]);
    return judge('DML-EXE-2603', {
      what: `add ${size} nodes to one dag and commit (${Math.round(median(rates))}/s)`,
      against: `itself at ${SIZES[0]} (${Math.round(median(base))}/s)`,
      value: median(relative),
      atLeast: 0.8,
      detail: spread(relative),
    });
  });
}
