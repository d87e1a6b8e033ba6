import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { referenceTree } from './support/reference-tree.ts';
import { entriesOf, runTreeCase, type TreeCase } from './tree-case.ts';

const folder = join(import.meta.dirname, '../../../vectors');

for (const area of ['search-tree', 'blob']) {
  for (const name of readdirSync(join(folder, area)).sort()) {
    const { cases } = JSON.parse(readFileSync(join(folder, area, name), 'utf8')) as { cases: TreeCase[] };
    describe(`vectors/${area}/${name}`, () => {
      for (const vector of cases) {
        it(`${vector.operation}: ${vector.name} [${vector.requirement}]`, () => {
          expect(runTreeCase(vector)).toBeUndefined();
        });
      }
    });
  }
}

describe('the vectors of search trees', () => {
  it('follow from the rules in their plainest form', () => {
    const file = JSON.parse(readFileSync(join(folder, 'search-tree/accepted.json'), 'utf8')) as {
      cases: TreeCase[];
    };
    const large = file.cases.filter(
      (vector) => vector.operation === 'tree' && typeof vector.root === 'string',
    );
    expect(large.length).toBeGreaterThan(25);
    for (const { name, entries, root } of large.filter((vector) => vector.entries!.count <= 3000)) {
      expect([name, referenceTree(entries!.role, entriesOf(entries!))]).toEqual([name, root]);
    }
  });
});
