/** `npm run build`: installs what is missing and compiles every package and tool into its dist folder. */
import { install } from './install.mjs';
import { isProgram, runNode, say, script } from './process.mjs';
import { root, tools } from './workspace.mjs';

/** Installs and compiles; throws when either fails. An unchanged tree costs well under a second. */
export async function build({ quiet = false } = {}) {
  await install();
  if (!quiet) say('building …');
  if (!(await compile())) throw new Error('the build failed: see the messages above');
}

/** Compiles every package and tool, or one project; returns false when the compiler has found errors. */
export async function compile(project = 'tsconfig.build.json') {
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  return (await runNode(tools.tsc, ['-b', project], options)) === 0;
}

if (isProgram(import.meta.url)) await script(build);
