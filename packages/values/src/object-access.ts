import type { BlobDatum, ChunkId, Datum, DatumId, PageSource, PageStore } from '@daggerml/object-model';

/** Source of the objects of lifted values. */
export interface ObjectSource extends PageSource {
  /** Throws `object_missing` when it is not there. */
  readDatum(datumId: DatumId): Datum;
  /** Rejects with `object_missing` when it is not there. */
  readChunk(chunkId: ChunkId): Promise<Uint8Array>;
  /** Brings those of some chunks that were left out, before they are read; a source without it has all that it names. */
  bringChunks?(chunkIds: readonly ChunkId[]): Promise<void> | undefined;
  /** Reads chunks together, where that costs less: those before the first one that is not there. */
  readChunks?(chunkIds: readonly ChunkId[]): Promise<readonly Uint8Array[]>;
}

/** Sink for the objects of lowered values; it owns the bytes that are put. */
export interface ObjectSink extends PageStore {
  /** Takes the encoded record of a datum. */
  putDatum(bytes: Uint8Array): DatumId;
  /** Checks whether a datum is there already, so that it may be linked. */
  hasDatum(datumId: DatumId): boolean;
  putChunk(bytes: Uint8Array): ChunkId;
  /** Hears after every so many members of one value how many were taken. */
  whenMembers?: ((members: number) => void) | undefined;
}

/** A sink that can ask a stream to wait. */
export interface StreamSink extends ObjectSink {
  /** Resolves when more chunks may come; bounds the memory that a stream takes. */
  drain(): Promise<void>;
  /** Stores the chunks of a file and returns the datum of its blob, not stored; a sink without it takes no files. */
  lowerFile?(path: string): Promise<BlobDatum>;
}
