/**
 * `npm run build`: installs what is missing, compiles every package and tool into its dist folder, and makes the
 * published program.
 */
import { join } from 'node:path';
import { install } from './install.mjs';
import { isProgram, runNode, say, script } from './process.mjs';
import { root, tools } from './workspace.mjs';

const BUNDLE = join(root, 'packages/cli/bundle.mjs');
const OPTIONS = { cwd: root, stdio: ['ignore', 2, 2] };

/** Installs and compiles; throws when either fails. An unchanged tree costs well under a second. */
export async function build({ quiet = false } = {}) {
  await install();
  if (!quiet) say('building …');
  if (!(await compile())) throw new Error('the build failed: see the messages above');
}

/** Compiles every package and tool, and makes the program; returns false when there were errors. */
export async function compile() {
  return (await compileProject('tsconfig.build.json')) && (await bundle());
}

/** Makes the published program, which the tests start as users do; returns false when there were errors. */
export async function bundle(options = []) {
  return (await runNode(BUNDLE, options, OPTIONS)) === 0;
}

/** Compiles one project and what it needs; returns false when the compiler has found errors. */
export async function compileProject(project) {
  return (await runNode(tools.tsc, ['-b', project], OPTIONS)) === 0;
}

if (isProgram(import.meta.url)) await script(build);
