/** `npm run spec -- <ID> | --open`: what the specification says, and which code and tests answer to it. */
import { existsSync } from 'node:fs';
import { build } from './build.mjs';
import { runNode, script } from './process.mjs';
import { tools } from './workspace.mjs';

await script(async () => {
  if (!existsSync(tools.specExtract)) await build({ quiet: true });
  return runNode(tools.specExtract, process.argv.slice(2));
});
