import type { Remote, RemoteFiles } from '@daggerml/remotes';
import type { CliIo } from './cli-io.ts';

/**
 * Returns a remote whose requests end as the command is interrupted, for work that may be left where it is. What became
 * of a write that was sent can be read back all the same.
 */
export function untilInterrupted({ io }: { readonly io: Pick<CliIo, 'signal'> }, remote: Remote): Remote {
  const { files } = remote;
  const { signal } = io;
  const within = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => orInterrupted(signal, ask);
  const interruptible: RemoteFiles = {
    name: files.name,
    read: (path, range) => within(() => files.read(path, range)),
    put: (path, bytes, sha256) => within(() => files.put(path, bytes, sha256)),
    readVersion: (path, knownVersion) => files.readVersion(path, knownVersion),
    // Nobody would know what became of one that is left alone.
    swap: async (path, expected, bytes) => {
      signal.throwIfAborted();
      return await files.swap(path, expected, bytes);
    },
    list: async function* (prefix) {
      for await (const file of files.list(prefix)) {
        signal.throwIfAborted();
        yield file;
      }
    },
    remove: (paths) => within(() => files.remove(paths)),
    now: () => within(() => files.now()),
    close: () => files.close(),
  };
  return { ...remote, files: interruptible };
}

/** Resolves as the answer does, unless the signal comes first. */
async function orInterrupted<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  signal.throwIfAborted();
  let interrupt = (): void => undefined;
  try {
    return await Promise.race([
      ask(),
      new Promise<never>((_, reject) => {
        interrupt = () => reject(signal.reason);
        signal.addEventListener('abort', interrupt);
      }),
    ]);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
