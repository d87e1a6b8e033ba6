import type { RawOptions } from './raw-engine.ts';

/** Version of the engine package this code is written and tested against. */
export const ENGINE_VERSION = '3.5.6';

/** Address space reserved per open store; the engine maps more when the file outgrows it. */
export const DEFAULT_MAP_BYTES: number = 2 ** 37;

/** Places for readers; every process that has a store open takes one or a few. As many as fit the lock file. */
export const MAX_READERS = 1020;

/** Returns how much address space to reserve where the process may have only `limitBytes` of it. */
export function mapBytesWithin(limitBytes: number | undefined): number {
  let mapBytes = DEFAULT_MAP_BYTES;
  // The engine ends the process by a signal when there is no room, so it is asked for little where little is.
  while (limitBytes !== undefined && mapBytes > limitBytes / 64 && mapBytes > 2 ** 20) mapBytes /= 2;
  return mapBytes;
}

/** Returns the one set of engine options every open uses. */
export function engineOptions(path: string, readOnly: boolean, mapBytes: number): RawOptions {
  return {
    path,
    noSubdir: false,
    // @spec DML-STO-0109
    readOnly,
    // @spec DML-STO-0133
    mapSize: mapBytes,
    maxDbs: 24,
    maxReaders: MAX_READERS,
    encoding: 'binary',
    keyEncoding: 'binary',
    // Overlapping syncs let a commit be seen before it is durable and use a third meta page.
    overlappingSync: false,
    // @spec DML-STO-1421
    noSync: false,
    noMetaSync: false,
    // Unused page space would otherwise carry whatever the heap held.
    noMemInit: false,
    useWritemap: false,
    cache: false,
    compression: false,
  };
}
