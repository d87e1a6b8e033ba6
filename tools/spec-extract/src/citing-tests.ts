import type { DeclaredTest } from './declared-test.ts';
import { isRunFile } from './file-role.ts';
import type { CitingTest } from './requirement-index.ts';
import { sortedBy } from './sorted.ts';
import type { TestResult } from './test-result.ts';
import { hasHoles } from './title-pattern.ts';

/** Groups the citing tests by the id they cite, each list ordered by file and title. */
export function citingTestsById(
  results: readonly TestResult[],
  declared: readonly DeclaredTest[],
): Map<string, CitingTest[]> {
  const byId = new Map<string, CitingTest[]>();
  const ran = new Set<string>();
  const add = (id: string, test: CitingTest): void => {
    byId.set(id, [...(byId.get(id) ?? []), test]);
  };
  for (const result of results) {
    for (const id of result.cited) {
      ran.add(placeKey(result.file, id)).add(placeKey(result.file, id, result.title));
      const isShared = result.cited.length > 1;
      add(id, {
        file: result.file,
        title: result.name,
        state: result.outcome,
        ...(isShared && { isShared }),
      });
    }
  }
  for (const { file, title, cited } of declared) {
    // A suite for others runs only in the files that take it in.
    if (!isRunFile(file)) continue;
    for (const id of cited) {
      const place = hasHoles(title) ? placeKey(file, id) : placeKey(file, id, title);
      // @spec DML-TRC-0409
      if (!ran.has(place)) add(id, { file, title, state: 'not_run' });
    }
  }
  for (const [id, tests] of byId)
    byId.set(
      id,
      sortedBy(tests, ({ file, title }) => `${file}\u0000${title}`),
    );
  return byId;
}

function placeKey(file: string, id: string, title?: string): string {
  return title === undefined ? `${file}\u0000${id}` : `${file}\u0000${id}\u0000${title}`;
}
