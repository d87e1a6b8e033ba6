import { Repository } from '@daggerml/bindings';
import { median, timeMs, withFolder } from './harness.mjs';

const SIZES = [1_000, 10_000, 50_000, 200_000];
const ROUNDS = 3;

/** Adds `count` literal nodes to one dag, makes a list of them all its root, and commits; yields nodes per second. */
async function addNodes(count) {
  return withFolder(async (folder) => {
    const repository = await Repository.init(folder);
    const dag = repository.newDag('bench');
    const spent = await timeMs(async () => {
      const handles = [];
      for (let index = 0; index < count; index += 1) handles.push(dag.literal(`value ${index}`));
      await dag.commit(handles);
    });
    await repository.close();
    return (count * 1000) / spent;
  });
}

/** Small dags are measured as often as a large one takes, or one slow sync would decide. */
const repetitionsOf = (size) => Math.max(1, Math.min(20, Math.round(20_000 / size)));

export async function run() {
  for (let warmup = 0; warmup < 10; warmup += 1) await addNodes(SIZES[0]);
  await addNodes(SIZES.at(-1));
  const rates = new Map(SIZES.map((size) => [size, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const size of SIZES) {
      globalThis.gc?.();
      for (let again = 0; again < repetitionsOf(size); again += 1) rates.get(size).push(await addNodes(size));
    }
  }
  const base = median(rates.get(SIZES[0]));
  return SIZES.map((size) => {
    const rate = median(rates.get(size));
    const relative = rate / base;
    return {
      what: `add ${size} nodes to one dag and commit (best ${Math.round(Math.max(...rates.get(size)))}/s)`,
      against: `itself at ${SIZES[0]}`,
      result: `${Math.round(rate)}/s, ${relative.toFixed(2)}×`,
      aim: '≥ 20000/s, ≥ 0.80×',
      met: rate >= 20_000 && relative >= 0.8,
    };
  });
}
