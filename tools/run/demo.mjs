/**
 * `npm run demo [-- <example>]`: installs, builds and runs the demo of an example.
 *
 * An example takes part by a `demo` script of the form `node <file>` in its package.json.
 */
import { join } from 'node:path';
import { build } from './build.mjs';
import { runNode, say } from './process.mjs';
import { packagesIn, root } from './workspace.mjs';

const [wanted, ...args] = process.argv.slice(2);
await build();
const examples = packagesIn('examples').filter(({ manifest }) =>
  /^node \S+$/.test(manifest.scripts?.demo ?? ''),
);
const example =
  wanted === undefined ? examples[0] : examples.find(({ folder }) => folder === `examples/${wanted}`);
if (example === undefined) {
  const names = examples.map(({ folder }) => folder.slice('examples/'.length)).join(', ');
  process.stderr.write(`no such demo; there is: ${names}\n`);
  process.exitCode = 2;
} else {
  say(`running ${example.folder} …`);
  const script = example.manifest.scripts.demo.slice('node '.length);
  process.exitCode = await runNode(join(root, example.folder, script), args, {
    cwd: join(root, example.folder),
  });
}
