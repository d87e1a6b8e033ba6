import { Repository } from '@daggerml/bindings';
import { timeMs, withFolder } from './harness.mjs';

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

export async function run() {
  await addNodes(1_000);
  const best = new Map(SIZES.map((size) => [size, 0]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const size of SIZES) best.set(size, Math.max(best.get(size), await addNodes(size)));
  }
  const base = best.get(SIZES[1]);
  return SIZES.map((size) => {
    const rate = best.get(size);
    const relative = rate / base;
    return {
      what: `add ${size} nodes to one dag and commit`,
      against: `itself at ${SIZES[1]}`,
      result: `${Math.round(rate)}/s, ${relative.toFixed(2)}×`,
      aim: '≥ 20000/s, ≥ 0.80×',
      met: rate >= 20_000 && relative >= 0.8,
    };
  });
}
