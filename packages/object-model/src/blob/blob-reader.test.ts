import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { digestStream } from '../../test/support/sample-content.ts';
import type { BlobDatum } from '../records/record-types.ts';
import { readBlob } from './blob-reader.ts';
import { writeBlob } from './blob-writer.ts';

/** Reads a whole blob. */
function bytesOf(blob: BlobDatum, objects: MemoryObjects): Buffer {
  return Buffer.concat([...readBlob(blob, objects)]);
}

function refusal(detail: string, more: object = {}): unknown {
  return expect.objectContaining({ code: 'invalid_payload', detail, ...more });
}

describe('readBlob', () => {
  it('returns the content, also in for await', async () => {
    const objects = new MemoryObjects();
    const content = digestStream('read', 600_000);
    const blob = writeBlob(content, objects);
    expect(bytesOf(blob, objects).equals(content)).toBe(true);
    const parts: Uint8Array[] = [];
    for await (const part of readBlob(blob, objects)) parts.push(part);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    expect(bytesOf(writeBlob(new Uint8Array(), objects), objects)).toHaveLength(0);
  });

  it('reports a chunk that is not there [DML-OBJ-2108]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('lost', 300_000), objects);
    objects.chunks.delete([...objects.chunks.keys()][2]!);
    expect(() => bytesOf(blob, objects)).toThrow(refusal('chunk_missing'));
  });

  it('reports a chunk of another length [DML-OBJ-2109]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('short', 300_000), objects);
    const [chunkId, bytes] = [...objects.chunks][1]!;
    expect(bytesOf(blob, objects)).toHaveLength(300_000);
    objects.chunks.set(chunkId, bytes.subarray(1));
    expect(() => bytesOf(blob, objects)).toThrow(refusal('chunk_length', { fields: { chunkId } }));
  });

  it('reports a length that is not that of the datum [DML-OBJ-2110]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('size', 300_000), objects);
    for (const sizeBytes of [299_999, 300_001])
      expect(() => bytesOf({ ...blob, sizeBytes }, objects)).toThrow(refusal('blob_size'));
  });

  it('reports a content that is not that of the datum [DML-OBJ-2111]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('content', 300_000), objects);
    const [chunkId, bytes] = [...objects.chunks][1]!;
    objects.chunks.set(
      chunkId,
      bytes.map((byte, at) => (at === 7 ? byte ^ 1 : byte)),
    );
    expect(() => bytesOf(blob, objects)).toThrow(refusal('blob_content'));
  });
});
