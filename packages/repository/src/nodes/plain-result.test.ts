import { encodeRecord, hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { plainResultOf } from './plain-result.ts';

describe('plainResultOf', () => {
  it('is the id of the dag whose root is the datum', () => {
    for (const text of ['a', 'b', 'a']) {
      const datumId = hashBytes<'datum'>(encodeRecord({ type: 'datum', kind: 'string', value: text }));
      const rootNodeId = hashBytes<'node'>(encodeRecord({ type: 'node', kind: 'literal', datumId }));
      expect(plainResultOf(datumId)).toBe(
        hashBytes<'dag'>(encodeRecord({ type: 'dag', rootNodeId, names: [] })),
      );
    }
  });
});
