import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { referenceTree } from '../../test/support/reference-tree.ts';
import { i64, ROLES, sampleEntries } from '../../test/support/tree-samples.ts';
import { decodeRecord } from '../records/decode-record.ts';
import { encodeRecord } from '../records/encode-record.ts';
import type { Element } from '../records/record-types.ts';
import { buildTree, TreeBuilder } from './tree-builder.ts';

describe('buildTree', () => {
  it.each(ROLES)('builds the pages that the rules word, for %s [DML-OBJ-2002] [DML-OBJ-2005]', (role) => {
    for (const count of [0, 1, 3, 40, 700, 2500]) {
      const entries = sampleEntries(role, count);
      const objects = new MemoryObjects();
      const expected = new MemoryObjects();
      expect(buildTree(role, entries, objects)).toEqual(
        referenceTree(role, entries, (record) => void expected.putPage(record)),
      );
      expect([...objects.pages.keys()].sort()).toEqual([...expected.pages.keys()].sort());
    }
  });

  it.each(['set', 'map', 'names', 'dags', 'pins', 'requests'] as const)(
    'refuses entries of %s that do not increase [DML-OBJ-2022]',
    (role) => {
      const entries = sampleEntries(role, 300);
      const swapped = [...entries];
      [swapped[200], swapped[201]] = [swapped[201]!, swapped[200]!];
      for (const wrong of [swapped, [...entries, entries[299]!], [entries[0]!, entries[0]!]]) {
        expect(() => buildTree(role, wrong as never, new MemoryObjects())).toThrowError(
          expect.objectContaining({ code: 'invalid_payload', detail: 'entry_order' }),
        );
      }
    },
  );

  it('refuses every use after an entry was refused [DML-OBJ-2034]', () => {
    const entries = sampleEntries('map', 300);
    const refusals: [number, unknown][] = [
      [120, entries[3]],
      [0, ['key', 'no element']],
      [299, ['\ud800', i64(1)]],
    ];
    for (const [place, wrong] of refusals) {
      const builder = new TreeBuilder('map', new MemoryObjects());
      for (const entry of entries.slice(0, place)) builder.push(entry);
      const errors = [
        () => builder.push(wrong as never),
        () => builder.push(entries[place]!),
        () => builder.finish(),
      ].map((use) => {
        try {
          use();
        } catch (error) {
          return error;
        }
        return undefined;
      });
      expect(errors[0]).toBeInstanceOf(Error);
      expect(errors.every((error) => error === errors[0])).toBe(true);
    }
  });

  it('writes records that the codec reads and writes back unchanged', () => {
    for (const role of ROLES) {
      const objects = new MemoryObjects();
      buildTree(role, sampleEntries(role, 1500), objects);
      for (const bytes of objects.pages.values())
        expect(encodeRecord(decodeRecord(bytes, 'page'))).toEqual(bytes);
    }
  });

  it('keeps every page below 1 MiB and finds boundaries among 4 KiB keys [DML-OBJ-2023]', () => {
    const objects = new MemoryObjects();
    const keys = Array.from({ length: 600 }, (_, at) => `${String(at).padStart(6, '0')}${'x'.repeat(4090)}`);
    buildTree(
      'map',
      keys.map((key) => [key, i64(1)] as const),
      objects,
    );
    const sizes = [...objects.pages.values()].map((bytes) => bytes.length);
    expect(Math.max(...sizes)).toBeLessThan(80_000);
    // Among so many pages some get to where their size alone closes them.
    const counts = [...objects.pages.values()].map((bytes) => decodeRecord(bytes, 'page').entries.length);
    expect(Math.max(...counts)).toBe(16);
    expect(new Set(counts).size).toBeGreaterThan(4);
  });

  it('keeps pages bounded for equal elements and for keys that never or always end a page [DML-OBJ-2023]', () => {
    const repeated: Element[] = Array.from({ length: 50_000 }, () => i64(0));
    const objects = new MemoryObjects();
    buildTree('list', repeated, objects);
    for (const chosen of [false, true]) buildTree('map', hostileKeys(chosen, 3000), objects);
    for (const bytes of objects.pages.values()) expect(bytes.length).toBeLessThan(20_000);
  });
});

/** Keys whose hashes all fall on one side of the rule at the leaf level. */
function hostileKeys(chosen: boolean, count: number): (readonly [string, Element])[] {
  const keys: string[] = [];
  for (let at = 0; keys.length < count; at++) {
    const key = `k${at}`;
    let hash = 0x811c9dc5;
    for (let unit = 0; unit < key.length; unit++) hash = Math.imul(hash ^ key.charCodeAt(unit), 0x01000193);
    hash ^= 0x9e3779b9;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
    if (hash >>> 21 < 12 === chosen) keys.push(key);
  }
  return keys.sort().map((key) => [key, i64(0)] as const);
}
