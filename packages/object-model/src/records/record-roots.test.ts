import { describe, expect, it } from 'vitest';
import { sampleRecords } from '../../test/generate/samples.ts';
import { recordLinks } from './record-links.ts';
import { recordRoots } from './record-roots.ts';

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
    expect([...roles].sort()).toEqual(all.sort());
  });
});
