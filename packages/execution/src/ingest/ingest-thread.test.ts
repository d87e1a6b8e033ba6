import { execFileSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BlobDatum, hashBytes, writeBlob } from '@daggerml/object-model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PackedObjects, unpackObjects } from '../worker/packed-objects.ts';
import { IngestThread } from './ingest-thread.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-ingest-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Returns bytes without a pattern, the same in every run. */
const noise = (sizeBytes: number): Uint8Array =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(new Uint8Array(sizeBytes));

function fileOf(content: Uint8Array): string {
  const path = join(folder, 'input.bin');
  writeFileSync(path, content);
  return path;
}

/** Reads a file that nobody has seen. */
const ingest = (path: string, take: (packed: PackedObjects) => void): Promise<BlobDatum> =>
  new IngestThread().ingest({ path, seen: undefined }, (packed) => {
    take(packed);
    return true;
  });

describe('ingesting a file in a thread', () => {
  it('gives the blob and the objects that writing its bytes here gives', async () => {
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
      expect(await ingest(fileOf(content), take)).toEqual(datum);
      expect([...taken].sort()).toEqual([...expected].sort());
    }
  });

  it('refuses a file that changes while it is read [DML-BND-0911]', async () => {
    // More than the thread reads before the first of its batches was taken.
    const path = fileOf(noise(30_000_000));
    const change = (): void => truncateSync(path, 11_000_000);
    await expect(ingest(path, change)).rejects.toMatchObject({
      code: 'unreadable_file',
      fields: { path, reason: 'it changed while it was read' },
    });
  });

  it('goes on with the next file, also after one that could not be read or taken', async () => {
    const thread = new IngestThread();
    const content = noise(9_000_001);
    const expected = await ingest(fileOf(content), () => {});
    const seen = undefined;
    const path = fileOf(content);
    const missing = join(folder, 'missing.bin');
    const full = new Error('full');
    const fill = (): never => {
      throw full;
    };
    for (let round = 0; round < 2; round += 1) {
      let taken = 0;
      const take = (packed: PackedObjects): boolean => {
        taken += packed.ends.length;
        return round === 0;
      };
      expect(await thread.ingest({ path, seen }, take)).toEqual(expected);
      expect(taken).toBeGreaterThan(100);
      await expect(thread.ingest({ path: missing, seen }, take)).rejects.toMatchObject({
        code: 'unreadable_file',
        fields: { path: missing, reason: 'ENOENT' },
      });
      await expect(thread.ingest({ path, seen }, fill)).rejects.toBe(full);
    }
  });

  it('lets the process end while it waits for another file', () => {
    const module = pathToFileURL(join(import.meta.dirname, '../../dist/ingest/ingest-thread.js')).href;
    const path = fileOf(noise(1000));
    const code = `import { IngestThread } from ${JSON.stringify(module)};
      const { sizeBytes } = await new IngestThread().ingest({ path: ${JSON.stringify(path)} }, () => true);
      process.stdout.write(String(sizeBytes));`;
    const args = ['--input-type=module', '--eval', code];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })).toBe('1000');
  });

  it('refuses a file that is not as it was seen', async () => {
    const path = fileOf(noise(1000));
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    const identity = { dev, ino: ino + 1, size, mtimeMs, ctimeMs };
    await expect(new IngestThread().ingest({ path, seen: identity }, () => true)).rejects.toMatchObject({
      fields: { path, reason: 'it changed while it was read' },
    });
  });
});
