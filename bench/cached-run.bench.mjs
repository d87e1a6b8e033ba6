import { functions, Repository } from '@daggerml/bindings';
import { judge, timeMs, withFolder } from './harness.mjs';

const SIZES = [10_000, 100_000];
const NAMES = { first: 'first run', again: 're-run' };
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

/** Measures the first run and a re-run in which every call is known, in microseconds per call. */
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
    return { first: (filled * 1000) / count, again: (Math.min(...times) * 1000) / count };
  });
}

export async function run() {
  const results = [];
  for (const size of SIZES) results.push({ size, ...(await rerun(size)) });
  const [small, large] = results;
  const micros = (value) => `${value.toFixed(1)} µs`;
  const flat = (requirement, name, atMost) =>
    judge(requirement, {
      what: `${NAMES[name]} of ${large.size} calls, per call (${micros(large[name])})`,
      against: `of ${small.size} (${micros(small[name])})`,
      value: large[name] / small[name],
      atMost,
    });
  return [
    flat('DML-EXE-2602', 'first', 1.2),
    flat('DML-EXE-2600', 'again', 1.3),
    judge('DML-EXE-2601', {
      what: `a re-run of ${large.size} known calls, per call (${micros(large.again)})`,
      against: `the first run (${micros(large.first)})`,
      value: large.again / large.first,
      atMost: 0.2,
    }),
  ];
}
