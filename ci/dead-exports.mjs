/** Gate: no export, file or dependency that nothing uses, as knip.json says. */
import { capture } from '../tools/run/process.mjs';
import { tools } from '../tools/run/workspace.mjs';
import { problemsOf, runGate } from './gate.mjs';

export async function check(root) {
  const args = [tools.knip, '--directory', root, '--no-progress', '--no-config-hints'];
  return problemsOf(await capture(process.execPath, args, { cwd: root }), 'knip');
}

await runGate(import.meta.url, 'dead-exports', check);
