import { seededNumbers } from '@daggerml/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, idFor, SAMPLE_ENTRIES, sampleEntries } from '../../test/support/tree-samples.ts';
import type { PageId } from '../ids.ts';
import { encodeRecord } from '../records/encode-record.ts';
import type { KeyedRole, LeafEntries, TreeRoot } from '../records/page-types.ts';
import type { Element } from '../records/record-types.ts';
import { type TreeChange, type TreeSplice, treeEdit, treeSplice } from './edit-tree.ts';
import { keyOfEntry } from './entry-codec.ts';
import { LevelBuilder } from './level-builder.ts';
import { PageCache } from './page-store.ts';
import { treeAt, treeCount, treeEntries } from './read-tree.ts';
import { buildTree } from './tree-builder.ts';

const KEYED_ROLES: readonly KeyedRole[] = ['set', 'map', 'names', 'dags', 'pins', 'requests'];

describe('treeEdit', () => {
  it.each(KEYED_ROLES)(
    'ends in one root for %s whatever the order of sets and deletes [DML-OBJ-2004]',
    (role) => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 1200 }),
          fc.array(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 400 }), { maxLength: 5 }),
          (kept, detours) => {
            const objects = new MemoryObjects(new PageCache());
            const final = new Set(kept);
            let root: TreeRoot<KeyedRole> = [];
            let present = new Set<number>();
            for (const detour of detours) {
              root = moveTo(role, root, { from: present, to: new Set(detour) }, objects);
              present = new Set(detour);
            }
            root = moveTo(role, root, { from: present, to: final }, objects);
            expect(root).toEqual(buildTree(role, sampleEntries(role, [...final]), objects));
          },
        ),
        { seed: 20_261, numRuns: 25 },
      );
    },
  );

  it('keeps nothing of an entry that was refused [DML-OBJ-2035]', () => {
    const objects = new MemoryObjects();
    const entries = sampleEntries('map', 1000);
    const items = entries.map(([, element]) => element);
    const refusals = [
      () => treeEdit('map', [], [{ set: ['key', 'no element' as never] }], objects),
      () => treeSplice('list', [], [{ start: 0, deleteCount: 0, insert: ['no element' as never] }], objects),
      () => buildTree('map', [...entries.slice(0, 9), ['zz', 'no element' as never]], objects),
    ];
    for (const refused of refusals) {
      expect(refused).toThrow();
      const changes = entries.map((set): TreeChange<'map'> => ({ set }));
      expect(treeEdit('map', [], changes, objects)).toEqual(buildTree('map', entries, objects));
      const splices = [{ start: 0, deleteCount: 0, insert: items }];
      expect(treeSplice('list', [], splices, objects)).toEqual(buildTree('list', items, objects));
    }
  });

  it('joins splices of any length', () => {
    const objects = new MemoryObjects();
    const root = buildTree('list', [i64(1), i64(2)], objects);
    const insert = Array.from({ length: 200_000 }, (_, at) => i64(at));
    const splices = [
      { start: 0, deleteCount: 1, insert: [] },
      { start: 1, deleteCount: 0, insert },
    ];
    expect(treeSplice('list', root, splices, objects)).toEqual(
      buildTree('list', [...insert, i64(2)], objects),
    );
  });

  it('takes changes in any order and lets the last of one key count [DML-OBJ-2024]', () => {
    const objects = new MemoryObjects();
    const entries = sampleEntries('map', 900);
    const root = buildTree('map', entries, objects);
    const changes: TreeChange<'map'>[] = [
      { set: ['key-5', i64(1)] },
      { set: ['zz', i64(1)] },
      { deleteKey: 'key-5' },
      { deleteKey: 'absent' },
      { set: ['aa', i64(1)] },
      { set: ['key-5', i64(2)] },
      { deleteKey: 'zz' },
    ];
    const expected = new Map(entries);
    expected.set('key-5', i64(2));
    expected.set('aa', i64(1));
    const edited = treeEdit('map', root, changes, objects);
    expect(new Map(treeEntries('map', edited, objects))).toEqual(expected);
    expect(edited).toEqual(
      treeEdit(
        'map',
        [],
        [...expected].map((set) => ({ set })),
        objects,
      ),
    );
  });

  it('writes nothing and keeps the root when nothing changes', () => {
    const objects = new MemoryObjects();
    const entries = sampleEntries('map', 900);
    const root = buildTree('map', entries, objects);
    objects.resetCounts();
    expect(treeEdit('map', root, [], objects)).toBe(root);
    expect(treeEdit('map', root, [{ set: entries[7]! }, { deleteKey: 'absent' }], objects)).toBe(root);
    expect(objects.pagesWritten).toBe(0);
  });

  it('grows from nothing and shrinks to nothing through every height', () => {
    const objects = new MemoryObjects(new PageCache());
    const entries = sampleEntries('pins', 12_000);
    const root = treeEdit(
      'pins',
      [],
      entries.map((set) => ({ set })),
      objects,
    );
    expect(root).toEqual(buildTree('pins', entries, objects));
    for (const left of [11_999, 3000, 200, 41, 1, 0]) {
      const deletions = entries.slice(left).map((entry) => ({ deleteKey: entry[0] }));
      expect(treeEdit('pins', root, deletions, objects)).toEqual(
        buildTree('pins', entries.slice(0, left), objects),
      );
      const others = entries.slice(0, entries.length - left).map((entry) => ({ deleteKey: entry[0] }));
      const kept = entries.slice(entries.length - left);
      expect(treeEdit('pins', root, others, objects)).toEqual(buildTree('pins', kept, objects));
    }
  });

  it('writes at most 20 pages for one edit of a map of a million entries [DML-OBJ-2019]', () => {
    const count = 1_000_000;
    const objects = new MemoryObjects(new PageCache(64 << 20));
    const keyAt = (at: number): string => `user-${String(at).padStart(7, '0')}`;
    function* entries(): Iterable<LeafEntries['map']> {
      for (let at = 0; at < count; at++) yield [keyAt(at), i64(at)];
    }
    const root = buildTree('map', entries(), objects);
    const number = seededNumbers(2026);
    let worst = 0;
    let total = 0;
    for (let edit = 0; edit < 2000; edit++) {
      const key = keyAt(number(count));
      const changes: TreeChange<'map'>[] =
        edit % 3 === 0 ? [{ deleteKey: key }] : [{ set: [edit % 3 === 1 ? `${key}+` : key, i64(-1 - edit)] }];
      objects.resetCounts();
      treeEdit('map', root, changes, objects);
      worst = Math.max(worst, objects.pagesWritten);
      total += objects.pagesWritten;
    }
    expect(worst).toBeLessThanOrEqual(20);
    expect(total / 2000).toBeLessThan(6);
    // Every edit changes the leaf and each page above it.
    expect(total / 2000).toBeGreaterThan(2);
  });

  it('writes at most 20 pages for one edit when keys have 4 KiB [DML-OBJ-2019]', () => {
    const objects = new MemoryObjects(new PageCache(64 << 20));
    const keyAt = (at: number): string => `${String(at).padStart(7, '0')}${'k'.repeat(4080)}`;
    const entries = Array.from({ length: 3000 }, (_, at): LeafEntries['map'] => [keyAt(at), i64(at)]);
    const root = buildTree('map', entries, objects);
    const number = seededNumbers(7);
    for (let edit = 0; edit < 300; edit++) {
      const key = keyAt(number(3000));
      objects.resetCounts();
      treeEdit('map', root, [edit % 2 === 0 ? { deleteKey: key } : { set: [`${key}+`, i64(0)] }], objects);
      expect(objects.pagesWritten).toBeLessThanOrEqual(20);
      expect(objects.pagesWritten).toBeGreaterThan(1);
    }
  });
});

describe('treeSplice', () => {
  it.each([
    ['numbers that repeat', 3],
    ['numbers that differ', 1_000_000],
    ['one number', 1],
  ])('equals a rebuild after any splices of %s [DML-OBJ-2004]', (_, variety) => {
    const splice = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      deleteCount: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4000 })),
      insert: fc.array(fc.integer({ min: 0, max: variety - 1 }), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9000 }), fc.array(splice, { maxLength: 6 }), (length, drawn) => {
        const objects = new MemoryObjects(new PageCache());
        const number = seededNumbers(length);
        const before = Array.from({ length }, () => i64(number(variety)));
        const splices = toSplices(drawn, length);
        const after = applySplices(before, splices);
        const root = treeSplice('list', buildTree('list', before, objects), splices, objects);
        expect(root).toEqual(buildTree('list', after, objects));
      }),
      { seed: 20_262, numRuns: 60 },
    );
  });

  it.each<[string, (number: (below: number) => number) => Element]>([
    ['booleans', (number) => ({ type: 'datum', kind: 'bool', value: number(2) === 1 })],
    ['five labels', (number) => ({ type: 'datum', kind: 'string', value: 'abcde'[number(5)]! })],
    ['rare events', (number) => i64(number(100) === 0 ? 1 : 0)],
    ['a constant', () => i64(0)],
  ])('rewrites few pages when %s shift in a long list [DML-OBJ-2011]', (_, draw) => {
    const objects = new MemoryObjects(new PageCache(64 << 20));
    const number = seededNumbers(11);
    const root = buildTree(
      'list',
      Array.from({ length: 200_000 }, () => draw(number)),
      objects,
    );
    let worst = 0;
    for (let edit = 0; edit < 100; edit++) {
      const known = new Set(objects.pages.keys());
      const inserted = edit % 2 === 0 ? [draw(number)] : [];
      treeSplice(
        'list',
        root,
        [{ start: number(200_000), deleteCount: 1 - inserted.length, insert: inserted }],
        objects,
      );
      worst = Math.max(worst, objects.pages.size - known.size);
    }
    expect(worst).toBeLessThanOrEqual(20);
  });

  it('refuses pages whose counts add up to more than an integer keeps [DML-OBJ-2033]', () => {
    const objects = new MemoryObjects();
    const most = Number.MAX_SAFE_INTEGER;
    const [left, right] = [idFor<PageId>('left'), idFor<PageId>('right')];
    const rootOf = (counts: readonly [number, number]): PageId =>
      objects.putPage(
        encodeRecord({
          type: 'page',
          role: 'list',
          level: 1,
          entries: [
            [left, counts[0]],
            [right, counts[1]],
          ],
        }),
      ) as PageId;
    expect(treeCount('list', rootOf([most - 1, 1]), objects)).toBe(most);
    const refusal = expect.objectContaining({ code: 'invalid_bounds', detail: 'integer_range' });
    for (const counts of [
      [most, 1],
      [most, most],
    ] as const) {
      const root = rootOf(counts);
      expect(() => treeCount('list', root, objects)).toThrow(refusal);
      expect(() => treeAt('list', root, 0, objects)).toThrow(refusal);
      expect(() =>
        treeSplice('list', root, [{ start: 0, deleteCount: 0, insert: [i64(1)] }], objects),
      ).toThrow(refusal);
    }
    const builder = new LevelBuilder('list', 1, () => {});
    const entry = Uint8Array.from([0x82]);
    builder.push(entry, 0, 1, most);
    expect(() => builder.push(entry, 0, 1, 1)).toThrow(refusal);
  });

  it('addresses chunks by bytes, and refuses places inside one, outside, replaced or out of order [DML-OBJ-2021]', () => {
    const objects = new MemoryObjects();
    const entries = sampleEntries('chunks', 400);
    const root = buildTree('chunks', entries, objects);
    const start = entries.slice(0, 100).reduce((sum, entry) => sum + entry[1], 0);
    const insert = [SAMPLE_ENTRIES.chunks(5000)];
    const spliced = treeSplice('chunks', root, [{ start, deleteCount: entries[100]![1], insert }], objects);
    expect(spliced).toEqual(
      buildTree('chunks', [...entries.slice(0, 100), ...insert, ...entries.slice(101)], objects),
    );
    const next = start + entries[100]![1];
    for (const wrong of [
      [{ start: start + 1, deleteCount: 0, insert }],
      [{ start, deleteCount: 5, insert }],
      [{ start, deleteCount: 1e12, insert }],
      [{ start: -1, deleteCount: 0, insert }],
      [{ start: 0.5, deleteCount: 0, insert }],
      [
        { start, deleteCount: next + entries[101]![1] - start, insert },
        { start: next, deleteCount: 0, insert },
      ],
      [
        { start: next, deleteCount: 0, insert },
        { start, deleteCount: 0, insert },
      ],
    ]) {
      expect(() => treeSplice('chunks', root, wrong, objects)).toThrowError(
        expect.objectContaining({ code: 'invalid_bounds', detail: 'splice_range' }),
      );
    }
  });
});

/** Deletes and sets, half of them one by one, so that contents go from one set of numbers to another. */
function moveTo<Role extends KeyedRole>(
  role: Role,
  root: TreeRoot<Role>,
  { from, to }: { from: ReadonlySet<number>; to: ReadonlySet<number> },
  objects: MemoryObjects,
): TreeRoot<Role> {
  const entryAt = SAMPLE_ENTRIES[role] as unknown as (at: number) => LeafEntries[Role];
  const changes: TreeChange<Role>[] = [];
  for (const at of to) if (!from.has(at)) changes.push({ set: entryAt(at) });
  for (const at of from) if (!to.has(at)) changes.push({ deleteKey: keyOfEntry(role, entryAt(at)) });
  const single = changes.slice(0, Math.min(20, changes.length >> 1));
  let moved = root;
  for (const change of single) moved = treeEdit(role, moved, [change], objects);
  return treeEdit(role, moved, changes.slice(single.length), objects);
}

function toSplices(
  drawn: readonly { at: number; deleteCount: number; insert: readonly number[] }[],
  length: number,
): TreeSplice<'list'>[] {
  const sorted = drawn
    .map(({ at, deleteCount, insert }) => ({
      start: Math.round(at * length),
      deleteCount,
      insert: insert.map(i64),
    }))
    .sort((left, right) => left.start - right.start);
  let from = 0;
  return sorted.map(({ start, deleteCount, insert }) => {
    const first = Math.max(start, from);
    from = Math.min(length, first + deleteCount);
    return { start: first, deleteCount: from - first, insert };
  });
}

function applySplices(before: readonly Element[], splices: readonly TreeSplice<'list'>[]): Element[] {
  const after = [...before];
  for (const { start, deleteCount, insert } of [...splices].reverse())
    after.splice(start, deleteCount, ...insert);
  return after;
}
