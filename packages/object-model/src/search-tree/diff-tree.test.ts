import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, sampleEntries } from '../../test/support/tree-samples.ts';
import type { KeyedRole, LeafEntries, TreeRoot } from '../records/page-types.ts';
import { treeDiff } from './diff-tree.ts';
import { type TreeChange, treeEdit } from './edit-tree.ts';
import { buildTree } from './tree-builder.ts';

function diffed<Role extends KeyedRole>(
  role: Role,
  before: TreeRoot<Role>,
  after: TreeRoot<Role>,
  objects: MemoryObjects,
): { before: unknown; after: unknown }[] {
  return [...treeDiff(role, before, after, objects)].map((each) => ({
    before: each.before,
    after: each.after,
  }));
}

describe('treeDiff', () => {
  it('lists exactly the keys whose entries differ, in order [DML-OBJ-2016]', () => {
    const number = seededNumbers(5);
    for (let round = 0; round < 40; round++) {
      const objects = new MemoryObjects();
      const draw = (size: number): Map<string, LeafEntries['map']> =>
        new Map(
          Array.from({ length: number(size) }, () => {
            const key = String(number(2000)).padStart(4, '0');
            return [key, [key, i64(number(2))]] as const;
          }).sort(([left], [right]) => (left < right ? -1 : 1)),
        );
      const left = draw(round % 2 === 0 ? 3000 : 40);
      const right = draw(3000);
      const expected = [...new Set([...left.keys(), ...right.keys()])]
        .sort()
        .map((key) => ({ before: left.get(key), after: right.get(key) }))
        .filter(({ before, after }) => JSON.stringify(text(before)) !== JSON.stringify(text(after)));
      const [before, after] = [left, right].map((side) => buildTree('map', side.values(), objects));
      expect(diffed('map', before!, after!, objects)).toEqual(expected);
    }
  });

  it('reads pages in proportion to the changes [DML-OBJ-2029]', () => {
    const objects = new MemoryObjects();
    const entries = sampleEntries('pins', 60_000);
    const root = buildTree('pins', entries, objects);
    const height = 4;
    const number = seededNumbers(8);
    for (const count of [1, 10, 100]) {
      const changes = Array.from(
        { length: count },
        (): TreeChange<'pins'> => ({ deleteKey: entries[number(60_000)]![0] }),
      );
      const edited = treeEdit('pins', root, changes, objects);
      objects.resetCounts();
      const distinct = new Set(changes.map((change) => JSON.stringify(change))).size;
      expect([...treeDiff('pins', root, edited, objects)]).toHaveLength(distinct);
      // Both trees, one page per level for each change, and room for boundaries that moved.
      expect(objects.pagesRead).toBeLessThanOrEqual(3 * height * count);
    }
    objects.resetCounts();
    expect([...treeDiff('pins', root, root, objects)]).toEqual([]);
    expect(objects.pagesRead).toBe(0);
  });

  it('compares trees of different heights and empty ones [DML-OBJ-2016]', () => {
    const objects = new MemoryObjects();
    const entries = sampleEntries('names', 5000);
    const tall = buildTree('names', entries, objects);
    for (const kept of [0, 1, 10, 300]) {
      const low = buildTree('names', entries.slice(0, kept), objects);
      const added = entries.slice(kept).map((after) => ({ before: undefined, after }));
      const deleted = entries.slice(kept).map((before) => ({ before, after: undefined }));
      expect(diffed('names', low, tall, objects)).toEqual(added);
      expect(diffed('names', tall, low, objects)).toEqual(deleted);
    }
  });
});

/** JSON has no bigint. */
function text(entry: LeafEntries['map'] | undefined): unknown {
  return entry === undefined ? null : [entry[0], String((entry[1] as { value: bigint }).value)];
}
