import { type ObjectClass, objectClassOf } from '@daggerml/object-model';

/** The number of objects of a class and the bytes of their records. */
export interface ClassTally {
  readonly objects: number;
  readonly bytes: number;
}

/** Counts by class; classes without objects are left out. */
export interface ObjectTally {
  readonly objects: number;
  readonly bytes: number;
  readonly byClass: Readonly<Partial<Record<ObjectClass, ClassTally>>>;
}

/** Counts objects and bytes by the class byte of their keys. */
export class TallyCounter {
  readonly #objects: Float64Array = new Float64Array(256);
  readonly #bytes: Float64Array = new Float64Array(256);

  add(classByte: number, bytes: number): void {
    this.#objects[classByte] = (this.#objects[classByte] as number) + 1;
    this.#bytes[classByte] = (this.#bytes[classByte] as number) + bytes;
  }

  value(): ObjectTally {
    const byClass: Partial<Record<ObjectClass, ClassTally>> = {};
    let objects = 0;
    let bytes = 0;
    for (let byte = 0; byte < 256; byte += 1) {
      const objectClass = objectClassOf(byte);
      const count = this.#objects[byte] as number;
      if (objectClass === undefined || count === 0) continue;
      byClass[objectClass] = { objects: count, bytes: this.#bytes[byte] as number };
      objects += count;
      bytes += this.#bytes[byte] as number;
    }
    return { objects, bytes, byClass };
  }
}
