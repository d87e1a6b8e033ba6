import { type DatumId, type ObjectClass, type ObjectLink, recordLinks } from '@daggerml/object-model';
import { executionError } from '../errors.ts';
import type { UnpackedObject } from '../worker/packed-objects.ts';
import { decodeAs } from './decode-as.ts';

interface ByteSource {
  getBytes(objectClass: ObjectClass, objectId: string): Uint8Array | undefined;
}

/** Collects everything that datums are made of, except for the chunks of blobs. Throws `object_missing`. */
export function datumClosure(datumIds: readonly DatumId[], source: ByteSource): UnpackedObject[] {
  const found = new Map<string, UnpackedObject>();
  const open: ObjectLink[] = datumIds.map((id) => ({ objectClass: 'datum', id }));
  for (let link = open.pop(); link; link = open.pop()) {
    const { objectClass, id } = link;
    // @spec DML-EXE-0804
    if (objectClass === 'chunk' || found.has(id)) continue;
    const bytes = source.getBytes(objectClass, id);
    if (!bytes) throw executionError('object_missing', { class: objectClass, objectId: id });
    found.set(id, { objectClass, objectId: id, bytes });
    open.push(...recordLinks(decodeAs(objectClass, bytes)));
  }
  return [...found.values()];
}
