/** `npm run bench`, `demo` and `dml`: installs, builds, and runs a script in the folder that npm was called from. */
import { join } from 'node:path';
import { build } from './build.mjs';
import { runNode, script } from './process.mjs';
import { root } from './workspace.mjs';

await script(async () => {
  const [file, ...args] = process.argv.slice(2);
  await build({ quiet: true });
  return runNode(join(root, file), args, { cwd: process.env.INIT_CWD ?? process.cwd() });
});
