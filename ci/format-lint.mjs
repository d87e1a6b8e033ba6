/** Gate: every file is formatted and free of lint findings, as biome.json says. */
import { tools } from '../tools/run/workspace.mjs';
import { runGate, toolGate } from './gate.mjs';

const ARGS = ['ci', '--error-on-warnings', '--max-diagnostics=50', '--colors=off', '.'];
export const check = toolGate('biome', tools.biome, ARGS);
await runGate(import.meta.url, 'format-lint', check);
