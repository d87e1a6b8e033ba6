import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { digestStream, mixedContent } from '../../test/support/sample-content.ts';
import type { BlobDatum } from '../records/record-types.ts';
import { treeEntries } from '../search-tree/read-tree.ts';
import { blobBytes, readBlob, readBlobRange } from './blob-reader.ts';
import { writeBlob } from './blob-writer.ts';

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (caught) {
    return caught;
  }
  return undefined;
}

describe('readBlob', () => {
  it('returns the content, also in for await', async () => {
    const objects = new MemoryObjects();
    const content = digestStream('read', 600_000);
    const blob = writeBlob(content, objects);
    expect(Buffer.from(blobBytes(blob, objects)).equals(content)).toBe(true);
    const parts: Uint8Array[] = [];
    for await (const part of readBlob(blob, objects)) parts.push(part);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    expect(blobBytes(writeBlob(new Uint8Array(), objects), objects)).toEqual(new Uint8Array());
  });

  it('reports a chunk that is not there [DML-OBJ-2108]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('lost', 300_000), objects);
    objects.chunks.delete([...objects.chunks.keys()][2]!);
    for (const run of [() => blobBytes(blob, objects), () => [...readBlobRange(blob, objects, 0)]]) {
      expect(failure(run)).toMatchObject({ code: 'invalid_payload', detail: 'chunk_missing' });
    }
  });

  it('reports a chunk of another length [DML-OBJ-2109]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('short', 300_000), objects);
    const [chunkId, bytes] = [...objects.chunks][1]!;
    expect(blobBytes(blob, objects)).toHaveLength(300_000);
    objects.chunks.set(chunkId, bytes.subarray(1));
    for (const run of [() => blobBytes(blob, objects), () => [...readBlobRange(blob, objects, 0)]]) {
      const expected = { code: 'invalid_payload', detail: 'chunk_length', fields: { chunkId } };
      expect(failure(run)).toMatchObject(expected);
    }
  });

  it('reports a length that is not that of the datum [DML-OBJ-2110]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('size', 300_000), objects);
    for (const sizeBytes of [299_999, 300_001]) {
      const wrong: BlobDatum = { ...blob, sizeBytes };
      expect(failure(() => blobBytes(wrong, objects))).toMatchObject({
        code: 'invalid_payload',
        detail: 'blob_size',
      });
    }
  });

  it('reports a content that is not that of the datum [DML-OBJ-2111]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('content', 300_000), objects);
    const [chunkId, bytes] = [...objects.chunks][1]!;
    const changed = bytes.slice();
    changed[7]! ^= 1;
    objects.chunks.set(chunkId, changed);
    expect(failure(() => blobBytes(blob, objects))).toMatchObject({
      code: 'invalid_payload',
      detail: 'blob_content',
    });
  });
});

describe('readBlobRange', () => {
  it('returns the bytes of a range, cut at the size', () => {
    const objects = new MemoryObjects();
    const content = mixedContent(3 << 20, 3);
    const blob = writeBlob(content, objects);
    const number = seededNumbers(21);
    for (let draw = 0; draw < 200; draw++) {
      const start = number(content.length);
      const end = draw % 2 === 0 ? start + number(500) : number(content.length + 1000);
      const read = Buffer.concat([...readBlobRange(blob, objects, start, end)]);
      expect(read.equals(content.subarray(start, Math.max(start, end)))).toBe(true);
    }
    expect([...readBlobRange(blob, objects, content.length)]).toEqual([]);
  });

  it('reads only the chunks of the range and a page per level [DML-OBJ-2117]', () => {
    const objects = new MemoryObjects();
    const content = mixedContent(24 << 20, 8);
    const blob = writeBlob(content, objects);
    const chunks = [...treeEntries('chunks', blob.root, objects)];
    expect(chunks.length).toBeGreaterThan(200);
    for (const start of [0, 10_000_000, content.length - 10]) {
      objects.resetCounts();
      expect(
        [...readBlobRange(blob, objects, start, start + 10)].reduce((sum, part) => sum + part.length, 0),
      ).toBe(10);
      expect(objects.chunksRead).toBeLessThanOrEqual(2);
      expect(objects.pagesRead).toBeLessThanOrEqual(3);
    }
  });
});
