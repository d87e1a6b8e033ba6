import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashBytes, writeBlob } from '@daggerml/object-model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PackedObjects, unpackObjects } from '../worker/packed-objects.ts';
import { ingestFile, isWorthThread } from './ingest-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-ingest-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Bytes without a pattern, the same in every run. */
function noise(sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = 1;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

function fileOf(content: Uint8Array): string {
  const path = join(folder, 'input.bin');
  writeFileSync(path, content);
  return path;
}

describe('ingesting a file in a thread', () => {
  it('yields the blob and the objects that writing its bytes here yields', async () => {
    for (const sizeBytes of [0, 1, 100_000, 1_048_576, 9_000_001]) {
      const content = noise(sizeBytes);
      const expected = new Set<string>();
      const keep = (bytes: Uint8Array): never => {
        const id = hashBytes(bytes);
        expected.add(id);
        return id as never;
      };
      const datum = writeBlob(content, { putChunk: keep, putPage: keep, getPage: () => undefined });
      const taken = new Set<string>();
      const take = (packed: PackedObjects): void => {
        for (const { objectId, bytes } of unpackObjects(packed)) {
          expect(hashBytes(bytes)).toBe(objectId);
          taken.add(objectId);
        }
      };
      expect(await ingestFile(fileOf(content), take)).toEqual(datum);
      expect([...taken].sort()).toEqual([...expected].sort());
    }
  });

  it('says what cannot be read', async () => {
    const path = join(folder, 'missing.bin');
    await expect(ingestFile(path, () => {})).rejects.toMatchObject({
      code: 'unreadable_file',
      fields: { path, reason: 'ENOENT' },
    });
  });

  it('refuses a file that changes while it is read [DML-BND-0911]', async () => {
    // More than the thread reads before the first of its batches was taken.
    const path = fileOf(noise(30_000_000));
    const change = (): void => truncateSync(path, 11_000_000);
    await expect(ingestFile(path, change)).rejects.toMatchObject({
      code: 'unreadable_file',
      fields: { path, reason: 'it changed while it was read' },
    });
  });

  it('ends with what its taker throws', async () => {
    const full = new Error('full');
    const take = (): void => {
      throw full;
    };
    await expect(ingestFile(fileOf(noise(12_000_000)), take)).rejects.toBe(full);
  });

  it('is left to large files', async () => {
    expect(await isWorthThread(fileOf(noise(1000)))).toBe(false);
    expect(await isWorthThread(folder)).toBe(false);
    expect(await isWorthThread(join(folder, 'missing.bin'))).toBe(false);
  });
});
