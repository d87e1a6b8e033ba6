/** Gate: the specification, the code and the last test results agree, and the generated index is current. */
import { capture } from '../tools/run/process.mjs';
import { tools } from '../tools/run/workspace.mjs';
import { problemsOf, runGate } from './gate.mjs';

export async function check(root) {
  return problemsOf(
    await capture(process.execPath, [tools.specExtract, 'check'], { cwd: root }),
    'spec-extract',
  );
}

await runGate(import.meta.url, 'spec-check', check);
