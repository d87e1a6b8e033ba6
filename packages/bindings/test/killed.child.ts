import { Repository } from '../src/repository.ts';
import { killedPipeline } from './killed-pipeline.ts';

/**
 * Runs the pipeline of one round once; prints each call as it ends, and the commit. It may be killed at any time; with
 * a third number it goes no further than to the end of so many calls.
 */
const [folder, stepsUrl, round, last] = process.argv.slice(2) as [string, string, string, string?];
const repository = await Repository.open(folder, { author: `process ${process.pid}`, workers: 2 });
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
let ended = 0;
const { commit } = await repository.run(killedPipeline(Number(round), stepsUrl), {
  onEvent: (event) => {
    if (event.type !== 'call-finished') return;
    say({ nodeId: event.nodeId, outcome: event.outcome });
    ended += 1;
    if (ended === Number(last)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
say({ commitId: commit.commitId });
await repository.close();
