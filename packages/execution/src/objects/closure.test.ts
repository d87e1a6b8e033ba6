import type { DatumId } from '@daggerml/object-model';
import { lowerValue } from '@daggerml/values';
import { expect, it } from 'vitest';
import { executionError } from '../errors.ts';
import { BatchSender } from '../worker/batch-sender.ts';
import { packObjects } from '../worker/packed-objects.ts';
import { RemoteObjects } from '../worker/remote-objects.ts';
import { addDatumClosure, type FoundObjects } from './closure.ts';

const nothing = packObjects([]);
const missing = (objectClass: string, objectId: string): Error =>
  executionError('object_missing', { class: objectClass, objectId });
const table = Array.from({ length: 2000 }, (_, index) => [index, [`row ${index}`, 'x'.repeat(200)]]);

/** The objects of a value. */
function objectsOf(value: unknown): { datumId: DatumId; objects: FoundObjects } {
  const made = new RemoteObjects(nothing, async () => [], new BatchSender(() => {}));
  const datumId = lowerValue(value, made, '');
  const objects: FoundObjects = new Map();
  const source = { getBytes: (_class: string, id: string) => made.getPage(id as never), missing };
  const sizeBytes = addDatumClosure([datumId], source, objects);
  expect(sizeBytes).toBe([...objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0));
  return { datumId, objects };
}

it('is complete or left out: an object that another one lacks is asked for again', () => {
  const { datumId, objects } = objectsOf(table);
  const lost = objectsOf(table[1999]).datumId;
  const source = { getBytes: (_class: string, id: string) => objects.get(id)?.bytes, missing };
  const holed = {
    missing,
    getBytes: (_class: string, id: string) => (id === lost ? undefined : source.getBytes(_class, id)),
  };
  const before = objectsOf(['other', 'x'.repeat(300)]);
  const found: FoundObjects = new Map(before.objects);
  expect(() => addDatumClosure([datumId], holed, found)).toThrow(
    expect.objectContaining({ code: 'object_missing', fields: { class: 'datum', objectId: lost } }),
  );
  expect([...found.keys()]).toEqual([...before.objects.keys()]);
  addDatumClosure([datumId], source, found);
  expect(found.size).toBe(before.objects.size + objects.size);
});
