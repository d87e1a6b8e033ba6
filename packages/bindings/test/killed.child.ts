import { Repository } from '../src/repository.ts';
import { killedPipeline } from './killed-pipeline.ts';

/** Runs the pipeline of one round once; prints each call as it ends, and the commit. It may be killed at any time. */
const [folder, stepsUrl, round] = process.argv.slice(2) as [string, string, string];
const repository = await Repository.open(folder, { author: `process ${process.pid}`, workers: 2 });
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
const { commit } = await repository.run(killedPipeline(Number(round), stepsUrl), {
  onEvent: (event) => {
    if (event.type === 'call-finished') say({ nodeId: event.nodeId, outcome: event.outcome });
  },
});
say({ commitId: commit.commitId });
await repository.close();
