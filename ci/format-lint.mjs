/** Gate: every file is formatted and free of lint findings, as biome.json says. */
import { capture } from '../tools/run/process.mjs';
import { tools } from '../tools/run/workspace.mjs';
import { problemsOf, runGate } from './gate.mjs';

export async function check(root) {
  const args = [tools.biome, 'ci', '--error-on-warnings', '--max-diagnostics=50', '--colors=off', '.'];
  return problemsOf(await capture(process.execPath, args, { cwd: root }), 'biome');
}

await runGate(import.meta.url, 'format-lint', check);
