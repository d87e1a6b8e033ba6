import { functions, Repository } from '@daggerml/bindings';
import { timeMs, withFolder } from './harness.mjs';

const SIZES = [10_000, 100_000];
const steps = functions(new URL('./fixtures/increment.mjs', import.meta.url));

async function runCalls(repository, count) {
  const dag = repository.newDag('calls');
  const handles = [];
  for (let index = 0; index < count; index += 1) handles.push(dag.call(steps.increment, index));
  const { changed } = await dag.commit(handles);
  const { counts } = dag.open.reporter;
  await dag.close();
  return { changed, counts };
}

/** Microseconds per call of a re-run in which every call is known. */
async function rerun(count) {
  return withFolder(async (folder) => {
    const first = await Repository.init(folder);
    const filled = await timeMs(async () => {
      const { counts } = await runCalls(first, count);
      if (counts.executed !== count) throw new Error(`${counts.executed} of ${count} calls were executed`);
    });
    await first.close();
    const times = [];
    for (let round = 0; round < 3; round += 1) {
      const again = await Repository.open(folder);
      times.push(
        await timeMs(async () => {
          const { counts, changed } = await runCalls(again, count);
          if (counts.cached !== count || changed)
            throw new Error('the re-run was not answered from the cache');
        }),
      );
      await again.close();
    }
    return { filledMs: filled, perCall: (Math.min(...times) * 1000) / count };
  });
}

export async function run() {
  const results = [];
  for (const size of SIZES) results.push({ size, ...(await rerun(size)) });
  const [small, large] = results;
  return [
    {
      what: `re-run of a dag of ${large.size} known calls (first run: ${((large.filledMs * 1000) / large.size).toFixed(0)} µs per call)`,
      against: `the same at ${small.size}: ${small.perCall.toFixed(1)} µs`,
      result: `${large.perCall.toFixed(1)} µs per call`,
      aim: '≤ 20 µs, flat',
      met: large.perCall <= 20 && large.perCall <= small.perCall * 1.3,
    },
  ];
}
