/** Gate: the specification, the code and the last test results agree, and the generated index is current. */
import { tools } from '../tools/run/workspace.mjs';
import { runGate, toolGate } from './gate.mjs';

export const check = toolGate('spec-extract', tools.specExtract, ['check']);
await runGate(import.meta.url, 'spec-check', check);
