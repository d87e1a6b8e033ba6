/** `npm run bench [-- <name> …]`: installs, builds and runs the benchmarks. */
import { join } from 'node:path';
import { build } from './build.mjs';
import { runNode, script } from './process.mjs';
import { root } from './workspace.mjs';

await script(async () => {
  await build();
  return runNode(join(root, 'bench/run.mjs'), process.argv.slice(2));
});
