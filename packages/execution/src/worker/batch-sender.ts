import {
  type BlobStore,
  type ChunkId,
  hashBytes,
  MAX_RECORD_BYTES,
  type ObjectClass,
  type PageId,
} from '@daggerml/object-model';
import type { PackedObjects } from './packed-objects.ts';

/** Memory of one batch. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** A batch of this size may have no room for another object and is sent. */
export const FULL_BATCH_BYTES: number = BATCH_BYTES - MAX_RECORD_BYTES;
/** Batches that the receiver may have while the next one is filled. */
const MAX_SENT = 2;

/**
 * Sends the objects of a thread to the process in batches. A few batches are on their way at a time, in memory that the
 * receiver gives back: fresh memory for each of them would cost more than what is done with the bytes.
 */
export class BatchSender implements BlobStore {
  readonly #send: (objects: PackedObjects) => void;
  #classes: ObjectClass[] = [];
  #objectIds: string[] = [];
  #ends: number[] = [];
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  #length = 0;
  #sent = 0;
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  /** Those who wait for a batch to be taken. */
  #waiting: (() => void)[] = [];

  /** Creates a sender; the memory of what it sends moves to the receiver. */
  constructor(send: (objects: PackedObjects) => void) {
    this.#send = send;
  }

  /** Returns nothing: a blob is written from front to back, and its pages are never read. */
  getPage(): undefined {
    return undefined;
  }

  putPage(bytes: Uint8Array): PageId {
    return this.#put('page', bytes) as PageId;
  }

  putChunk(bytes: Uint8Array): ChunkId {
    return this.#put('chunk', bytes) as ChunkId;
  }

  #put(objectClass: ObjectClass, bytes: Uint8Array): string {
    const objectId: string = hashBytes(bytes);
    this.add(objectClass, objectId, bytes);
    return objectId;
  }

  /** Takes an object, whose bytes are copied. */
  add(objectClass: ObjectClass, objectId: string, bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
    this.#classes.push(objectClass);
    this.#objectIds.push(objectId);
    this.#ends.push(end);
    if (end > FULL_BATCH_BYTES) this.flush();
  }

  #grow(neededBytes: number): void {
    const grown =
      this.#spare.pop() ?? new Uint8Array(Math.min(BATCH_BYTES, Math.max(neededBytes, 2 * this.#length)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  /** Sends what has gathered. */
  flush(): void {
    const objects = this.take();
    if (objects === undefined) return;
    this.#sent += 1;
    this.#send(objects);
  }

  /** Returns what has gathered, for the caller to send; undefined when nothing has. */
  take(): PackedObjects | undefined {
    if (this.#ends.length === 0) return undefined;
    const [classes, objectIds, ends] = [this.#classes, this.#objectIds, this.#ends];
    this.#classes = [];
    this.#objectIds = [];
    this.#ends = [];
    // What waits to be written is counted by its bytes, not by the memory behind them.
    const isSparse = this.#length * 2 < this.#bytes.length;
    const bytes = isSparse ? this.#bytes.slice(0, this.#length) : this.#bytes;
    if (!isSparse) this.#bytes = new Uint8Array();
    this.#length = 0;
    return { classes, objectIds, ends, bytes };
  }

  /** Notes that the receiver has taken a batch, and takes back memory that it does not need any more. */
  noteTaken(free: readonly Uint8Array<ArrayBuffer>[]): void {
    this.#sent -= 1;
    for (const bytes of free) if (bytes.length === BATCH_BYTES) this.#spare.push(bytes);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** True when no batch is on its way. */
  get isIdle(): boolean {
    return this.#sent === 0;
  }

  /**
   * Resolves when at most so many batches are on their way.
   *
   * @spec DML-EXE-2660
   */
  async hasRoom(maxSent: number = MAX_SENT): Promise<void> {
    while (this.#sent > maxSent) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
