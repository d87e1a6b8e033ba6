import { type RemoteError, remoteError } from '../src/errors.ts';
import type { RemoteFiles, SwapAnswer } from '../src/files/remote-files.ts';
import { checkPath } from '../src/format/file-path.ts';

/** Files of a remote in memory, shared by all who use it. */
export interface MapRemote {
  readonly files: Map<string, Uint8Array>;
  readonly mutable: Map<string, { bytes: Uint8Array; version: string }>;
}

/** Operation of a request, its path, and whether its effect took place already. */
export type OnRequest = (operation: string, path: string, phase: 'before' | 'after') => void | Promise<void>;

export function mapRemote(): MapRemote {
  return { files: new Map(), mutable: new Map() };
}

let versions = 0;

/** Opens a remote in memory; what `onRequest` throws is what the request fails with, a swap becomes `unknown`. */
export function openMapFiles(
  remote: MapRemote,
  onRequest: OnRequest = () => undefined,
): RemoteFiles & { requests: string[] } {
  const requests: string[] = [];
  const request = async <Result>(operation: string, path: string, act: () => Result): Promise<Result> => {
    requests.push(`${operation} ${path}`);
    await onRequest(operation, path, 'before');
    const result = act();
    await onRequest(operation, path, 'after');
    return result;
  };
  return {
    name: 'memory',
    requests,
    read(path, range) {
      checkPath(path, 'immutable');
      return request('read', path, () => {
        const bytes = remote.files.get(path);
        return range === undefined ? bytes : bytes?.subarray(range.offset, range.offset + range.length);
      });
    },
    put(path, bytes) {
      checkPath(path, 'immutable');
      return request('put', path, () => void remote.files.set(path, Buffer.from(bytes)));
    },
    readVersion(path, knownVersion) {
      checkPath(path, 'mutable');
      return request('readVersion', path, () => {
        const found = remote.mutable.get(path);
        return found !== undefined && found.version === knownVersion ? 'unchanged' : found;
      });
    },
    async swap(path, expected, bytes): Promise<SwapAnswer> {
      checkPath(path, 'mutable');
      try {
        return await request('swap', path, (): SwapAnswer => {
          if ((remote.mutable.get(path)?.version ?? null) !== expected) return { outcome: 'refused' };
          versions += 1;
          remote.mutable.set(path, { bytes: Buffer.from(bytes), version: `v${versions}` });
          return { outcome: 'applied', version: `v${versions}` };
        });
      } catch (cause) {
        if ((cause as RemoteError).code !== 'remote_unreachable') throw cause;
        return { outcome: 'unknown', cause };
      }
    },
    async *list(prefix) {
      const found = await request('list', prefix, () => [
        ...remote.files,
        ...[...remote.mutable].map(([path, { bytes }]) => [path, bytes] as const),
      ]);
      for (const [path, { length }] of found) if (path.startsWith(prefix)) yield { path, sizeBytes: length };
    },
    remove(paths) {
      return request('remove', paths[0] ?? '', () => {
        for (const path of paths) remote.files.delete(path);
      });
    },
    now: () => request('now', '', () => 1_000_000),
    close: async () => undefined,
  };
}

/** Returns the failure of a request that nobody answered. */
export function lost(): RemoteError {
  return remoteError('remote_unreachable', { remote: 'memory', operation: 'test' });
}
