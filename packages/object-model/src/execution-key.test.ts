import { describe, expect, it } from 'vitest';
import { encodeByCborg } from '../test/oracles.ts';
import { MemoryObjects } from '../test/support/memory-objects.ts';
import { idFor } from '../test/support/tree-samples.ts';
import { CODEC_DAG_CBOR, Link } from './cbor/value.ts';
import { executionKey } from './execution-key.ts';
import { hashBytes } from './hash/hash-bytes.ts';
import type { DatumId } from './ids.ts';
import { buildTree } from './search-tree/tree-builder.ts';

const idOf = (number: number): DatumId => idFor<DatumId>(`${number}`);
const link = (id: string): Link => new Link(CODEC_DAG_CBOR, id);

describe('executionKey', () => {
  it('is the hash of mark, version, function and root of the inputs, of any number [DML-OBJ-1511]', () => {
    for (const count of [0, 1, 2, 23, 24, 50, 255, 256, 3000]) {
      const values = Array.from({ length: count }, (_, number) => idOf(number % 300));
      const root = buildTree('values', values, new MemoryObjects());
      const field = typeof root === 'string' ? link(root) : root.map(link);
      const bytes = encodeByCborg(['dml-execution-key', 1, link(idOf(-1)), field]);
      expect(executionKey(idOf(-1), root)).toBe(hashBytes(bytes));
    }
  });

  it('differs by function, inputs and their order [DML-OBJ-1511]', () => {
    const keys = [
      executionKey(idOf(0), [idOf(1), idOf(2)]),
      executionKey(idOf(0), [idOf(2), idOf(1)]),
      executionKey(idOf(1), [idOf(0), idOf(2)]),
      executionKey(idOf(0), [idOf(1)]),
      executionKey(idOf(0), [idOf(1), idOf(1)]),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is refused for what is no id', () => {
    const detail = expect.objectContaining({ detail: 'id_form' });
    expect(() => executionKey('x' as DatumId, [])).toThrow(detail);
    expect(() => executionKey(idOf(0), [idOf(0).toUpperCase() as DatumId])).toThrow(detail);
  });
});
