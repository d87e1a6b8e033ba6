import {
  type BlobSource,
  type ChunkId,
  decodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  type ObjectIds,
  type PageId,
  type Records,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { peekRow, readRow } from '../engine/reading.ts';
import { ifReadable } from '../objects/if-readable.ts';
import type { RecordClass } from '../objects/objects.ts';
import { objectKey } from '../tables/keyspace.ts';

/** Objects as checks of others read them: one that cannot be read, for whatever reason, is not there. */
export class WholeRecords implements BlobSource {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Returns the length of the row of an object, whatever is in it; 0 where there is none. */
  rowBytes(objectClass: ObjectClass, id: ObjectId): number {
    return peekRow(this.#engine, 'objects', objectKey(objectClass, id) as Buffer)?.length ?? 0;
  }

  /** Reads the bytes of an object whose hash is its id. */
  getBytes(objectClass: ObjectClass, id: ObjectId): Buffer | undefined {
    const bytes = readRow(this.#engine, 'objects', objectKey(objectClass, id) as Buffer);
    return bytes === undefined || hashBytes(bytes) !== id ? undefined : bytes;
  }

  /** Reads a record that decodes. */
  get<Class extends RecordClass>(recordClass: Class, id: ObjectIds[Class]): Records[Class] | undefined {
    const bytes = this.getBytes(recordClass, id);
    return bytes && ifReadable(() => decodeRecord(bytes, recordClass));
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.getBytes('page', pageId);
  }

  getChunk(chunkId: ChunkId): Uint8Array | undefined {
    return this.getBytes('chunk', chunkId);
  }
}
