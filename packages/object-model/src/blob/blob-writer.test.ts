import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { digestStream, fillRandom } from '../../test/support/sample-content.ts';
import { verifyTree } from '../../test/support/verify-tree.ts';
import { hashBytes } from '../hash/hash-bytes.ts';
import { decodeRecord } from '../records/decode-record.ts';
import { encodeRecord } from '../records/encode-record.ts';
import { PageCache } from '../search-tree/page-store.ts';
import { treeEntries } from '../search-tree/read-tree.ts';
import { readBlob } from './blob-reader.ts';
import { BlobWriter, writeBlob } from './blob-writer.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('BlobWriter', () => {
  it('writes chunks that are the content in order, none of them empty [DML-OBJ-2101]', () => {
    for (const size of [0, 1, 16_384, 16_385, 131_072, 131_073, 700_000]) {
      const objects = new MemoryObjects();
      const content = digestStream(`content ${size}`, size);
      const blob = writeBlob(content, objects);
      const entries = [...treeEntries('chunks', blob.root, objects)];
      expect(Buffer.concat(entries.map(([chunkId]) => objects.chunks.get(chunkId)!)).equals(content)).toBe(
        true,
      );
      for (const [chunkId, length] of entries) {
        expect(length).toBeGreaterThan(0);
        expect(objects.chunks.get(chunkId)).toHaveLength(length);
      }
      expect(decodeRecord(encodeRecord(blob), 'datum')).toEqual(blob);
      const pieces = new BlobWriter(objects);
      for (let at = 0; at < size; at += 10_007) pieces.write(content.subarray(at, at + 10_007));
      expect(pieces.finish()).toEqual(blob);
    }
  });

  it('returns the same datum however the content is split, and lets the input be reused [DML-OBJ-2107]', () => {
    const content = digestStream('split', 900_000);
    const whole = writeBlob(content, new MemoryObjects());
    for (const step of [1000, 65_536, 131_072, 333_333]) {
      const objects = new MemoryObjects();
      const writer = new BlobWriter(objects);
      const input = new Uint8Array(step);
      for (let at = 0; at < content.length; at += step) {
        const part = content.subarray(at, at + step);
        input.set(part);
        writer.write(input.subarray(0, part.length));
        expect(writer.sizeBytes).toBe(at + part.length);
      }
      const blob = writer.finish();
      expect(blob).toEqual(whole);
      expect(Buffer.concat([...readBlob(blob, objects)]).equals(content)).toBe(true);
    }
  });

  it('writes 300 MB in bounded memory [DML-OBJ-2116]', () => {
    const pages = new MemoryObjects(new PageCache());
    let stored = 0;
    const store = {
      getPage: (pageId: Parameters<MemoryObjects['getPage']>[0]) => pages.getPage(pageId),
      putPage: (bytes: Uint8Array) => pages.putPage(bytes),
      putChunk(bytes: Uint8Array) {
        stored += bytes.length;
        return hashBytes<'chunk'>(bytes);
      },
    };
    const writer = new BlobWriter(store);
    const part = new Uint8Array(1 << 20);
    let peak = 0;
    // What nobody holds any more does not count, however late the engine would collect it.
    const heldBytes = (): number => {
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = heldBytes();
    for (let count = 0; count < 300; count++) {
      fillRandom(part, 0, part.length, count);
      writer.write(part);
      if (count % 10 === 0) peak = Math.max(peak, heldBytes() - before);
    }
    const blob = writer.finish();
    expect(stored).toBe(300 << 20);
    expect(blob.sizeBytes).toBe(300 << 20);
    expect(typeof blob.root).toBe('string');
    expect(verifyTree('chunks', blob.root, pages)).toBeUndefined();
    expect(peak).toBeLessThan(10 << 20);
  });
});
