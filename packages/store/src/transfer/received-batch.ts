import { newStaging, type StagingBuffer, type TakeStaged } from '../objects/put-batch.ts';
import { OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import { MAX_BLOCK_BYTES } from './car-reader.ts';

/** Bytes and objects that one transaction of an import puts. */
const BATCH_BYTES: number = 4 * 2 ** 20;
const BATCH_OBJECTS = 20_000;
const MAX_STAGING_BYTES: number = BATCH_BYTES + MAX_BLOCK_BYTES;
/** Objects and bytes for which there is room at first. */
const FIRST_OBJECTS = 256;
const FIRST_BYTES = 65_536;
/** Above every number of an object in a batch. */
const NUMBER_SPAN: number = 2 ** 15;

/** Copies of the objects of a stream that are put in one transaction, one behind the other, and their keys. */
export class ReceivedBatch {
  #keys: Buffer = Buffer.allocUnsafeSlow(FIRST_OBJECTS * OBJECT_KEY_BYTES);
  #staging: StagingBuffer = newStaging(FIRST_BYTES);
  /** Ends of the objects, behind a zero. */
  #ends: Uint32Array = new Uint32Array(FIRST_OBJECTS + 1);
  #count = 0;
  #length = 0;

  get count(): number {
    return this.#count;
  }

  /** True once the objects make a transaction. */
  get isFull(): boolean {
    return this.#length >= BATCH_BYTES || this.#count >= BATCH_OBJECTS;
  }

  /** Adds an object by its key; keeps copies of both. */
  add(key: Uint8Array, bytes: Uint8Array): void {
    if (this.#count === this.#ends.length - 1) this.#growCount();
    if (this.#length + bytes.length > this.#staging.length) this.#growStaging(bytes.length);
    const keyAt = this.#count * OBJECT_KEY_BYTES;
    for (let at = 0; at < OBJECT_KEY_BYTES; at += 1) this.#keys[keyAt + at] = key[at] as number;
    this.#staging.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#count += 1;
    this.#ends[this.#count] = this.#length;
  }

  /**
   * Hands over the objects by their keys, as far as their first four bytes tell them apart: rows that are neighbours are
   * put one after the other, so that the engine finds the page of most of them where it has just been.
   */
  inKeyOrder(take: TakeStaged): void {
    const order = new Float64Array(this.#count);
    for (let number = 0; number < order.length; number += 1)
      order[number] = this.#keys.readUInt32BE(number * OBJECT_KEY_BYTES) * NUMBER_SPAN + number;
    order.sort();
    const staging = this.#staging;
    for (const place of order) {
      const number = place % NUMBER_SPAN;
      staging.start = this.#ends[number] as number;
      staging.end = this.#ends[number + 1] as number;
      const keyAt = number * OBJECT_KEY_BYTES;
      take(this.#keys.subarray(keyAt, keyAt + OBJECT_KEY_BYTES), staging, staging.end - staging.start);
    }
  }

  clear(): void {
    this.#count = 0;
    this.#length = 0;
  }

  #growCount(): void {
    const keys = Buffer.allocUnsafeSlow(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const ends = new Uint32Array(this.#ends.length * 2 - 1);
    ends.set(this.#ends);
    this.#ends = ends;
  }

  #growStaging(addedBytes: number): void {
    const wanted = Math.max(this.#staging.length * 2, this.#length + addedBytes);
    const staging = newStaging(Math.min(wanted, MAX_STAGING_BYTES));
    staging.set(this.#staging.subarray(0, this.#length));
    this.#staging = staging;
  }
}
