/** Histories of many commits, which are made without threads and in memory: each commit syncs its file. */
import { cpSync } from 'node:fs';
import { functions, Repository } from '@daggerml/bindings';
import { MemoryAdapter, memoryUri } from '@daggerml/execution/testing';
import { MEMORY_FOLDER, withFolder } from './harness.mjs';

/** Dags that are committed in turn. */
const DAYS = 10;
const CAPACITY = 1_000;
const OPTIONS = { pools: [{ name: 'process', start: startInProcess }] };
const { increment } = functions(new URL('./fixtures/increment.mjs', import.meta.url));

/** Runs the captured function in the process itself. */
function startInProcess(context) {
  const options = { functions: { increment: (value) => value + 1 }, capacity: CAPACITY };
  const memory = new MemoryAdapter(context, options);
  return {
    capacity: CAPACITY,
    submit: (submissions) =>
      memory.submit(submissions.map((each) => ({ ...each, functionUri: memoryUri('increment') }))),
    poll: (polls) => memory.poll(polls),
    stop: (nodeId) => memory.stop(nodeId),
    close: () => memory.close(),
  };
}

/**
 * Makes a repository in a folder. Its first commit has the dag `first`, which stays; each later one replaces one of
 * `day-0`, `day-1`, …. Each brings new calls, `call-0` and so on.
 */
export async function makeHistory(folder, { commits, callsEach }) {
  const last = commits - 1;
  await withFolder(async (place) => {
    const repository = await Repository.init(place, OPTIONS);
    for (let commit = 0; commit < last; commit += 1) await addCommit(repository, commit, callsEach);
    await repository.close();
    cpSync(place, folder, { recursive: true });
  }, MEMORY_FOLDER);
  // Who opens a copy checks it whole, until something was written to it.
  const repository = await Repository.open(folder, OPTIONS);
  await addCommit(repository, last, callsEach);
  await repository.close();
  return { newest: nameOf(last) };
}

function nameOf(commit) {
  return commit === 0 ? 'first' : `day-${commit % DAYS}`;
}

async function addCommit(repository, commit, callsEach) {
  const dag = repository.newDag(nameOf(commit));
  const calls = Array.from({ length: callsEach }, (_, index) =>
    dag.name(`call-${index}`, dag.call(increment, commit * callsEach + index)),
  );
  await dag.commit(calls);
  const { executed } = dag.open.reporter.counts;
  if (executed !== callsEach) throw new Error(`${executed} of ${callsEach} calls were executed`);
}
