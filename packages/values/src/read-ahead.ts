import type { ChunkId } from '@daggerml/object-model';
import type { ObjectSource } from './object-access.ts';

/** Size of the chunks that are asked for first, and most of later ones: who reads on is likely to read all. */
const FIRST_BYTES = 64 * 1024;
const MAX_BYTES = 1024 * 1024;

type ChunkEntry = readonly [chunkId: ChunkId, lengthBytes: number];
/** A source that reads several chunks for less than one by one. */
type TogetherSource = ObjectSource & Required<Pick<ObjectSource, 'readChunks'>>;

/** Chunks that were asked for together. */
interface Asked {
  readonly chunkIds: readonly ChunkId[];
  readonly reading: Promise<readonly Uint8Array[]>;
}

/** Checks whether a source reads several chunks in one go. */
export function canReadTogether(source: ObjectSource): source is TogetherSource {
  return source.readChunks !== undefined;
}

/** Yields chunks in order, several of which are read together while the caller works on the ones before. */
export async function* readAhead(
  entries: Iterable<ChunkEntry>,
  source: TogetherSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const left = entries[Symbol.iterator]();
  let asked = ask(left, FIRST_BYTES, source);
  for (let sizeBytes = 2 * FIRST_BYTES; asked; sizeBytes = Math.min(2 * sizeBytes, MAX_BYTES)) {
    const { chunkIds, reading } = asked;
    const chunks = await reading;
    asked = ask(left, sizeBytes, source);
    yield* chunks;
    // The first one is missing, and reading it alone says why. @spec DML-BND-1580
    for (const chunkId of chunkIds.slice(chunks.length)) yield await source.readChunk(chunkId);
  }
}

/** Asks for the next chunks; undefined when there are no more. */
function ask(left: Iterator<ChunkEntry>, sizeBytes: number, source: TogetherSource): Asked | undefined {
  const chunkIds: ChunkId[] = [];
  // @spec DML-BND-1581
  for (let taken = 0; taken < sizeBytes; ) {
    const next = left.next();
    if (next.done) break;
    chunkIds.push(next.value[0]);
    taken += next.value[1];
  }
  if (chunkIds.length === 0) return undefined;
  const reading = source.readChunks(chunkIds);
  // The caller may never come back for them.
  reading.catch(() => {});
  return { chunkIds, reading };
}
