import type { CitingTest } from './requirement-index.ts';
import { sortedBy } from './sorted.ts';
import type { TestResult } from './test-result.ts';

/** Groups the citing tests by the id they cite, each list ordered by file and title. */
export function citingTestsById(results: readonly TestResult[]): Map<string, CitingTest[]> {
  const byId = new Map<string, CitingTest[]>();
  for (const { file, name, outcome, cited } of sortedBy(
    results,
    (test) => `${test.file}\u0000${test.name}`,
  )) {
    const test = { file, title: name, state: outcome, ...(cited.length > 1 && { isShared: true }) };
    for (const id of cited) byId.set(id, [...(byId.get(id) ?? []), test]);
  }
  return byId;
}
