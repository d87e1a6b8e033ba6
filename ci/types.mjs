/** Gate: the sources and the tests of every package and tool type-check. */
import { capture } from '../tools/run/process.mjs';
import { tools } from '../tools/run/workspace.mjs';
import { problemsOf, runGate } from './gate.mjs';

export async function check(root) {
  return problemsOf(await capture(process.execPath, [tools.tsc, '-b', root], { cwd: root }), 'tsc');
}

await runGate(import.meta.url, 'types', check);
