import { isDmlError } from '@daggerml/object-model';
import { type RemoteError, remoteError } from '../src/errors.ts';
import type { RemoteFiles, SwapAnswer } from '../src/files/remote-files.ts';

/** A request of a remote's files. */
export interface WatchedRequest {
  readonly operation: 'read' | 'put' | 'readVersion' | 'swap' | 'list' | 'remove' | 'now';
  readonly path: string;
  /** Number of the request, from 0. */
  readonly number: number;
}

/** Called before and after the effect of each request; what it throws is what the request fails with. */
export type OnRequest = (request: WatchedRequest, phase: 'before' | 'after') => void | Promise<void>;

/** Files of a remote that note their requests. */
export interface WatchedFiles extends RemoteFiles {
  /** Operation and path of each request. */
  readonly requests: string[];
}

/** Watches the requests of files; a swap whose answer gets lost is `unknown`. */
export function watchedFiles(files: RemoteFiles, onRequest: OnRequest = () => undefined): WatchedFiles {
  const requests: string[] = [];
  const request = async <Result>(
    operation: WatchedRequest['operation'],
    path: string,
    act: () => Promise<Result>,
  ): Promise<Result> => {
    const watched = { operation, path, number: requests.length };
    requests.push(`${operation} ${path}`);
    await onRequest(watched, 'before');
    const result = await act();
    await onRequest(watched, 'after');
    return result;
  };
  return {
    name: files.name,
    requests,
    read: (path, range) => request('read', path, () => files.read(path, range)),
    put: (path, bytes) => request('put', path, () => files.put(path, bytes)),
    readVersion: (path, known) => request('readVersion', path, () => files.readVersion(path, known)),
    swap: async (path, expected, bytes): Promise<SwapAnswer> => {
      try {
        return await request('swap', path, () => files.swap(path, expected, bytes));
      } catch (cause) {
        if (isDmlError(cause) && cause.code === 'remote_unreachable') return { outcome: 'unknown', cause };
        throw cause;
      }
    },
    async *list(prefix) {
      await request('list', prefix, async () => undefined);
      yield* files.list(prefix);
    },
    remove: (paths) => request('remove', paths[0] ?? '', () => files.remove(paths)),
    now: () => request('now', '', () => files.now()),
    close: () => files.close(),
  };
}

/** Returns the failure of a request that nobody answered. */
export function unanswered(): RemoteError {
  return remoteError('remote_unreachable', { remote: 'memory', operation: 'test' });
}

/** Thrown by a request of a process that ends there. */
export class Killed extends Error {
  override readonly name = 'Killed';
}
