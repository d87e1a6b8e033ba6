import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../test/support/memory-objects.ts';
import { scalar } from '../test/support/samples.ts';
import type { LeafEntries } from './records/page-types.ts';
import { checkSchema } from './schema.ts';
import { buildTree } from './search-tree/tree-builder.ts';
import { compareUtf8 } from './text/utf8.ts';

describe('checkSchema', () => {
  it('reads the schema of a map of any size [DML-OBJ-0902]', () => {
    const objects = new MemoryObjects();
    const map = (schema: LeafEntries['map'][]) => {
      const others = Array.from({ length: 2000 }, (_, at): LeafEntries['map'] => [
        `key ${at}`,
        scalar.i64(at),
      ]);
      const entries = [...others, ...schema].sort(([a], [b]) => compareUtf8(a, b));
      const root = buildTree('map', entries, objects);
      expect(typeof root).toBe('string');
      return { type: 'datum', kind: 'map', root } as const;
    };
    expect(checkSchema(map([['schema', scalar.i64(3)]]), 3, objects)).toBe(3);
    expect(() => checkSchema(map([]), 3, objects)).toThrow(
      expect.objectContaining({ detail: 'schema_form' }),
    );
    expect(() => checkSchema(map([['schema', scalar.f64(3)]]), 3, objects)).toThrow(
      expect.objectContaining({ detail: 'schema_form' }),
    );
  });

  it('refuses a schema above the highest that its reader knows [DML-OBJ-0903]', () => {
    const map = { type: 'datum', kind: 'map', root: [['schema', scalar.i64(2)]] } as const;
    expect(checkSchema(map, 2, new MemoryObjects())).toBe(2);
    expect(() => checkSchema(map, 1, new MemoryObjects())).toThrow(
      expect.objectContaining({ detail: 'newer_schema' }),
    );
    const greatest = { type: 'datum', kind: 'i64', value: 2n ** 63n - 1n } as const;
    const later = { type: 'datum', kind: 'map', root: [['schema', greatest]] } as const;
    expect(checkSchema(later, Number.POSITIVE_INFINITY, new MemoryObjects())).toBe(2 ** 63);
  });
});
