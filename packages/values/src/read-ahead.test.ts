import { type ChunkId, type DatumId, DmlError } from '@daggerml/object-model';
import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { lowerStream } from './lower-blob.ts';
import { MemoryObjects } from './testing/memory-objects.ts';
import { type BlobHandle, blob } from './wrapped-values.ts';

const MIB = 1024 * 1024;

/** Bytes without a pattern, the same in every run. */
function noise(sizeBytes: number): Uint8Array {
  const number = seededNumbers(1);
  return Uint8Array.from({ length: sizeBytes }, () => number(256));
}

/** Objects whose chunks are read together, as long as they are there. */
class TogetherObjects extends MemoryObjects {
  readonly missing = new Set<ChunkId>();
  readonly asked: ChunkId[][] = [];
  askedBytes = 0;

  async readChunks(chunkIds: readonly ChunkId[]): Promise<readonly Uint8Array[]> {
    this.asked.push([...chunkIds]);
    const chunks: Uint8Array[] = [];
    for (const chunkId of chunkIds) {
      if (this.missing.has(chunkId)) break;
      const chunk = await super.readChunk(chunkId);
      this.askedBytes += chunk.length;
      chunks.push(chunk);
    }
    return chunks;
  }

  override async readChunk(chunkId: ChunkId): Promise<Uint8Array> {
    if (this.missing.has(chunkId))
      throw new DmlError({ code: 'object_missing', fields: { objectId: chunkId }, message: 'missing' });
    return super.readChunk(chunkId);
  }
}

function stored(objects: MemoryObjects, content: Uint8Array): BlobHandle {
  return objects.lift(objects.lower(blob(content)) as DatumId) as BlobHandle;
}

describe('the stream of a blob whose chunks are read together', () => {
  const content = noise(6 * MIB);

  it('gives the content in order', async () => {
    for (const sizeBytes of [0, 1, 70_000, content.length]) {
      const objects = new TogetherObjects();
      const handle = stored(objects, content.subarray(0, sizeBytes));
      expect(Buffer.from(await handle.bytes()).equals(content.subarray(0, sizeBytes))).toBe(true);
    }
  });

  it('asks for little ahead of its reader, and for nothing before there is one [DML-BND-1581]', async () => {
    const objects = new TogetherObjects();
    const stream = stored(objects, content).stream();
    await new Promise((resolve) => setImmediate(resolve));
    expect(objects.asked).toEqual([]);
    let takenBytes = 0;
    let largest = 0;
    for await (const piece of stream) {
      await new Promise((resolve) => setImmediate(resolve));
      largest = Math.max(largest, objects.askedBytes - takenBytes);
      takenBytes += piece.length;
    }
    expect(takenBytes).toBe(content.length);
    expect(largest).toBeLessThanOrEqual(3 * MIB);
    // Together, and not one by one.
    expect(objects.asked.length).toBeLessThan(20);
    expect(objects.asked.flat().length).toBeGreaterThan(60);
  });

  it('gives the pieces before a missing one, and fails as reading it does [DML-BND-1580]', async () => {
    const probe = new TogetherObjects();
    await stored(probe, content).bytes();
    const chunkIds = probe.asked.flat();
    for (const at of [0, 1, 2, 40, chunkIds.length - 1]) {
      const objects = new TogetherObjects();
      const handle = stored(objects, content);
      objects.missing.add(chunkIds[at] as ChunkId);
      const pieces: Uint8Array[] = [];
      const reading = (async () => {
        for await (const piece of handle.stream()) pieces.push(piece);
      })();
      await expect(reading).rejects.toMatchObject({
        code: 'object_missing',
        fields: { objectId: chunkIds[at] },
      });
      expect(pieces).toHaveLength(at);
      const got = Buffer.concat(pieces);
      expect(got.equals(content.subarray(0, got.length))).toBe(true);
    }
  });

  it('goes on where a chunk has come back', async () => {
    const objects = new TogetherObjects();
    const handle = stored(objects, content);
    objects.readChunks = async (chunkIds) =>
      Promise.all(chunkIds.slice(0, 1).map((id) => objects.readChunk(id)));
    expect(Buffer.from(await handle.bytes()).equals(content)).toBe(true);
  });
});

describe('a stream that is stored', () => {
  it('waits for its sink after every MiB, however long its pieces are [DML-BND-1582]', async () => {
    for (const lengths of [[5 * MIB], [3 * MIB, 0, 2 * MIB], Array.from({ length: 50 }, () => MIB / 10)]) {
      const objects = new MemoryObjects();
      let drains = 0;
      let putBytes = 0;
      let largest = 0;
      const putChunk = objects.putChunk.bind(objects);
      objects.putChunk = (bytes) => {
        putBytes += bytes.length;
        largest = Math.max(largest, putBytes);
        return putChunk(bytes);
      };
      objects.drain = async () => {
        drains += 1;
        putBytes = 0;
      };
      await lowerStream(
        lengths.map((length) => noise(length)),
        objects,
      );
      expect(drains).toBeGreaterThanOrEqual(5);
      // With the chunk that was open before.
      expect(largest).toBeLessThanOrEqual(MIB + 128 * 1024);
    }
  });
});

/** Objects that are brought before they can be read. */
class BroughtObjects extends MemoryObjects {
  readonly brought = new Set<ChunkId>();
  readonly calls: number[] = [];

  async bringChunks(chunkIds: readonly ChunkId[]): Promise<void> {
    this.calls.push(chunkIds.length);
    for (const chunkId of chunkIds) this.brought.add(chunkId);
  }

  override async readChunk(chunkId: ChunkId): Promise<Uint8Array> {
    expect(this.brought.has(chunkId)).toBe(true);
    return super.readChunk(chunkId);
  }
}

describe('the stream of a blob that may have been left out', () => {
  it('has its chunks brought before they are read, some 16 MiB at a time', async () => {
    for (const [sizeMib, calls] of [
      [0, 1],
      [5, 1],
      [20, 2],
    ] as const) {
      const content = noise(sizeMib * MIB);
      const objects = new BroughtObjects();
      const handle = stored(objects, content);
      expect(Buffer.from(await handle.bytes()).equals(content)).toBe(true);
      expect(objects.calls).toHaveLength(calls);
    }
  });
});
