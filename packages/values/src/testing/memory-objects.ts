import {
  type ChunkId,
  type Datum,
  type DatumId,
  decodeRecord,
  hashBytes,
  type PageId,
} from '@daggerml/object-model';
import { liftDatum } from '../lift.ts';
import { lowerValue } from '../lower.ts';
import type { ObjectSource, StreamSink } from '../object-access.ts';

/** Objects in memory, for values without a store. */
export class MemoryObjects implements ObjectSource, StreamSink {
  readonly #bytes = new Map<string, Uint8Array>();
  chunkReads = 0;

  get size(): number {
    return this.#bytes.size;
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.#bytes.get(pageId);
  }

  putPage(bytes: Uint8Array): PageId {
    return this.#put(bytes) as PageId;
  }

  putDatum(bytes: Uint8Array): DatumId {
    return this.#put(bytes) as DatumId;
  }

  hasDatum(datumId: DatumId): boolean {
    return this.#bytes.has(datumId);
  }

  putChunk(bytes: Uint8Array): ChunkId {
    return this.#put(bytes.slice()) as ChunkId;
  }

  readDatum(datumId: DatumId): Datum {
    return decodeRecord(this.#bytes.get(datumId) as Uint8Array, 'datum');
  }

  async readChunk(chunkId: ChunkId): Promise<Uint8Array> {
    this.chunkReads += 1;
    return this.#bytes.get(chunkId) as Uint8Array;
  }

  async drain(): Promise<void> {}

  lower(value: unknown): DatumId {
    return lowerValue(value, this, '');
  }

  lift(datumId: DatumId): unknown {
    return liftDatum(this, datumId);
  }

  #put(bytes: Uint8Array): string {
    const objectId = hashBytes(bytes) as string;
    this.#bytes.set(objectId, bytes);
    return objectId;
  }
}
