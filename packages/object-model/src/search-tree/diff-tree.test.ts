import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, sampleEntries } from '../../test/support/tree-samples.ts';
import type { KeyedRole, LeafEntries, TreeRoot } from '../records/page-types.ts';
import { treeSplices } from './diff-splices.ts';
import { treeDiff } from './diff-tree.ts';
import { type TreeChange, treeEdit, treeSplice } from './edit-tree.ts';
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

describe('treeSplices', () => {
  it('turns one list into another [DML-OBJ-2017]', () => {
    const number = seededNumbers(6);
    for (let round = 0; round < 60; round++) {
      const objects = new MemoryObjects();
      const variety = [1, 2, 50, 100_000][round % 4]!;
      const before = Array.from({ length: number(6000) }, () => i64(number(variety)));
      const after = [...before];
      for (let edit = number(6); edit > 0; edit--) {
        const insert = Array.from({ length: number(30) }, () => i64(number(variety)));
        after.splice(number(after.length + 1), number(30), ...insert);
      }
      if (round % 7 === 0) after.splice(0, number(after.length));
      const [left, right] = [buildTree('list', before, objects), buildTree('list', after, objects)];
      const splices = treeSplices('list', left, right, objects);
      expect(treeSplice('list', left, splices, objects)).toEqual(right);
    }
  });

  it('cuts lists whose repetitions hide one another a few times and no more [DML-OBJ-2036]', () => {
    const objects = new MemoryObjects();
    const side = (own: number): LeafEntries['list'][] =>
      Array.from({ length: 6000 }, (_, at) => [
        i64(at),
        i64(own + at),
        i64(at - 1),
        i64(2 * own + at),
      ]).flat();
    const left = buildTree('list', side(10_000_000), objects);
    const right = buildTree('list', side(50_000_000), objects);
    const splices = treeSplices('list', left, right, objects);
    // Each cut lays bare one more pair at either end of what is left.
    expect(splices.length).toBeLessThan(200);
    expect(treeSplice('list', left, splices, objects)).toEqual(right);
  });

  it('compares lists with hundreds of thousands of differences', () => {
    const objects = new MemoryObjects();
    const side = (own: number): LeafEntries['list'][] =>
      Array.from({ length: 150_000 }, (_, at) => [i64(at), i64(own + at)]).flat();
    const left = buildTree('list', side(10_000_000), objects);
    const right = buildTree('list', side(20_000_000), objects);
    const splices = treeSplices('list', left, right, objects);
    expect(splices).toHaveLength(150_000);
    expect(treeSplice('list', left, splices, objects)).toEqual(right);
  });

  it('finds single edits of a long list exactly and reads few pages [DML-OBJ-2029]', () => {
    const objects = new MemoryObjects();
    const root = buildTree(
      'list',
      Array.from({ length: 100_000 }, (_, at) => i64(at)),
      objects,
    );
    const splices = [500, 40_000, 90_000].map((start, at) => ({
      start,
      deleteCount: at,
      insert: [i64(-1 - at)],
    }));
    const edited = treeSplice('list', root, splices, objects);
    objects.resetCounts();
    expect(treeSplices('list', root, edited, objects)).toEqual(splices);
    expect(objects.pagesRead).toBeLessThanOrEqual(3 * 3 * 3);
  });
});

/** JSON has no bigint. */
function text(entry: LeafEntries['map'] | undefined): unknown {
  return entry === undefined ? null : [entry[0], String((entry[1] as { value: bigint }).value)];
}
