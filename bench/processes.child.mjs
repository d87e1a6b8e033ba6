/** Makes calls that other processes make too, and answers with how they came to their outcomes. */
import { functions, Repository } from '@daggerml/bindings';

const [folder, marks, calls, workers] = process.argv.slice(2);
const { slowIncrement } = functions(new URL('./fixtures/slow-increment.mjs', import.meta.url));

const repository = await Repository.open(folder, { workers: Number(workers), env: { MARKS: marks } });
const dag = repository.newDag('calls');
await dag.commit(Array.from({ length: Number(calls) }, (_, index) => dag.call(slowIncrement, index)));
const { counts } = dag.open.reporter;
await repository.close();
process.stdout.write(JSON.stringify(counts));
