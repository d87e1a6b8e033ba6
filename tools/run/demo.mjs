/**
 * `npm run demo [-- <example>]`: installs, builds and runs the demo of an example.
 *
 * An example takes part by a `demo` script of the form `node <file>` in its package.json.
 */
import { join } from 'node:path';
import { build } from './build.mjs';
import { runNode, say, script } from './process.mjs';
import { packagesIn, root } from './workspace.mjs';

await script(async () => {
  const [wanted, ...args] = process.argv.slice(2);
  await build();
  const examples = packagesIn('examples').filter(({ manifest }) =>
    /^node \S+$/.test(manifest.scripts?.demo ?? ''),
  );
  const example = examples.find(({ folder }) => wanted === undefined || folder === `examples/${wanted}`);
  if (example === undefined) {
    const names = examples.map(({ folder }) => folder.slice('examples/'.length)).join(', ');
    throw new Error(`no such demo; there is: ${names}`);
  }
  say(`running ${example.folder} …`);
  const folder = join(root, example.folder);
  return runNode(join(folder, example.manifest.scripts.demo.slice('node '.length)), args, { cwd: folder });
});
