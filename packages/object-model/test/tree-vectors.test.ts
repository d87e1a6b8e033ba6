import { describe, expect, it } from 'vitest';
import { referenceTree } from './support/reference-tree.ts';
import { entriesOf, runTreeCase, type TreeCase } from './tree-case.ts';
import { VECTOR_FILES } from './vector-files.ts';

for (const [path, { area, cases }] of VECTOR_FILES) {
  if (area !== 'search-tree' && area !== 'blob') continue;
  describe(`vectors/${path}`, () => {
    for (const vector of cases as readonly unknown[] as readonly TreeCase[])
      it(`${vector.operation}: ${vector.name} [${vector.requirement}]`, () => {
        expect(runTreeCase(vector)).toBeUndefined();
      });
  });
}

describe('the vectors of search trees', () => {
  it('follow from the rules in their plainest form', () => {
    const { cases } = VECTOR_FILES.get('search-tree/accepted.json')!;
    const large = (cases as readonly unknown[] as readonly TreeCase[]).filter(
      (vector) => vector.operation === 'tree' && typeof vector.root === 'string',
    );
    expect(large.length).toBeGreaterThan(25);
    for (const { name, entries, root } of large.filter((vector) => vector.entries!.count <= 3000)) {
      expect([name, referenceTree(entries!.role, entriesOf(entries!))]).toEqual([name, root]);
    }
  });
});
