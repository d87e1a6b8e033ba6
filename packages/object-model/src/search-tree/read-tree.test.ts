import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, idFor, ROLES, sampleEntries } from '../../test/support/tree-samples.ts';
import type { KeyedRole, LeafEntries, PageRole, TreeRoot } from '../records/page-types.ts';
import { keyOfEntry } from './entry-codec.ts';
import { treeAt, treeCount, treeEntries, treeFrom, treeGet, treeHas } from './read-tree.ts';
import { buildTree } from './tree-builder.ts';

const KEYED_ROLES: readonly KeyedRole[] = ['set', 'map', 'names', 'dags', 'pins', 'requests'];
const SIZES = [0, 1, 12, 900, 6000];

function built<Role extends PageRole>(
  role: Role,
  count: number,
): { entries: LeafEntries[Role][]; root: TreeRoot<Role>; objects: MemoryObjects } {
  const entries = sampleEntries(role, count);
  const objects = new MemoryObjects();
  return { entries, root: buildTree(role, entries, objects), objects };
}

describe('treeEntries', () => {
  it.each(ROLES)('lists the entries of %s in order and in reverse [DML-OBJ-2025]', (role) => {
    for (const size of SIZES) {
      const { entries, root, objects } = built(role, size);
      expect([...treeEntries(role, root, objects)]).toEqual(entries);
      expect([...treeEntries(role, root, objects, { reverse: true })]).toEqual([...entries].reverse());
    }
  });

  it.each(KEYED_ROLES)(
    'lists ranges of %s from a key, before a key, both, reversed [DML-OBJ-2025]',
    (role) => {
      const { entries, root, objects } = built(role, 1500);
      const number = seededNumbers(3);
      for (let draw = 0; draw < 60; draw++) {
        const from = number(1500);
        const before = from + number(1500 - from);
        const fromKey = keyOfEntry(role, entries[from]!);
        const beforeKey = keyOfEntry(role, entries[before]!);
        for (const reverse of [false, true]) {
          const listed = (range: object): unknown => [
            ...treeEntries(role, root, objects, { ...range, reverse }),
          ];
          const expected = (part: unknown[]): unknown[] => (reverse ? part.reverse() : part);
          expect(listed({ fromKey })).toEqual(expected(entries.slice(from)));
          expect(listed({ beforeKey })).toEqual(expected(entries.slice(0, before)));
          expect(listed({ fromKey, beforeKey })).toEqual(expected(entries.slice(from, before)));
          expect(listed({ fromKey: beforeKey, beforeKey: fromKey })).toEqual([]);
        }
      }
    },
  );

  it('starts ranges at keys that are not there', () => {
    const objects = new MemoryObjects();
    const entries = Array.from({ length: 900 }, (_, at): LeafEntries['map'] => [
      String(at * 2).padStart(5, '0'),
      i64(at),
    ]);
    const root = buildTree('map', entries, objects);
    for (const at of [1, 333, 1001, 1799]) {
      const fromKey = String(at).padStart(5, '0');
      expect([...treeEntries('map', root, objects, { fromKey })]).toEqual(
        entries.filter(([key]) => key >= fromKey),
      );
      expect([...treeEntries('map', root, objects, { beforeKey: fromKey, reverse: true })]).toEqual(
        entries.filter(([key]) => key < fromKey).reverse(),
      );
    }
    expect([...treeEntries('map', root, objects, { fromKey: 'zzz' })]).toEqual([]);
    expect([...treeEntries('map', root, objects, { beforeKey: '' })]).toEqual([]);
  });
});

describe('treeGet', () => {
  it.each(KEYED_ROLES)('finds every entry of %s by key and no other [DML-OBJ-2026]', (role) => {
    for (const size of SIZES) {
      const { entries, root, objects } = built(role, size);
      for (const entry of entries.slice(0, 300)) {
        expect(treeGet(role, root, keyOfEntry(role, entry), objects)).toEqual(entry);
      }
      const absent = (role === 'set' ? i64(-1) : idFor('absent')) as never;
      expect(treeGet(role, root, absent, objects)).toBeUndefined();
      expect(treeHas(role, root, absent, objects)).toBe(false);
      if (size > 0) expect(treeHas(role, root, keyOfEntry(role, entries.at(-1)!), objects)).toBe(true);
    }
  });

  it('reads one page per level [DML-OBJ-2027]', () => {
    const { entries, root, objects } = built('pins', 6000);
    for (const at of [0, 2999, 5999]) {
      objects.resetCounts();
      treeGet('pins', root, entries[at]![0], objects);
      expect(objects.pagesRead).toBe(3);
      objects.resetCounts();
      treeAt('pins', root, at, objects);
      expect(objects.pagesRead).toBe(3);
    }
  });
});

describe('treeAt', () => {
  it.each(ROLES)('finds the entries of %s by position [DML-OBJ-2028]', (role) => {
    for (const size of SIZES) {
      const { entries, root, objects } = built(role, size);
      const weights = entries.map((entry) => (role === 'chunks' ? (entry as LeafEntries['chunks'])[1] : 1));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      expect(treeCount(role, root, objects)).toBe(total);
      let start = 0;
      entries.forEach((entry, at) => {
        if (at % 17 === 0) {
          expect(treeAt(role, root, start, objects)).toEqual({ entry, start });
          expect(treeAt(role, root, start + weights[at]! - 1, objects)).toEqual({ entry, start });
        }
        start += weights[at]!;
      });
      for (const outside of [-1, total, total + 1, Number.NaN]) {
        expect(treeAt(role, root, outside, objects)).toBeUndefined();
      }
    }
  });

  it('lists from a position to the end', () => {
    const { entries, root, objects } = built('list', 6000);
    const listed = [...treeFrom('list', root, 2345, objects)];
    expect(listed.map((placed) => placed.entry)).toEqual(entries.slice(2345));
    expect(listed[7]!.start).toBe(2352);
  });
});
