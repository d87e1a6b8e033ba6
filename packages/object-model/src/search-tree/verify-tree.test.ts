import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { encodeByCborg } from '../../test/oracles.ts';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { ROLES, sampleEntries } from '../../test/support/tree-samples.ts';
import { drain, verifyTree } from '../../test/support/verify-tree.ts';
import { CODEC_DAG_CBOR, Link } from '../cbor/value.ts';
import { DmlError } from '../errors.ts';
import type { PageId } from '../ids.ts';
import { decodeRecord } from '../records/decode-record.ts';
import { encodeRecord } from '../records/encode-record.ts';
import type { PageRecord, TreeRoot } from '../records/page-types.ts';
import { treeEntries } from './read-tree.ts';
import { buildTree } from './tree-builder.ts';
import { TreeVerifier } from './verify-tree.ts';

interface PinsFixture {
  readonly objects: MemoryObjects;
  readonly root: PageId;
  readonly top: { level: number; entries: [string, PageId, number][] };
}

/** A tree of two levels, its top page decoded. */
function pinsFixture(): PinsFixture {
  const objects = new MemoryObjects();
  const root = buildTree('pins', sampleEntries('pins', 800), objects) as PageId;
  const top = decodeRecord(objects.pages.get(root)!, 'page') as unknown as PinsFixture['top'];
  return { objects, root, top };
}

function putPins(objects: MemoryObjects, level: number, entries: readonly unknown[]): PageId {
  return objects.putPage(encodeRecord({ type: 'page', role: 'pins', level, entries } as PageRecord));
}

/** Stores a leaf that encoding refuses. */
function putRawLeaf(objects: MemoryObjects, entries: readonly (readonly [string, string])[]): PageId {
  const toLink = (id: string): Link => new Link(CODEC_DAG_CBOR, id);
  return objects.putPage(encodeByCborg([1, 11, 6, 0, entries.map((entry) => entry.map(toLink))]));
}

function leaf(objects: MemoryObjects, pageId: PageId): [string, string][] {
  return [...decodeRecord(objects.pages.get(pageId)!, 'page').entries] as unknown as [string, string][];
}

describe('verifyTree', () => {
  it.each(ROLES)('accepts what is built of %s [DML-OBJ-2015]', (role) => {
    for (const count of [0, 1, 50, 3000]) {
      const objects = new MemoryObjects();
      expect(verifyTree(role, buildTree(role, sampleEntries(role, count), objects), objects)).toBeUndefined();
    }
  });

  it('reports pages cut elsewhere than the rules say [DML-OBJ-2015]', () => {
    const { objects, top } = pinsFixture();
    const [first, second, ...rest] = top.entries;
    const entries = [...leaf(objects, first![1]), ...leaf(objects, second![1])];
    const goesOn = { fault: 'undecodable', cause: { detail: 'page_end' } };
    for (const cutAt of [5, first![2] - 1, first![2] + 1, entries.length - 5]) {
      const parts = [entries.slice(0, cutAt), entries.slice(cutAt)];
      const moved = parts.map((part) => [part.at(-1)![0], putRawLeaf(objects, part), part.length]);
      const root = putPins(objects, 1, [...moved, ...rest]);
      const fault = cutAt < first![2] ? { fault: 'boundary' } : goesOn;
      expect(verifyTree('pins', root, objects)).toMatchObject(fault);
    }
    const joined = [entries.at(-1)![0], putRawLeaf(objects, entries), entries.length];
    const root = putPins(objects, 1, [joined, ...rest]);
    expect(verifyTree('pins', root, objects)).toMatchObject(goesOn);
    expect(verifyTree('pins', entries as never, objects)).toMatchObject({ fault: 'boundary' });
  });

  it('reports wrong counts and last keys [DML-OBJ-2015]', () => {
    const { objects, top } = pinsFixture();
    const [first, ...rest] = top.entries;
    const wrongCount = putPins(objects, 1, [[first![0], first![1], first![2] + 1], ...rest]);
    expect(verifyTree('pins', wrongCount, objects)).toEqual({ fault: 'summary', pageId: wrongCount });
    const wrongKey = putPins(objects, 1, [[leaf(objects, first![1])[0]![0], first![1], first![2]], ...rest]);
    expect(verifyTree('pins', wrongKey, objects)).toEqual({ fault: 'summary', pageId: wrongKey });
  });

  it('reports keys that do not increase across pages [DML-OBJ-2015]', () => {
    const { objects, top } = pinsFixture();
    const [first, second, ...rest] = top.entries;
    const root = putPins(objects, 1, [first!, [second![0], first![1], first![2]], ...rest]);
    expect(verifyTree('pins', root, objects)).toMatchObject({ fault: 'order', pageId: first![1] });
  });

  it('reports a leaf or an only entry at the top, and levels that skip [DML-OBJ-2015]', () => {
    const { objects, root, top } = pinsFixture();
    expect(verifyTree('pins', top.entries[0]![1], objects)).toMatchObject({ fault: 'top' });
    const only = putPins(objects, 1, [top.entries[0]]);
    expect(verifyTree('pins', only, objects)).toMatchObject({ fault: 'top' });
    const count = top.entries.reduce((sum, entry) => sum + entry[2], 0);
    const high = putPins(objects, 3, [
      [top.entries[0]![0], root, 1],
      [top.entries.at(-1)![0], root, count],
    ]);
    expect(verifyTree('pins', high, objects)).toMatchObject({ fault: 'level', pageId: root });
  });

  it('reports missing and foreign records [DML-OBJ-2015]', () => {
    const { objects, root, top } = pinsFixture();
    const lost = top.entries[1]![1];
    const other = buildTree('requests', sampleEntries('requests', 800), objects);
    expect(verifyTree('pins', other as PageId, objects)).toMatchObject({
      fault: 'undecodable',
      pageId: other,
    });
    objects.pages.delete(lost);
    expect(verifyTree('pins', root, objects)).toMatchObject({ fault: 'undecodable', pageId: lost });
  });
});

describe('TreeVerifier', () => {
  it.each(ROLES)('reads what trees of %s share once [DML-OBJ-2037]', (role) => {
    const objects = new MemoryObjects();
    const entries = sampleEntries(role, 20_000);
    const roots = [20_000, 19_990, 19_980].map((count) => buildTree(role, entries.slice(0, count), objects));
    const verifier = new TreeVerifier(objects);
    const readsOf = (root: TreeRoot<typeof role>, by: TreeVerifier): number => {
      objects.resetCounts();
      expect(drain(by.verify(role, root))).toBeUndefined();
      return objects.pagesRead;
    };
    const alone = roots.map((root) => readsOf(root, new TreeVerifier(objects)));
    const together = roots.map((root) => readsOf(root, verifier));
    expect(together[0]).toBe(alone[0]);
    for (const at of [1, 2]) {
      expect(together[at]).toBeLessThan(alone[at]!);
      // The top, and what differs at the end, on each of at most three levels.
      expect(together[at]).toBeLessThanOrEqual(6);
    }
    // What was remembered is no page of another role.
    const other = role === 'pins' ? 'requests' : 'pins';
    expect(drain(verifier.verify(other, roots[0] as PageId))).toMatchObject({ fault: 'undecodable' });
  });

  it('finds in remembered pages what it finds in others [DML-OBJ-2037]', () => {
    const { objects, root, top } = pinsFixture();
    const verifier = new TreeVerifier(objects);
    expect(drain(verifier.verify('pins', root))).toBeUndefined();
    const [first, second, ...rest] = top.entries;
    const repeated = putPins(objects, 1, [first!, [second![0], first![1], first![2]], ...rest]);
    const miscounted = putPins(objects, 1, [first!, [second![0], second![1], second![2] + 1], ...rest]);
    const high = putPins(objects, 3, [
      [first![0], first![1], first![2]],
      [top.entries.at(-1)![0], root, 1],
    ]);
    for (const wrong of [repeated, miscounted, high]) {
      const found = drain(verifier.verify('pins', wrong));
      expect(found).toMatchObject({ fault: expect.any(String) });
      expect({ ...found, pageId: '' }).toEqual({ ...verifyTree('pins', wrong, objects), pageId: '' });
    }
  });

  it('goes on behind a page that is excused [DML-OBJ-2038]', () => {
    const { objects, root, top } = pinsFixture();
    const [first, second, ...rest] = top.entries;
    const isExcused = (pageId: PageId): boolean => pageId === first![1];
    objects.pages.delete(first![1]);
    expect(drain(new TreeVerifier(objects).verify('pins', root))).toMatchObject({ fault: 'undecodable' });
    expect(drain(new TreeVerifier(objects, { isExcused }).verify('pins', root))).toBeUndefined();
    const wrong = putPins(objects, 1, [first!, [second![0], second![1], second![2] + 1], ...rest]);
    expect(drain(new TreeVerifier(objects, { isExcused }).verify('pins', wrong))).toEqual({
      fault: 'summary',
      pageId: wrong,
    });
    expect(drain(new TreeVerifier(objects, { isExcused: () => true }).verify('pins', wrong))).toBeUndefined();
  });
});

describe('reading damaged pages', () => {
  it('throws DmlError or returns entries, whatever the bytes [DML-OBJ-2031]', () => {
    const number = seededNumbers(12);
    let refused = 0;
    for (const role of ROLES) {
      const objects = new MemoryObjects();
      const root = buildTree(role, sampleEntries(role, role === 'list' ? 6000 : 1200), objects);
      const originals = [...objects.pages];
      for (let draw = 0; draw < 400; draw++) {
        const [pageId, bytes] = originals[number(originals.length)]!;
        const damaged = bytes.slice(0, draw % 5 === 0 ? number(bytes.length) : bytes.length);
        for (let hit = number(4); hit >= 0; hit--) damaged[number(damaged.length)] = number(256);
        objects.pages.set(pageId, damaged);
        try {
          for (const _ of treeEntries(role, root, objects));
          verifyTree(role, root, objects);
        } catch (caught) {
          expect(caught).toBeInstanceOf(DmlError);
          refused++;
        }
        objects.pages.set(pageId, bytes);
      }
    }
    expect(refused).toBeGreaterThan(300);
  });
});
