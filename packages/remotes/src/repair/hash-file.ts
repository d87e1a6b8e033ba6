import { createHash } from 'node:crypto';
import type { RemoteFiles } from '../files/remote-files.ts';

/** Longest part of a file that is read with one request and held in memory. */
const PART_BYTES = 16 * 2 ** 20;

/**
 * Returns the SHA-256 of a file that has `sizeBytes`, read in parts; undefined where it is absent, and the hash of what
 * there is where it is shorter.
 */
export async function hashFile(
  files: RemoteFiles,
  path: string,
  { sizeBytes, onBytes }: { readonly sizeBytes: number; readonly onBytes?: (count: number) => void },
): Promise<string | undefined> {
  const hash = createHash('sha256');
  for (let offset = 0; ; ) {
    const length = Math.min(PART_BYTES, Math.max(1, sizeBytes - offset));
    const part = await files.read(path, { offset, length });
    if (part === undefined) return undefined;
    hash.update(part);
    onBytes?.(part.length);
    offset += part.length;
    if (part.length < length || offset >= sizeBytes) return hash.digest('hex');
  }
}
