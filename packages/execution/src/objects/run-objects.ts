import type { BlobDatum, Datum, DatumId, ObjectClass, Records } from '@daggerml/object-model';
import { isDmlError } from '@daggerml/object-model';
import { executionError } from '../errors.ts';
import { ingestFile, isWorthThread } from '../ingest/ingest-file.ts';
import type { ObjectSource, StreamSink } from '../values/object-access.ts';
import { type PackedObjects, unpackObjects } from '../worker/packed-objects.ts';
import { decodeAs } from './decode-as.ts';
import { ObjectBuffer } from './object-buffer.ts';

/** Objects that are written before the transaction that names them, so that they do not fill the memory. */
const MAX_STREAMED_BYTES = 8 * 1024 * 1024;

/** What a run reads and writes: the buffer, seen as source and sink of values. */
export class RunObjects extends ObjectBuffer implements ObjectSource, StreamSink {
  /** Ends with the large file that is read now: all share one writer, so more threads would only take memory. */
  #ingested: Promise<unknown> = Promise.resolve();
  /** What is done when a stream or a result has filled the memory it may take. */
  whenFull: () => void = () => this.writeAll();
  whenMembers: ((members: number) => void) | undefined;

  readDatum(datumId: DatumId): Datum {
    return this.read('datum', datumId);
  }

  async readChunk(chunkId: string): Promise<Uint8Array> {
    const bytes = this.getBytes('chunk', chunkId);
    if (!bytes) throw executionError('object_missing', { class: 'chunk', objectId: chunkId });
    return bytes;
  }

  putDatum(bytes: Uint8Array): DatumId {
    return this.putBytes('datum', bytes);
  }

  async drain(): Promise<void> {
    if (this.sizeBytes >= MAX_STREAMED_BYTES) this.whenFull();
  }

  /** Takes over objects that another thread made; ids are computed here. */
  take(packed: PackedObjects): void {
    for (const { objectClass, bytes } of unpackObjects(packed)) this.putBytes(objectClass, bytes);
    if (this.sizeBytes >= MAX_STREAMED_BYTES) this.whenFull();
  }

  async lowerLargeFile(path: string): Promise<BlobDatum | undefined> {
    if (!(await isWorthThread(path))) return undefined;
    const ingest = (): Promise<BlobDatum> => ingestFile(path, (packed) => this.#takeHashed(packed));
    const ingested = this.#ingested.then(ingest, ingest);
    this.#ingested = ingested;
    return ingested;
  }

  #takeHashed(packed: PackedObjects): void {
    // The ids are those of this package's own code.
    for (const { objectClass, objectId, bytes } of unpackObjects(packed))
      this.putHashed(objectClass, objectId, bytes);
    if (this.sizeBytes >= MAX_STREAMED_BYTES) this.whenFull();
  }

  /** Writes everything that is held, before anything names it. */
  writeAll(): void {
    this.store.transact('objects', (transaction) => this.writeTo(transaction));
    this.clear();
  }

  /** A record, undefined as well when its bytes are damaged or excised: for what may be missed. */
  getPresent<Class extends 'exec' | 'dag'>(objectClass: Class, objectId: string): Records[Class] | undefined {
    return orUndefined(() => {
      const bytes = this.getBytes(objectClass as ObjectClass, objectId);
      return bytes && decodeAs(objectClass, bytes);
    });
  }

  /** The bytes of a record, undefined as `getPresent` is. */
  getPresentBytes(objectClass: 'exec' | 'dag', objectId: string): Uint8Array | undefined {
    return orUndefined(() => this.getBytes(objectClass, objectId));
  }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}
