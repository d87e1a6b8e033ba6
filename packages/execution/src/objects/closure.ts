import { type DatumId, idOfBytes, type ObjectClass, scanLinks } from '@daggerml/object-model';
import { executionError } from '../errors.ts';
import type { UnpackedObject } from '../worker/packed-objects.ts';

interface ByteSource {
  getBytes(objectClass: ObjectClass, objectId: string): Uint8Array | undefined;
}

/** Collects everything that datums are made of, except for the chunks of blobs. Throws `object_missing`. */
export function datumClosure(datumIds: readonly DatumId[], source: ByteSource): UnpackedObject[] {
  const found = new Map<string, UnpackedObject>();
  const open: { readonly objectClass: ObjectClass; readonly id: string }[] = [];
  const visit = (objectClass: ObjectClass, id: string): void => {
    // @spec DML-EXE-0804
    if (objectClass !== 'chunk' && !found.has(id)) open.push({ objectClass, id });
  };
  for (const id of datumIds) visit('datum', id);
  for (let link = open.pop(); link; link = open.pop()) {
    const { objectClass, id } = link;
    if (found.has(id)) continue;
    const bytes = source.getBytes(objectClass, id);
    if (!bytes) throw executionError('object_missing', { class: objectClass, objectId: id });
    found.set(id, { objectClass, objectId: id, bytes });
    scanLinks(bytes, (linkedClass, at) => visit(linkedClass, idOfBytes(bytes, at)));
  }
  return [...found.values()];
}
