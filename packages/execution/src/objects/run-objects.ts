import {
  type BlobDatum,
  type ChunkId,
  copyBytes,
  type Datum,
  type DatumId,
  hashBytes,
  type ObjectClass,
  type Records,
} from '@daggerml/object-model';
import { ifReadable, type ListingChange } from '@daggerml/store';
import { lowerStream, type ObjectSource, type StreamSink } from '@daggerml/values';
import type { FileIdentity } from '../files/file-identity.ts';
import { fileStream } from '../files/read-file.ts';
import { OpenStoreFiles } from '../files/store-file.ts';
import { IngestThread, isWorthThread } from '../ingest/ingest-thread.ts';
import { FULL_BATCH_BYTES } from '../worker/batch-sender.ts';
import { type PackedObjects, unpackObjects } from '../worker/packed-objects.ts';
import { decodeAs } from './decode-as.ts';
import { ObjectBuffer } from './object-buffer.ts';

/**
 * Objects that are written before the transaction that names them, so that they do not fill the memory: two batches,
 * since each transaction waits for the disk and rewrites the pages of the keys.
 */
const MAX_STREAMED_BYTES = 2 * FULL_BATCH_BYTES;

/** Objects that a run reads and writes: the buffer, seen as source and sink of values. */
export class RunObjects extends ObjectBuffer implements ObjectSource, StreamSink {
  /** Ends with the large file that is read now: all share one writer, so more threads would only take memory. */
  #ingested: Promise<unknown> = Promise.resolve();
  readonly #thread = new IngestThread();
  #storeFiles: OpenStoreFiles | undefined;
  /** Runs when a stream or a result has filled the memory it may take. */
  whenFull: () => void = () => this.writeAll();
  whenMembers: ((members: number) => void) | undefined;

  /** The files that are never read. */
  get storeFiles(): OpenStoreFiles {
    this.#storeFiles ??= new OpenStoreFiles(this.store.path);
    return this.#storeFiles;
  }

  readDatum(datumId: DatumId): Datum {
    return this.read('datum', datumId);
  }

  async readChunk(chunkId: string): Promise<Uint8Array> {
    const bytes = this.getChunk(chunkId);
    if (!bytes) throw this.missing('chunk', chunkId);
    return bytes;
  }

  bringChunks(chunkIds: readonly ChunkId[]): Promise<void> | undefined {
    return this.store.mayBring ? this.store.bring('chunk', chunkIds) : undefined;
  }

  putDatum(bytes: Uint8Array): DatumId {
    return this.putBytes('datum', bytes);
  }

  async drain(): Promise<void> {
    this.makeRoom();
  }

  /** Writes what is held when it is so much. */
  makeRoom(sizeBytes: number = MAX_STREAMED_BYTES): void {
    if (this.sizeBytes >= sizeBytes) this.whenFull();
  }

  /** Takes over objects that another thread made; ids are computed here. Once all is written their memory is free. */
  take(packed: PackedObjects): void {
    for (const { objectClass, bytes } of unpackObjects(packed))
      this.#takeHashed(objectClass, hashBytes(bytes), bytes);
    this.makeRoom();
  }

  #takeHashed(objectClass: ObjectClass, objectId: string, bytes: Uint8Array): void {
    // Of records, what was read may go on as views.
    this.putHashed(objectClass, objectId, objectClass === 'chunk' ? bytes : copyBytes(bytes));
  }

  /**
   * Stores the chunks of a file and returns the datum of its blob, not stored. Rejects with `unreadable_file`, also for
   * a file that is not as it was `seen`.
   */
  async lowerFile(path: string, seen?: FileIdentity): Promise<BlobDatum> {
    this.storeFiles.refuse(path, seen);
    if (!(await isWorthThread(path))) return lowerStream(fileStream(path, seen), this);
    const ingest = (): Promise<BlobDatum> =>
      this.#thread.ingest({ path, seen }, (packed) => this.#takeIngested(packed));
    const ingested = this.#ingested.then(ingest, ingest);
    this.#ingested = ingested;
    return ingested;
  }

  /** Returns whether the memory of the objects is free again. */
  #takeIngested(packed: PackedObjects): boolean {
    // The ids are those of this package's own code.
    for (const { objectClass, objectId, bytes } of unpackObjects(packed))
      this.#takeHashed(objectClass, objectId, bytes);
    this.makeRoom();
    return this.isDry || !this.hasPending;
  }

  /**
   * Makes sure that datums of the store stay, with all that they are made of, and returns those that are not there.
   * What a place is remembered by counts as used.
   */
  retainDatums(datumIds: readonly DatumId[], place: Uint8Array): DatumId[] {
    // A store that is open for reading holds nothing.
    if (this.isDry) return datumIds.filter((datumId) => !this.store.has('datum', datumId));
    const missing: DatumId[] = [];
    this.store.transact('files', (transaction) => {
      // @spec DML-EXE-0869
      for (const datumId of datumIds) if (!transaction.retain('datum', datumId)) missing.push(datumId);
      transaction.renewListing(place);
    });
    return missing;
  }

  /**
   * Writes what is to be remembered of files, at once: a run that ends as the last one did drops what it has not
   * written.
   */
  remember(listing: ListingChange): void {
    if (this.isDry) return;
    this.putListing(listing);
    this.whenFull();
  }

  /** Writes everything that is held, before anything names it. */
  writeAll(): void {
    // @spec DML-EXE-3502
    if (this.isDry) return;
    this.store.transact('objects', (transaction) => this.writeTo(transaction));
    this.clear();
  }

  /** Returns a record that the caller can do without; undefined also when its bytes are damaged or excised. */
  getPresent<Class extends 'exec' | 'dag'>(objectClass: Class, objectId: string): Records[Class] | undefined {
    return ifReadable(() => {
      const bytes = this.getBytes(objectClass as ObjectClass, objectId);
      return bytes && decodeAs(objectClass, bytes);
    });
  }

  /** Returns the bytes of a record; undefined as for `getPresent`. */
  getPresentBytes(objectClass: 'exec' | 'dag', objectId: string): Uint8Array | undefined {
    return ifReadable(() => this.getBytes(objectClass, objectId));
  }
}
