/** `npm run spec -- <ID> | --open`: what the specification says, and which code and tests answer to it. */
import { existsSync } from 'node:fs';
import { build } from './build.mjs';
import { runNode } from './process.mjs';
import { tools } from './workspace.mjs';

if (!existsSync(tools.specExtract)) await build({ quiet: true });
process.exitCode = await runNode(tools.specExtract, process.argv.slice(2));
