import {
  type BlobStore,
  type ChunkId,
  hashBytes,
  type ObjectClass,
  type PageId,
} from '@daggerml/object-model';
import type { PackedObjects } from '../worker/packed-objects.ts';

const BATCH_BYTES = 4 * 1024 * 1024;
/** The longest object there is. */
const MAX_OBJECT_BYTES = 1024 * 1024;

/** Gathers the chunks and pages of a blob in batches that are handed over as they fill. */
export class BatchingSink implements BlobStore {
  readonly #handOver: (objects: PackedObjects) => void;
  #classes: ObjectClass[] = [];
  #objectIds: string[] = [];
  #ends: number[] = [];
  #bytes = new Uint8Array(BATCH_BYTES);
  #length = 0;

  constructor(handOver: (objects: PackedObjects) => void) {
    this.#handOver = handOver;
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
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#classes.push(objectClass);
    this.#objectIds.push(objectId);
    this.#ends.push(this.#length);
    if (this.#length + MAX_OBJECT_BYTES > BATCH_BYTES) this.flush();
    return objectId;
  }

  /** Hands over what has gathered. */
  flush(): void {
    if (this.#length === 0) return;
    const [classes, objectIds, ends, bytes] = [this.#classes, this.#objectIds, this.#ends, this.#bytes];
    this.#classes = [];
    this.#objectIds = [];
    this.#ends = [];
    this.#bytes = new Uint8Array(BATCH_BYTES);
    this.#length = 0;
    this.#handOver({ classes, objectIds, ends, bytes });
  }
}
