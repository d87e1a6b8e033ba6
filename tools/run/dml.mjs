/** `npm run dml -- <args>`: the dml command of this working tree, run in the folder it was called from. */
import { build } from './build.mjs';
import { runNode, script } from './process.mjs';
import { tools } from './workspace.mjs';

await script(async () => {
  await build({ quiet: true });
  return runNode(tools.dml, process.argv.slice(2), { cwd: process.env.INIT_CWD ?? process.cwd() });
});
