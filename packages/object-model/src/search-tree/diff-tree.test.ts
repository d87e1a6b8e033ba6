import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, sampleEntries } from '../../test/support/tree-samples.ts';
import type { KeyedRole, LeafEntries, TreeRoot } from '../records/page-types.ts';
import { firstDifference, treeDiff } from './diff-tree.ts';
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

describe('firstDifference', () => {
  const listOf = (values: readonly number[], objects: MemoryObjects): TreeRoot<'list'> =>
    buildTree('list', values.map(i64), objects);

  it('returns where two lists differ first, and the length of the shorter one where it is their beginning', () => {
    const number = seededNumbers(6);
    for (let round = 0; round < 60; round++) {
      const objects = new MemoryObjects();
      const left = Array.from({ length: number(9000) }, () => number(3));
      const right = [...left];
      if (round % 3 === 0) right.splice(number(left.length + 1), number(4), ...[7, 8].slice(number(3)));
      if (round % 3 === 1) right.length = number(left.length + 1);
      const at = left.findIndex((value, index) => value !== right[index]);
      const expected = at >= 0 ? at : right.length > left.length ? left.length : undefined;
      for (const [before, after] of [
        [left, right],
        [right, left],
      ] as const)
        expect(firstDifference('list', listOf(before, objects), listOf(after, objects), objects)).toBe(
          expected ?? (left.length === right.length ? undefined : Math.min(left.length, right.length)),
        );
    }
  });

  it('reads no page that both lists have at the same place', () => {
    const objects = new MemoryObjects();
    const values = Array.from({ length: 60_000 }, (_, index) => index);
    const before = listOf(values, objects);
    const after = listOf(values.with(40_000, -1), objects);
    objects.resetCounts();
    expect(firstDifference('list', before, after, objects)).toBe(40_000);
    expect(objects.pagesRead).toBeLessThan(20);
  });
});
