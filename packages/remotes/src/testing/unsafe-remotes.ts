import type { ListedFile, RemoteFiles, SwapAnswer } from '../files/remote-files.ts';
import type { FileOperation } from './faults.ts';
import { MemoryRemote } from './memory-remote.ts';

/** Returns the files of a remote with other operations in the place of some. */
function replacing(files: RemoteFiles, operations: Partial<RemoteFiles>): RemoteFiles {
  const kept: RemoteFiles = {
    name: files.name,
    read: (path, range) => files.read(path, range),
    put: (path, bytes) => files.put(path, bytes),
    readVersion: (path, knownVersion) => files.readVersion(path, knownVersion),
    swap: (path, expected, bytes) => files.swap(path, expected, bytes),
    list: (prefix) => files.list(prefix),
    remove: (paths) => files.remove(paths),
    now: () => files.now(),
    close: () => files.close(),
  };
  return { ...kept, ...operations };
}

/** Swaps whatever version is in effect. */
async function swapAnyway(files: RemoteFiles, path: string, bytes: Uint8Array): Promise<SwapAnswer> {
  for (;;) {
    const found = await files.readVersion(path);
    const version = found === undefined || found === 'unchanged' ? null : found.version;
    const answer = await files.swap(path, version, bytes);
    if (answer.outcome === 'applied') return answer;
  }
}

/**
 * Creates a remote that applies every write, whatever its condition.
 *
 * @spec DML-REM-1406
 */
export function ignoringConditions(): RemoteFiles {
  const files = new MemoryRemote({ name: 'a remote that ignores conditions' }).open();
  return replacing(files, { swap: (path, _, bytes) => swapAnyway(files, path, bytes) });
}

/** Creates a remote that looks at conditions, but at the same time for those who come at the same time. */
export function losingRaces(of: 'creation' | 'replacement'): RemoteFiles {
  const files = new MemoryRemote({ name: `a remote that loses races for the ${of} of a file` }).open();
  return replacing(files, {
    swap: async (path, expected, bytes) => {
      if ((expected === null) !== (of === 'creation')) return files.swap(path, expected, bytes);
      const found = await files.readVersion(path);
      const isMet = (typeof found === 'object' ? found.version : null) === expected;
      // Others look at this very moment.
      await new Promise(setImmediate);
      return isMet ? swapAnyway(files, path, bytes) : { outcome: 'refused' };
    },
  });
}

/**
 * Creates a remote on which one of many wins a race, but which applies a write now and then although the version that it
 * expects has just been replaced.
 */
export function losingUpdates(): RemoteFiles {
  const files = new MemoryRemote({ name: 'a remote that loses updates' }).open();
  const replaced = new Map<string, string[]>();
  return replacing(files, {
    swap: async (path, expected, bytes) => {
      // Writers meet where a write takes time.
      await new Promise((resolve) => setTimeout(resolve, 1));
      const answer = await files.swap(path, expected, bytes);
      const versions = replaced.get(path) ?? [];
      replaced.set(path, versions);
      if (answer.outcome === 'applied' && expected !== null) versions.push(expected);
      const isLate = versions.length > 20 && versions.at(-1) === expected;
      return answer.outcome === 'refused' && isLate ? swapAnyway(files, path, bytes) : answer;
    },
  });
}

/** Creates a remote that lists files only when it is asked for the second time after they were put. */
export function listingLate(): RemoteFiles {
  const files = new MemoryRemote({ name: 'a remote that lists late' }).open();
  const fresh = new Set<string>();
  return replacing(files, {
    put: async (path, bytes) => {
      await files.put(path, bytes);
      fresh.add(path);
    },
    list: async function* (prefix): AsyncGenerator<ListedFile, void, undefined> {
      for await (const file of files.list(prefix)) if (!fresh.delete(file.path)) yield file;
    },
  });
}

/** Creates a remote that goes on answering that a file is absent to whoever has asked for it before it was written. */
export function rememberingAbsence(): RemoteFiles {
  const files = new MemoryRemote({ name: 'a remote that remembers absence' }).open();
  const absent = new Set<string>();
  return replacing(files, {
    read: async (path, range) => {
      const bytes = absent.has(path) ? undefined : await files.read(path, range);
      if (bytes === undefined) absent.add(path);
      return bytes;
    },
  });
}

/** Creates a remote whose clock differs from the one here. */
export function withClockOff(byMs: number): RemoteFiles {
  return new MemoryRemote({ name: 'a remote with another time', nowMs: () => Date.now() + byMs }).open();
}

/** Creates a remote that never answers to one operation; `onHang` is called when it is asked. */
export function hangingAt(operation: FileOperation, onHang: () => void = () => {}): RemoteFiles {
  const files = new MemoryRemote({ name: `a remote that hangs at ${operation}` }).open();
  const never = (): Promise<never> => {
    onHang();
    return new Promise(() => {});
  };
  if (operation !== 'list') return replacing(files, { [operation]: never });
  return replacing(files, {
    list: (): AsyncIterable<ListedFile> => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
  });
}
