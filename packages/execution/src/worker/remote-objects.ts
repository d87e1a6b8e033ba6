import {
  type BlobDatum,
  type ChunkId,
  copyBytes,
  hashBytes,
  type ObjectClass,
  type ObjectIds,
  PageCache,
  type PageId,
  type Records,
} from '@daggerml/object-model';
import { lowerStream, type ObjectSource, type StreamSink } from '@daggerml/values';
import { executionError } from '../errors.ts';
import { fileStream } from '../files/read-file.ts';
import { decodeAs } from '../objects/decode-as.ts';
import { type PackedObjects, packObjects, type UnpackedObject, unpackObjects } from './packed-objects.ts';

const BATCH_BYTES = 4 * 1024 * 1024;

/** The repository as a worker sees it: what came with the call, chunks on demand, results handed over in batches. */
export class RemoteObjects implements ObjectSource, StreamSink {
  readonly pageCache: PageCache = new PageCache();
  readonly #objects = new Map<string, Uint8Array>();
  readonly #read: (objectClass: ObjectClass, objectId: string) => Promise<Uint8Array | null>;
  readonly #handOver: (objects: PackedObjects) => Promise<void>;
  #batch: UnpackedObject[] = [];
  #batchBytes = 0;

  constructor(
    objects: PackedObjects,
    read: (objectClass: ObjectClass, objectId: string) => Promise<Uint8Array | null>,
    handOver: (objects: PackedObjects) => Promise<void>,
  ) {
    for (const { objectId, bytes } of unpackObjects(objects)) this.#objects.set(objectId, bytes);
    this.#read = read;
    this.#handOver = handOver;
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.#objects.get(pageId);
  }

  readDatum(datumId: ObjectIds['datum']): Records['datum'] {
    const bytes = this.#objects.get(datumId);
    if (!bytes) throw executionError('object_missing', { class: 'datum', objectId: datumId });
    return decodeAs('datum', bytes);
  }

  async readChunk(chunkId: ChunkId): Promise<Uint8Array> {
    const bytes = this.#objects.get(chunkId) ?? (await this.#read('chunk', chunkId));
    if (!bytes) throw executionError('object_missing', { class: 'chunk', objectId: chunkId });
    return bytes;
  }

  putDatum(bytes: Uint8Array): ObjectIds['datum'] {
    return this.#put('datum', bytes) as ObjectIds['datum'];
  }

  hasDatum(datumId: ObjectIds['datum']): boolean {
    return this.#objects.has(datumId);
  }

  putPage(bytes: Uint8Array): PageId {
    return this.#put('page', bytes) as PageId;
  }

  putChunk(bytes: Uint8Array): ChunkId {
    const objectId = hashBytes(bytes) as string;
    this.#batch.push({ objectClass: 'chunk', objectId, bytes: copyBytes(bytes) });
    this.#batchBytes += bytes.length;
    return objectId as ChunkId;
  }

  lowerFile(path: string): Promise<BlobDatum> {
    return lowerStream(fileStream(path), this);
  }

  /** Hands over what has gathered when it is much; blobs wait for it between chunks. */
  async drain(): Promise<void> {
    if (this.#batchBytes < BATCH_BYTES) return;
    const packed = this.takePacked();
    if (packed) await this.#handOver(packed);
  }

  /** Returns what has gathered, undefined when nothing has. */
  takePacked(): PackedObjects | undefined {
    if (this.#batch.length === 0) return undefined;
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    return packObjects(batch);
  }

  #put(objectClass: ObjectClass, bytes: Uint8Array): string {
    const objectId = hashBytes(bytes) as string;
    if (!this.#objects.has(objectId)) {
      this.#objects.set(objectId, bytes);
      this.#batch.push({ objectClass, objectId, bytes });
      this.#batchBytes += bytes.length;
    }
    return objectId;
  }
}
