import { describe, expect, it } from 'vitest';
import { hashBytes } from '../hash/hash-bytes.ts';
import type { PageId } from '../ids.ts';
import { treeEdit } from './edit-tree.ts';
import { treeEntries, treeGet } from './read-tree.ts';
import { buildTree } from './tree-builder.ts';

describe('smoke', () => {
  it('builds, edits, reads', () => {
    const map = new Map<PageId, Uint8Array>();
    const pages = {
      getPage: (id: PageId) => map.get(id),
      putPage(bytes: Uint8Array) {
        const id = hashBytes<'page'>(bytes);
        map.set(id, bytes);
        return id;
      },
    };
    const entry = (i: number) =>
      [`key${String(i).padStart(6, '0')}`, { type: 'datum', kind: 'i64', value: BigInt(i) }] as const;
    const all = Array.from({ length: 20000 }, (_, i) => entry(i));
    const root = buildTree('map', all, pages);
    expect(typeof root).toBe('string');
    expect([...treeEntries('map', root, pages)]).toEqual(all);
    for (const cut of [1, 5, 100, 3000, 20000]) {
      const r = buildTree('map', all.slice(0, cut), pages);
      const back = treeEdit(
        'map',
        root,
        all.slice(cut).map((e) => ({ deleteKey: e[0] })),
        pages,
      );
      expect(back).toEqual(r);
      expect(
        treeEdit(
          'map',
          r,
          all
            .slice(cut)
            .reverse()
            .map((set) => ({ set })),
          pages,
        ),
      ).toEqual(root);
    }
    expect(treeGet('map', root, 'key000077', pages)).toEqual(all[77]);
    const without = treeEdit('map', root, [{ deleteKey: 'key000077' }], pages);
    expect(without).toEqual(
      buildTree(
        'map',
        all.filter((_, i) => i !== 77),
        pages,
      ),
    );
  });
});
