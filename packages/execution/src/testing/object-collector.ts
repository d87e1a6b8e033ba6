import { type ChunkId, type DatumId, hashBytes, type ObjectClass, type PageId } from '@daggerml/object-model';
import type { ObjectSink } from '@daggerml/values';
import type { UnpackedObject } from '../worker/packed-objects.ts';

/** Collects the objects that a value is lowered to. */
export class ObjectCollector implements ObjectSink {
  readonly all: UnpackedObject[] = [];

  putDatum(bytes: Uint8Array): DatumId {
    return this.#put('datum', bytes) as DatumId;
  }

  hasDatum(datumId: DatumId): boolean {
    return this.all.some(({ objectId }) => objectId === datumId);
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.all.find(({ objectId }) => objectId === pageId)?.bytes;
  }

  putPage(bytes: Uint8Array): PageId {
    return this.#put('page', bytes) as PageId;
  }

  putChunk(bytes: Uint8Array): ChunkId {
    return this.#put('chunk', bytes.slice()) as ChunkId;
  }

  #put(objectClass: ObjectClass, bytes: Uint8Array): string {
    const objectId = hashBytes(bytes) as string;
    this.all.push({ objectClass, objectId, bytes });
    return objectId;
  }
}
