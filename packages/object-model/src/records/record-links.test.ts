import { describe, expect, it } from 'vitest';
import { ids, plainStub, plainTombstone, sampleRecords, scalar } from '../../test/support/samples.ts';
import { encodeRecord } from './encode-record.ts';
import { recordLinks, recordRoots } from './record-links.ts';
import type { AnyRecord } from './record-types.ts';
import { scanLinks } from './scan-links.ts';

function listed(record: AnyRecord): string[] {
  return recordLinks(record).map((link) => `${link.objectClass} ${link.id}`);
}

function scanned(record: AnyRecord): string[] {
  const bytes = encodeRecord(record);
  const links: string[] = [];
  scanLinks(bytes, (objectClass, at) => {
    links.push(`${objectClass} ${Buffer.from(bytes.subarray(at, at + 32)).toString('hex')}`);
  });
  return links;
}

describe('links of a record', () => {
  it('stand in byte order with the class of their place [DML-OBJ-1910]', () => {
    const record: AnyRecord = {
      type: 'page',
      role: 'pins',
      level: 1,
      entries: [[ids.node(), ids.page(1), 7]],
    };
    expect(listed(record)).toEqual([`node ${ids.node()}`, `page ${ids.page(1)}`]);
    const map: AnyRecord = {
      type: 'datum',
      kind: 'map',
      root: [
        ['a', ids.datum(1)],
        ['b', scalar.nothing],
        ['c', ids.datum(1)],
      ],
    };
    expect(listed(map)).toEqual([`datum ${ids.datum(1)}`, `datum ${ids.datum(1)}`]);
    for (const sample of sampleRecords()) {
      const hex = Buffer.from(encodeRecord(sample)).toString('hex');
      const offsets = recordLinks(sample).map((link, at, all) => {
        const before = all.slice(0, at).filter((other) => other.id === link.id).length;
        let offset = -1;
        for (let round = 0; round <= before; round++) offset = hex.indexOf(`1220${link.id}`, offset + 1);
        return offset;
      });
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      expect(offsets.includes(-1)).toBe(false);
      expect(offsets.length).toBe(hex.split('d82a5825').length - 1);
    }
  });

  it('are the same when scanned [DML-OBJ-1911]', () => {
    for (const sample of sampleRecords()) expect(scanned(sample)).toEqual(listed(sample));
  });

  it('of a tombstone or a stub are none [DML-OBJ-1805]', () => {
    const stood: AnyRecord = { type: 'datum', kind: 'list', root: [ids.datum()] };
    expect(listed(stood)).toHaveLength(1);
    for (const none of [plainTombstone, plainStub]) {
      expect(listed(none)).toEqual([]);
      expect(scanned(none)).toEqual([]);
    }
  });

  it('of a root in pages is the page', () => {
    expect(listed({ type: 'tree', dags: ids.page() })).toEqual([`page ${ids.page()}`]);
    expect(scanned({ type: 'tree', dags: ids.page() })).toEqual([`page ${ids.page()}`]);
  });
});

describe('recordRoots', () => {
  it('lists every search tree that a record links or embeds', () => {
    const roles = new Set<string>();
    for (const record of sampleRecords()) {
      const trees = recordRoots(record);
      for (const { role } of trees) roles.add(role);
      const tops = trees.map(({ root }) => root).filter((root) => typeof root === 'string');
      const pages = recordLinks(record).filter((link) => link.objectClass === 'page');
      if (record.type !== 'page') expect(tops).toEqual(pages.map((link) => link.id));
    }
    const all = ['list', 'set', 'map', 'names', 'dags', 'pins', 'requests', 'inputs', 'chunks', 'values'];
    all.push('heads', 'references');
    expect([...roles].sort()).toEqual(all.sort());
  });
});
