import type { RemoteFiles } from '../files/remote-files.ts';

/** Requests and bytes of some work with a remote. */
export interface TransferCost {
  /** Requests that write, which most tariffs count apart. */
  writes: number;
  /** Requests that read. */
  reads: number;
  sentBytes: number;
  receivedBytes: number;
}

/** Files that are read, and of which every write is counted and left undone. */
export interface DryFiles extends RemoteFiles {
  readonly cost: Readonly<TransferCost>;
}

/** Wraps files so that work with them costs nothing but reads, and tells what it would cost. */
export function dryFiles(files: RemoteFiles): DryFiles {
  const cost: TransferCost = { writes: 0, reads: 0, sentBytes: 0, receivedBytes: 0 };
  const written = (bytes: number): void => {
    cost.writes += 1;
    cost.sentBytes += bytes;
  };
  const received = <Answer extends Uint8Array | undefined>(bytes: Answer): Answer => {
    cost.reads += 1;
    cost.receivedBytes += bytes?.length ?? 0;
    return bytes;
  };
  return {
    name: files.name,
    cost,
    read: async (path, range) => received(await files.read(path, range)),
    readVersion: async (path, knownVersion) => {
      const found = await files.readVersion(path, knownVersion);
      received(typeof found === 'object' ? found.bytes : undefined);
      return found;
    },
    put: async (_path, bytes) => written(bytes.length),
    swap: async (_path, _expected, bytes) => {
      written(bytes.length);
      return { outcome: 'applied', version: 'dry' };
    },
    async *list(prefix) {
      cost.reads += 1;
      yield* files.list(prefix);
    },
    remove: async () => written(0),
    now: () => files.now(),
    close: () => files.close(),
  };
}
