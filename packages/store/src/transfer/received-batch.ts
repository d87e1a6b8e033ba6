import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import { OBJECT_KEY_BYTES, writeObjectKey } from '../tables/keyspace.ts';

/** Bytes and objects that one transaction of an import puts. */
const BATCH_BYTES: number = 4 * 2 ** 20;
const BATCH_OBJECTS = 20_000;
/** Above every number of an object in a batch. */
const NUMBER_SPAN: number = 2 ** 15;

/** An object of a stream that is not in the store yet. */
export interface PendingObject {
  readonly class: ObjectClass;
  readonly id: ObjectId;
  readonly bytes: Buffer;
}

/** Objects of a stream that are put in one transaction, with their keys. */
export class ReceivedBatch {
  #keys: Buffer = Buffer.allocUnsafeSlow(1024 * OBJECT_KEY_BYTES);
  #objects: PendingObject[] = [];
  #bytes = 0;

  get count(): number {
    return this.#objects.length;
  }

  /** True once the objects make a transaction. */
  get isFull(): boolean {
    return this.#bytes >= BATCH_BYTES || this.#objects.length >= BATCH_OBJECTS;
  }

  add(object: PendingObject): void {
    const at = this.#objects.length * OBJECT_KEY_BYTES;
    if (at === this.#keys.length) {
      const grown = Buffer.allocUnsafeSlow(this.#keys.length * 2);
      this.#keys.copy(grown);
      this.#keys = grown;
    }
    writeObjectKey(this.#keys, at, object.class, object.id);
    this.#objects.push(object);
    this.#bytes += object.bytes.length;
  }

  /**
   * Iterates over the objects by their keys, as far as their first four bytes tell them apart: rows that are neighbours
   * are put one after the other, so that the engine finds the page of most of them where it has just been.
   */
  *inKeyOrder(): Generator<PendingObject, void, undefined> {
    const order = new Float64Array(this.#objects.length);
    for (let number = 0; number < order.length; number += 1)
      order[number] = this.#keys.readUInt32BE(number * OBJECT_KEY_BYTES) * NUMBER_SPAN + number;
    order.sort();
    for (const place of order) yield this.#objects[place % NUMBER_SPAN] as PendingObject;
  }

  clear(): void {
    this.#objects = [];
    this.#bytes = 0;
  }
}
