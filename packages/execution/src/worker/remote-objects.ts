import {
  type BlobDatum,
  type ChunkId,
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
import { IdIndex } from '../objects/id-index.ts';
import type { BatchSender } from './batch-sender.ts';
import type { PackedObjects } from './packed-objects.ts';

/** Reads chunks of the store: those before the first one that it does not have. */
export type ReadChunks = (chunkIds: readonly ChunkId[]) => Promise<readonly Uint8Array[]>;

/** Number of objects after the last found one to search before the index. */
const NEAR = 4;

/** The repository as a worker sees it: what came with the call, chunks on demand, results handed over in batches. */
export class RemoteObjects implements ObjectSource, StreamSink {
  readonly pageCache: PageCache = new PageCache();
  readonly #received: PackedObjects;
  /** Ids of what came, followed by those of what was put. */
  readonly #ids: string[];
  readonly #put: Uint8Array[] = [];
  readonly #index: IdIndex;
  /** Objects with lower numbers are in the index. */
  #indexedTo = 0;
  /** The number found last: inputs are read in the order in which they come. */
  #found = -1;
  readonly readChunks: ReadChunks;
  readonly #sender: BatchSender;

  constructor(objects: PackedObjects, readChunks: ReadChunks, sender: BatchSender) {
    this.#received = objects;
    this.#ids = [...objects.objectIds];
    this.#index = new IdIndex(this.#ids);
    this.readChunks = readChunks;
    this.#sender = sender;
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.#find(pageId);
  }

  readDatum(datumId: ObjectIds['datum']): Records['datum'] {
    const bytes = this.#find(datumId);
    if (!bytes) throw executionError('object_missing', { class: 'datum', objectId: datumId });
    return decodeAs('datum', bytes);
  }

  #find(objectId: string): Uint8Array | undefined {
    const number = this.#numberOf(objectId);
    if (number === undefined) return undefined;
    this.#found = number;
    const { ends, bytes } = this.#received;
    if (number >= ends.length) return this.#put[number - ends.length];
    return bytes.subarray(number === 0 ? 0 : ends[number - 1], ends[number]);
  }

  #numberOf(objectId: string): number | undefined {
    for (let number = this.#found + 1; number <= this.#found + NEAR; number += 1)
      if (this.#ids[number] === objectId) return number;
    for (; this.#indexedTo < this.#ids.length; this.#indexedTo += 1) this.#index.add(this.#indexedTo);
    return this.#index.find(objectId);
  }

  async readChunk(chunkId: ChunkId): Promise<Uint8Array> {
    const [bytes] = await this.readChunks([chunkId]);
    if (!bytes) throw executionError('object_missing', { class: 'chunk', objectId: chunkId });
    return bytes;
  }

  putDatum(bytes: Uint8Array): ObjectIds['datum'] {
    return this.#add('datum', bytes) as ObjectIds['datum'];
  }

  hasDatum(datumId: ObjectIds['datum']): boolean {
    return this.#numberOf(datumId) !== undefined;
  }

  putPage(bytes: Uint8Array): PageId {
    return this.#add('page', bytes) as PageId;
  }

  putChunk(bytes: Uint8Array): ChunkId {
    return this.#sender.putChunk(bytes);
  }

  lowerFile(path: string): Promise<BlobDatum> {
    return lowerStream(fileStream(path), this);
  }

  /** Waits for the process where it is behind; blobs do so between pieces. */
  drain(): Promise<void> {
    return this.#sender.hasRoom();
  }

  #add(objectClass: ObjectClass, bytes: Uint8Array): string {
    const objectId = hashBytes(bytes) as string;
    if (this.#numberOf(objectId) === undefined) {
      this.#ids.push(objectId);
      this.#put.push(bytes);
      this.#sender.add(objectClass, objectId, bytes);
    }
    return objectId;
  }
}
