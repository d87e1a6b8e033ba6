/** Gate: no export, file or dependency that nothing uses, as knip.json says. */
import { tools } from '../tools/run/workspace.mjs';
import { runGate, toolGate } from './gate.mjs';

export const check = toolGate('knip', tools.knip, ['--no-progress', '--no-config-hints']);
await runGate(import.meta.url, 'dead-exports', check);
