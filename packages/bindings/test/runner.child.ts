import { functions } from '@daggerml/capture';
import { definePipeline } from '../src/pipeline.ts';
import { Repository } from '../src/repository.ts';
import type { Steps } from './project.ts';

/** Runs one pipeline some times beside another process that does the same; prints what each run came to. */
const [folder, stepsUrl, rounds] = process.argv.slice(2) as [string, string, string];
const steps = functions<Steps>(stepsUrl);
const repository = await Repository.open(folder, { author: `process ${process.pid}`, workers: 1 });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
for (let round = 0; round < Number(rounds); round += 1) {
  const pipeline = definePipeline('shared', (dag) =>
    Array.from({ length: 12 }, (_, index) => dag.call(steps.random, round * 100 + index)),
  );
  const { dag, counts, commit } = await repository.run(pipeline);
  const line = { values: await dag.root.value(), counts, commitId: commit.commitId };
  await repository.newDag(`of ${process.pid}, ${round}`).commit(round);
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
await repository.close();
