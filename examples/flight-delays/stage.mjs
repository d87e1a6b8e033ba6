import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['pipeline.ts', 'steps.ts', 'features.ts', 'report.ts', 'chart.ts'];

/** Copies the example's sources into an empty folder, so that the demo edits its own copies. */
export function stage(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const source of SOURCES) cpSync(join(import.meta.dirname, source), join(folder, source));
}

/** Replaces a piece of text that must stand in the file. */
export function edit(file, from, to) {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
  writeFileSync(file, text.replace(from, to));
}

/** The three edits of the demo and what each is expected to recompute. */
export const EDITS = {
  parameter: {
    file: 'pipeline.ts',
    from: 'const LAMBDAS = [1, 100, 1000];',
    to: 'const LAMBDAS = [1, 100, 3000];',
  },
  comment: {
    file: 'features.ts',
    from: '// The airline day starts at three in the morning: delays build up from there.',
    to: '// Only this comment is new.',
  },
  helper: { file: 'features.ts', from: 'const SMOOTHING = 20;', to: 'const SMOOTHING = 50;' },
};
