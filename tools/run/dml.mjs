/** `npm run dml -- <args>`: the dml command of this working tree, run in the folder it was called from. */
import { build } from './build.mjs';
import { runNode } from './process.mjs';
import { tools } from './workspace.mjs';

await build({ quiet: true });
process.exitCode = await runNode(tools.dml, process.argv.slice(2), {
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
