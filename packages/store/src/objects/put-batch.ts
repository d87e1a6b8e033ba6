import type { ObjectClass, ObjectId } from '@daggerml/object-model';
import { OBJECT_KEY_BYTES, writeObjectKey } from '../tables/keyspace.ts';

const BATCH_OBJECTS = 64;
const STAGING_BYTES = 65_536;
/** Copying longer bytes would cost more than it saves. */
const MAX_STAGED_BYTES = 4096;

/** A buffer whose address the engine looks up once; it takes `start` and `end` in place of a view. */
export interface StagingBuffer extends Buffer {
  start: number;
  end: number;
}

/** Returns a buffer for staged values. */
export function newStaging(sizeBytes: number): StagingBuffer {
  return Object.assign(Buffer.allocUnsafeSlow(sizeBytes), { start: 0, end: 0 });
}

/** Returns a view of what a staged value stands for. */
export function stagedBytes(value: Uint8Array): Uint8Array {
  const { start, end } = value as StagingBuffer;
  return value.subarray(start, end);
}

/** Takes one object of a batch; key and value are valid until it returns. */
export type TakeStaged = (key: Buffer, value: Uint8Array, sizeBytes: number) => void;

/** The batch of the last transaction; there is rarely more than one at a time. */
let spare: PutBatch | undefined;

/**
 * Copies of small objects on their way to the engine, which takes them in one go: hashing and writing in turn
 * would drive each other out of the processor's caches.
 */
export class PutBatch {
  readonly #staging: StagingBuffer = newStaging(STAGING_BYTES);
  readonly #keys: Buffer = Buffer.allocUnsafeSlow(BATCH_OBJECTS * OBJECT_KEY_BYTES);
  readonly #keyViews: Buffer[] = Array.from({ length: BATCH_OBJECTS }, (_, at) =>
    this.#keys.subarray(at * OBJECT_KEY_BYTES, (at + 1) * OBJECT_KEY_BYTES),
  );
  readonly #ends: Int32Array = new Int32Array(BATCH_OBJECTS);
  #count = 0;
  #length = 0;

  get count(): number {
    return this.#count;
  }

  /** Checks whether the bytes can be added now; if not, an empty batch may take them. */
  hasRoom(sizeBytes: number): boolean {
    return this.#count < BATCH_OBJECTS && this.#length + sizeBytes <= STAGING_BYTES;
  }

  /** Checks whether bytes of this length go through a batch at all. */
  static takes(sizeBytes: number): boolean {
    return sizeBytes <= MAX_STAGED_BYTES;
  }

  /** Copies one object for which there is room. */
  add(objectClass: ObjectClass, id: ObjectId, bytes: Uint8Array): void {
    writeObjectKey(this.#keys, this.#count * OBJECT_KEY_BYTES, objectClass, id);
    // @spec DML-STO-0132
    this.#staging.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#ends[this.#count++] = this.#length;
  }

  /** Empties the batch and hands over what was in it, in the order in which it came. */
  drain(take: TakeStaged): void {
    const count = this.#count;
    this.clear();
    let start = 0;
    for (let at = 0; at < count; at += 1) {
      const end = this.#ends[at] as number;
      this.#staging.start = start;
      this.#staging.end = end;
      take(this.#keyViews[at] as Buffer, this.#staging, end - start);
      start = end;
    }
  }

  /** Returns the packed keys of the first `count` objects of what was drained last. */
  keys(count: number): Buffer {
    return this.#keys.subarray(0, count * OBJECT_KEY_BYTES);
  }

  /** Forgets what is in the batch. */
  clear(): void {
    this.#count = 0;
    this.#length = 0;
  }

  /** Returns an empty batch for one transaction to use. */
  static take(): PutBatch {
    const batch = spare ?? new PutBatch();
    spare = undefined;
    return batch;
  }

  /** Releases the batch and drops whatever is in it. */
  release(): void {
    this.clear();
    spare = this;
  }
}
