import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { functions, Repository } from '@daggerml/bindings';
import { Piscina } from 'piscina';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';

const CALLS = 10_000;
const THREADS = availableParallelism();
const { increment } = functions(new URL('./fixtures/increment.mjs', import.meta.url));
const filename = fileURLToPath(new URL('./fixtures/increment-task.mjs', import.meta.url));
const values = Array.from({ length: CALLS }, (_, index) => index);

/** Times the calls of one dag to its commit, after a first one has started the threads. */
function timeDag() {
  return withFolder(async (folder) => {
    const repository = await Repository.init(folder, { workers: THREADS });
    const dag = repository.newDag('calls');
    await Promise.all(values.slice(0, THREADS).map((value) => dag.call(increment, -1 - value).value()));
    const spent = await timeMs(() => dag.commit(values.map((value) => dag.call(increment, value))));
    await repository.close();
    return spent;
  });
}

/** Times the same calls in a pool of threads that keeps nothing, after a first one on each thread. */
async function timePool() {
  const pool = new Piscina({ filename, minThreads: THREADS, maxThreads: THREADS });
  await Promise.all(values.slice(0, THREADS).map((value) => pool.run(value)));
  const spent = await timeMs(() => Promise.all(values.map((value) => pool.run(value))));
  await pool.destroy();
  return spent;
}

export async function run() {
  const times = await interleave([
    { name: 'dml', run: timeDag },
    { name: 'piscina', run: timePool },
  ]);
  const seen = (name) => `${((median(times.get(name)) * 1000) / CALLS).toFixed(1)} µs each`;
  return [
    judge('DML-EXE-2674', {
      what: `${CALLS} small calls in ${THREADS} threads, kept in a commit (${seen('dml')})`,
      against: `piscina, which keeps nothing (${seen('piscina')})`,
      value: ratio(times, 'dml', 'piscina'),
      atMost: 1.5,
    }),
  ];
}
