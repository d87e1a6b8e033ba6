import { hashBytes, type ObjectClass } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { PendingObjects } from './pending-objects.ts';

function objectOf(number: number): { objectClass: ObjectClass; objectId: string; bytes: Uint8Array } {
  // Some are longer than those that are copied.
  const bytes = new TextEncoder().encode(`object ${number} `.repeat(number % 90 === 0 ? 500 : 1));
  return { objectClass: number % 3 === 0 ? 'node' : 'datum', objectId: hashBytes(bytes), bytes };
}

describe('PendingObjects', () => {
  it('finds every object under its class, before and after more were added', () => {
    const pending = new PendingObjects();
    const objects = Array.from({ length: 500 }, (_, number) => objectOf(number));
    objects.forEach(({ objectClass, objectId, bytes }, number) => {
      pending.add(objectClass, objectId, bytes);
      const earlier = objects[(number * 7) % (number + 1)]!;
      expect(pending.find(earlier.objectClass, earlier.objectId)).toEqual(earlier.bytes);
    });
    const { objectId } = objects[0]!;
    expect([pending.find('datum', objectId), pending.find('exec', objectId)]).toEqual([undefined, undefined]);
  });

  it('keeps objects of one id under each of their classes', () => {
    const pending = new PendingObjects();
    const { objectId, bytes } = objectOf(1);
    for (const objectClass of ['chunk', 'datum', 'chunk', 'datum'] as const)
      pending.add(objectClass, objectId, bytes);
    expect([pending.find('datum', objectId), pending.find('chunk', objectId)]).toEqual([bytes, bytes]);
    expect(pending.find('node', objectId)).toBeUndefined();
  });

  it('yields them as they came or by class and id, those that came again soon once', () => {
    const pending = new PendingObjects();
    const objects = Array.from({ length: 3000 }, (_, number) => objectOf(number));
    for (const { objectClass, objectId, bytes } of objects) {
      pending.add(objectClass, objectId, bytes);
      pending.add(objectClass, objectId, bytes);
    }
    const inOrder: string[] = [];
    pending.forEach((_, objectId) => void inOrder.push(objectId));
    expect(inOrder).toEqual(objects.map(({ objectId }) => objectId));
    const sorted: string[] = [];
    pending.forEachSorted((objectClass, objectId, bytes) => {
      expect(hashBytes(bytes)).toBe(objectId);
      sorted.push(`${objectClass} ${objectId.slice(0, 6)}`);
    });
    expect(sorted).toEqual([...sorted].sort());
    expect(sorted.length).toBe(3000);
  });
});
