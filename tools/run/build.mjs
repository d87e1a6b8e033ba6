/** `npm run build`: installs what is missing and compiles every package and tool into its dist folder. */
import { install } from './install.mjs';
import { isProgram, runNode, say } from './process.mjs';
import { root, tools } from './workspace.mjs';

/** Installs and builds; an unchanged tree costs well under a second. */
export async function build({ quiet = false } = {}) {
  await install();
  if (!quiet) say('building …');
  const code = await runNode(tools.tsc, ['-b', 'tsconfig.build.json'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (code !== 0) throw new Error('the build failed: see the messages above');
}

if (isProgram(import.meta.url)) {
  await build().catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
