/** `npm run bench [-- <name> …]`: installs, builds and runs the benchmarks. */
import { join } from 'node:path';
import { build } from './build.mjs';
import { runNode } from './process.mjs';
import { root } from './workspace.mjs';

await build();
process.exitCode = await runNode(join(root, 'bench/run.mjs'), process.argv.slice(2));
