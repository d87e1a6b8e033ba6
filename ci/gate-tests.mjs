/** Gate: every gate is red on its fixture, and green once that is mended. */
import { tools } from '../tools/run/workspace.mjs';
import { runGate, toolGate } from './gate.mjs';

const check = toolGate('vitest', tools.vitest, ['run', '--config', 'ci/vitest.config.mjs']);
await runGate(import.meta.url, 'gate-tests', check);
