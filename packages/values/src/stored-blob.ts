import { type BlobDatum, type ChunkId, type DatumId, treeEntries } from '@daggerml/object-model';
import type { ObjectSource } from './object-access.ts';
import { canReadTogether, readAhead } from './read-ahead.ts';
import type { BlobHandle } from './wrapped-values.ts';

/** Bytes of a blob that are brought together, where they were left out. */
const BROUGHT_BYTES = 16 * 1024 * 1024;

/** Yields the content of a blob, chunk by chunk; what was left out is brought before. */
export async function* blobStream(
  source: ObjectSource,
  { root }: BlobDatum,
): AsyncGenerator<Uint8Array, void, undefined> {
  const entries = treeEntries('chunks', root, source);
  if (canReadTogether(source)) return yield* readAhead(entries, source);
  let chunkIds: ChunkId[] = [];
  let sizeBytes = 0;
  for (const [chunkId, lengthBytes] of entries) {
    chunkIds.push(chunkId);
    sizeBytes += lengthBytes;
    if (sizeBytes < BROUGHT_BYTES) continue;
    yield* brought(source, chunkIds);
    chunkIds = [];
    sizeBytes = 0;
  }
  yield* brought(source, chunkIds);
}

async function* brought(
  source: ObjectSource,
  chunkIds: readonly ChunkId[],
): AsyncGenerator<Uint8Array, void, undefined> {
  await source.bringChunks?.(chunkIds);
  for (const chunkId of chunkIds) yield await source.readChunk(chunkId);
}

/** A blob of the repository, read chunk by chunk when it is asked for. */
export class StoredBlob implements BlobHandle {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly #source: ObjectSource;
  readonly #datumId: DatumId;
  readonly #datum: BlobDatum;

  constructor(source: ObjectSource, datumId: DatumId, datum: BlobDatum) {
    this.sizeBytes = datum.sizeBytes;
    this.sha256 = datum.contentSha256;
    this.#source = source;
    this.#datumId = datumId;
    this.#datum = datum;
  }

  /** @spec DML-BND-0908 */
  stream(): AsyncGenerator<Uint8Array, void, undefined> {
    return blobStream(this.#source, this.#datum);
  }

  async bytes(): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.sizeBytes);
    let at = 0;
    for await (const chunk of this.stream()) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  async text(): Promise<string> {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await this.bytes());
  }

  /** Returns the datum id of a handle. */
  static datumIdOf(handle: StoredBlob): DatumId {
    return handle.#datumId;
  }

  /** Checks whether a value is a handle of a stored blob. */
  static is(value: object): value is StoredBlob {
    return #datumId in value;
  }

  toJSON(): { sizeBytes: number; sha256: string } {
    return { sizeBytes: this.sizeBytes, sha256: this.sha256 };
  }
}
