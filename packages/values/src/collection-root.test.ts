import { buildTree, type Element, encodeRecord, type LeafEntries } from '@daggerml/object-model';
import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { collectionRoot } from './collection-root.ts';
import { MemoryObjects } from './testing/memory-objects.ts';

const seed = 20_261_121;

describe('collectionRoot', () => {
  it('yields the collections that a tree builder yields, whatever their size [DML-EXE-0826]', () => {
    const below = seededNumbers(seed);
    const element = (): Element =>
      below(4) === 0
        ? (`${below(16).toString(16)}`.repeat(64) as Element)
        : { type: 'datum', kind: 'string', value: 'é'.repeat(below(60)) };
    let inOneRecord = 0;
    for (let round = 0; round < 2000; round++) {
      const objects = new MemoryObjects();
      const count = below(round % 10 === 0 ? 300 : 16);
      const list = Array.from({ length: count }, element);
      const map = list.map((item, index): LeafEntries['map'] => [
        `${String(index).padStart(4, '0')}${'ü'.repeat(below(1 + below(100)))}`,
        item,
      ]);
      for (const [role, entries] of [
        ['list', list],
        ['map', map],
      ] as const) {
        const datum = (root: never) => encodeRecord({ type: 'datum', kind: role, root });
        const root = collectionRoot(role, entries as never, objects);
        if (root === entries) inOneRecord += 1;
        const expected = datum(buildTree(role, entries as never, objects) as never);
        expect(Buffer.compare(datum(root as never), expected), `seed ${seed}, round ${round}`).toBe(0);
      }
    }
    expect(inOneRecord).toBeGreaterThan(1000);
  });
});
