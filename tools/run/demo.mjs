/** `npm run demo`: installs, builds and runs the demo of the example. */
import { join } from 'node:path';
import { build } from './build.mjs';
import { runNode, script } from './process.mjs';
import { root } from './workspace.mjs';

await script(async () => {
  await build();
  const cwd = join(root, 'examples/flight-delays');
  return runNode(join(cwd, 'demo.mjs'), process.argv.slice(2), { cwd });
});
