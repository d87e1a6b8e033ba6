/** Gate: the sources and the tests of every package and tool type-check. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../tools/run/process.mjs';
import { packagesIn, tools } from '../tools/run/workspace.mjs';
import { problemsOf, runGate } from './gate.mjs';

/** Checks the types of build and tests, then of the examples, which are run from source and not built. */
export async function check(root) {
  const problems = problemsOf(await capture(process.execPath, [tools.tsc, '-b', root], { cwd: root }), 'tsc');
  for (const { folder } of packagesIn('examples', root)) {
    if (!existsSync(join(root, folder, 'tsconfig.json'))) continue;
    const ran = await capture(process.execPath, [tools.tsc, '-p', folder], { cwd: root });
    problems.push(...problemsOf(ran, `tsc of ${folder}`));
  }
  return problems;
}

await runGate(import.meta.url, 'types', check);
