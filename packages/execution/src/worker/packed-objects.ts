import type { ObjectClass } from '@daggerml/object-model';

/** Objects as they travel between threads: one array of bytes instead of many small ones. */
export interface PackedObjects {
  readonly classes: readonly ObjectClass[];
  /** Ids as the sender computed them; a receiver that does not trust the sender computes them again. */
  readonly objectIds: readonly string[];
  /** End offset of each object. */
  readonly ends: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface UnpackedObject {
  readonly objectClass: ObjectClass;
  readonly objectId: string;
  readonly bytes: Uint8Array;
}

/** Packs objects; the bytes are copied. */
export function packObjects(objects: readonly UnpackedObject[]): PackedObjects {
  const ends: number[] = [];
  let end = 0;
  for (const object of objects) {
    end += object.bytes.length;
    ends.push(end);
  }
  const bytes = new Uint8Array(end);
  objects.forEach((object, index) => {
    bytes.set(object.bytes, (ends[index] as number) - object.bytes.length);
  });
  return {
    classes: objects.map((object) => object.objectClass),
    objectIds: objects.map((object) => object.objectId),
    ends,
    bytes,
  };
}

/** Iterates packed objects; their bytes are views. */
export function* unpackObjects(packed: PackedObjects): Generator<UnpackedObject> {
  let start = 0;
  for (let index = 0; index < packed.ends.length; index++) {
    const end = packed.ends[index] as number;
    yield {
      objectClass: packed.classes[index] as ObjectClass,
      objectId: packed.objectIds[index] as string,
      bytes: packed.bytes.subarray(start, end),
    };
    start = end;
  }
}
