/** Adds nodes to dags of one size: told how many dags to make, it answers with the nodes per second of each. */
import { Repository } from '@daggerml/bindings';
import { answerTasks, timeMs, withFolder } from './harness.mjs';

const size = Number(process.argv[2]);

/** Adds literal nodes to one dag, makes a list of them all its root, and commits. */
async function addNodes() {
  return withFolder(async (folder) => {
    const repository = await Repository.init(folder);
    const dag = repository.newDag('bench');
    const spent = await timeMs(async () => {
      const handles = [];
      for (let index = 0; index < size; index += 1) handles.push(dag.literal(`value ${index}`));
      await dag.commit(handles);
    });
    await repository.close();
    return (size * 1000) / spent;
  });
}

answerTasks(async (dags) => {
  // A whole collection would throw away compiled code.
  globalThis.gc({ type: 'minor' });
  const rates = [];
  for (let index = 0; index < dags; index += 1) rates.push(await addNodes());
  return rates;
});
