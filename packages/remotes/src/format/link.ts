import {
  OBJECT_CLASS_NUMBERS,
  type ObjectClass,
  type ObjectId,
  objectClassOf,
  writeIdBytes,
} from '@daggerml/object-model';
import { ObjectKeySet } from '@daggerml/store';

/** An object as its links name it. */
export interface Link {
  readonly class: ObjectClass;
  readonly id: ObjectId;
}

/** An object with its bytes. */
export interface LinkedObject extends Link {
  readonly bytes: Uint8Array;
}

/** Objects by class and id: about 50 bytes for each. */
export class LinkSet {
  readonly #keys = new ObjectKeySet();
  readonly #key: Uint8Array = new Uint8Array(33);

  get size(): number {
    return this.#keys.size;
  }

  /** Returns false where the object is in the set already. */
  add(link: Link): boolean {
    return this.#keys.add(this.#keyOf(link));
  }

  /** Adds the objects of another set. */
  addAll(other: LinkSet): void {
    for (let ordinal = 0; ordinal < other.size; ordinal += 1) this.#keys.add(other.#keys.keyAt(ordinal));
  }

  has(link: Link): boolean {
    return this.#keys.has(this.#keyOf(link));
  }

  /** Iterates over the objects in the order in which they came. */
  *[Symbol.iterator](): Generator<Link, void, undefined> {
    for (let ordinal = 0; ordinal < this.#keys.size; ordinal += 1) {
      const key = this.#keys.keyAt(ordinal);
      const id = Buffer.from(key.buffer, key.byteOffset + 1, key.length - 1).toString('hex') as ObjectId;
      yield { class: objectClassOf(key[0] as number) as ObjectClass, id };
    }
  }

  #keyOf({ class: objectClass, id }: Link): Uint8Array {
    this.#key[0] = OBJECT_CLASS_NUMBERS[objectClass];
    writeIdBytes(id, this.#key, 1);
    return this.#key;
  }
}
