import { CODEC_DAG_CBOR, type DatumId, encodeCbor, hashBytes, Link } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { executionKey } from './execution-key.ts';

const idOf = (number: number): DatumId => hashBytes<'datum'>(new TextEncoder().encode(`${number}`));
const link = (datumId: DatumId): Link => new Link(CODEC_DAG_CBOR, datumId);

describe('the execution key', () => {
  it('is the hash of its fields in the canonical encoding, for any number of inputs [DML-EXE-0401]', () => {
    for (const count of [0, 1, 2, 23, 24, 255, 256, 1600, 65_535, 65_536]) {
      const inputs = Array.from({ length: count }, (_, number) => idOf(number % 300));
      const fields = ['dml-execution-key', 1, link(idOf(-1)), inputs.map(link)];
      expect(executionKey(idOf(-1), inputs)).toBe(hashBytes(encodeCbor(fields)));
    }
  });

  it('is refused for what is no id', () => {
    const detail = expect.objectContaining({ detail: 'id_form' });
    expect(() => executionKey('x' as DatumId, [])).toThrow(detail);
    expect(() => executionKey(idOf(0), [idOf(0).toUpperCase() as DatumId])).toThrow(detail);
  });
});
