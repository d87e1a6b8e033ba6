import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { digestStream } from '../../test/support/sample-content.ts';
import { sha256Hex } from '../hash/hash-bytes.ts';
import type { BlobDatum } from '../records/record-types.ts';
import { buildTree } from '../search-tree/tree-builder.ts';
import { writeBlob } from './blob-writer.ts';
import { verifyBlob } from './verify-blob.ts';

function faultOf(blob: BlobDatum, objects: MemoryObjects): string | undefined {
  try {
    for (const _ of verifyBlob(blob, objects));
    return undefined;
  } catch (caught) {
    return (caught as { detail?: string }).detail;
  }
}

/** Makes a blob of a content whose chunks end where the caller says. */
function cutBlob(content: Uint8Array, ends: readonly number[], objects: MemoryObjects): BlobDatum {
  const chunks = ends.map((end, at) => content.subarray(ends[at - 1] ?? 0, end));
  const entries = chunks.map((chunk) => [objects.putChunk(chunk), chunk.length] as const);
  return {
    type: 'datum',
    kind: 'blob',
    sizeBytes: content.length,
    contentSha256: sha256Hex(content),
    root: buildTree('chunks', entries, objects),
  };
}

describe('verifyBlob', () => {
  it('accepts what writing a content makes, of any size [DML-OBJ-2119]', () => {
    for (const size of [0, 1, 16_384, 16_385, 131_072, 600_000, 8_000_000]) {
      const objects = new MemoryObjects();
      expect(faultOf(writeBlob(digestStream('verify', size), objects), objects), `${size}`).toBeUndefined();
      expect(faultOf(writeBlob(new Uint8Array(size), objects), objects), `${size}`).toBeUndefined();
    }
  });

  it('reports a content that is cut elsewhere than writing it cuts it [DML-OBJ-2119]', () => {
    const objects = new MemoryObjects();
    const zeros = new Uint8Array(200_000);
    expect(faultOf(cutBlob(zeros, [131_072, 200_000], objects), objects)).toBeUndefined();
    for (const ends of [
      [60_000, 130_000, 200_000],
      [68_928, 200_000],
      [131_072, 160_000, 200_000],
      [131_071, 200_000],
    ]) {
      expect(faultOf(cutBlob(zeros, ends, objects), objects), ends.join()).toBe('blob_chunks');
    }
    const content = digestStream('cut', 400_000);
    const ends: number[] = [];
    const right = writeBlob(content, objects);
    for (const [, length] of right.root as readonly (readonly [string, number])[])
      ends.push((ends.at(-1) ?? 0) + length);
    expect(ends.length).toBeGreaterThan(4);
    expect(faultOf(cutBlob(content, ends, objects), objects)).toBeUndefined();
    const joined = ends.filter((_, at) => at !== 1);
    const shifted = ends.map((end, at) => (at === 2 ? end - 1 : end));
    for (const wrong of [joined, shifted])
      expect(faultOf(cutBlob(content, wrong, objects), objects)).toBe('blob_chunks');
  });

  it('reports another size and another content [DML-OBJ-2119]', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('other', 400_000), objects);
    for (const more of [-1, 1])
      expect(faultOf({ ...blob, sizeBytes: blob.sizeBytes + more }, objects)).toBe('blob_size');
    expect(faultOf({ ...blob, contentSha256: sha256Hex(new Uint8Array(1)) }, objects)).toBe('blob_content');
    objects.chunks.delete([...objects.chunks.keys()].at(-1)!);
    expect(faultOf(blob, objects)).toBe('chunk_missing');
  });

  it('stops after each chunk', () => {
    const objects = new MemoryObjects();
    const blob = writeBlob(digestStream('steps', 600_000), objects);
    expect([...verifyBlob(blob, objects)]).toHaveLength(blob.root.length);
  });
});
