import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, sampleEntries } from '../../test/support/tree-samples.ts';
import { treeEdit } from './edit-tree.ts';
import { mergeTrees3 } from './merge-trees.ts';
import { treeGet } from './read-tree.ts';
import { buildTree } from './tree-builder.ts';

type Contents = ReadonlyMap<string, number>;

const contents = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 2 })), { maxLength: 60 })
  .map((pairs) => new Map(pairs.map(([key, value]) => [`k${key}`, value])));

function rootOf(side: Contents, objects: MemoryObjects): ReturnType<typeof buildTree<'map'>> {
  return treeEdit(
    'map',
    [],
    [...side].map(([key, value]) => ({ set: [key, i64(value)] as const })),
    objects,
  );
}

describe('mergeTrees3', () => {
  it('takes what one side changed and reports what both changed differently [DML-OBJ-2018] [DML-OBJ-2030]', () => {
    fc.assert(
      fc.property(contents, contents, contents, (base, ours, theirs) => {
        const objects = new MemoryObjects();
        const merged = new Map<string, number>();
        const conflicts: string[] = [];
        for (const key of [...new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])].sort()) {
          const [was, our, their] = [base.get(key), ours.get(key), theirs.get(key)];
          if (our !== was && their !== was && our !== their) conflicts.push(key);
          const value = our === was ? their : our;
          if (value !== undefined) merged.set(key, value);
        }
        const result = mergeTrees3(
          'map',
          { base: rootOf(base, objects), ours: rootOf(ours, objects), theirs: rootOf(theirs, objects) },
          objects,
        );
        expect(result.root).toEqual(rootOf(merged, objects));
        const entryIn = (side: Contents, key: string): unknown =>
          treeGet('map', rootOf(side, objects), key, objects);
        expect(result.conflicts).toEqual(
          conflicts.map((key) => ({
            base: entryIn(base, key),
            ours: entryIn(ours, key),
            theirs: entryIn(theirs, key),
          })),
        );
      }),
      { seed: 20_263, numRuns: 200 },
    );
  });

  it('reads and writes in proportion to the changes', () => {
    const objects = new MemoryObjects();
    const entries = sampleEntries('map', 50_000);
    const base = buildTree('map', entries, objects);
    const ours = treeEdit('map', base, [{ deleteKey: entries[100]![0] }], objects);
    const theirs = treeEdit('map', base, [{ deleteKey: entries[40_000]![0] }], objects);
    objects.resetCounts();
    const { root, conflicts } = mergeTrees3('map', { base, ours, theirs }, objects);
    expect(conflicts).toEqual([]);
    expect(objects.pagesRead + objects.pagesWritten).toBeLessThan(40);
    expect(root).toEqual(
      buildTree(
        'map',
        entries.filter((_, at) => at !== 100 && at !== 40_000),
        objects,
      ),
    );
  });
});
