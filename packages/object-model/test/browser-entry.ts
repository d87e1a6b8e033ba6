/** Script that the browser test runs inside a context without Node: the vectors, over the bundled package. */
import { runCase } from './run-case.ts';
import type { VectorFile } from './vector-case.ts';

/** Runs vector files given as JSON; returns the number run and the failures, as JSON. */
export function runVectors(filesJson: string): string {
  const files = JSON.parse(filesJson) as readonly VectorFile[];
  const problems: string[] = [];
  let count = 0;
  for (const { area, cases } of files) {
    for (const vector of cases) {
      const problem = runCase(vector);
      if (problem !== undefined) problems.push(`${area}: ${vector.name}: ${problem}`);
      count++;
    }
  }
  return JSON.stringify({ count, problems });
}
