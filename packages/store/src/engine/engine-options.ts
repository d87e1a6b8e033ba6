import type { RootDatabaseOptionsWithPath } from 'lmdb';

/** Version of the engine package this code is written and tested against. */
export const ENGINE_VERSION = '3.5.6';

/** Address space reserved per open store; the file itself grows only with its contents. */
export const DEFAULT_MAP_BYTES: number = 2 ** 40;

/** Yields the one set of engine options every open uses. */
export function engineOptions(path: string, readOnly: boolean, mapBytes: number): RootDatabaseOptionsWithPath {
  return {
    path,
    noSubdir: false,
    readOnly,
    mapSize: mapBytes,
    maxDbs: 24,
    maxReaders: 510,
    encoding: 'binary',
    keyEncoding: 'binary',
    // Overlapping syncs let a commit be seen before it is durable and use a third meta page.
    overlappingSync: false,
    noSync: false,
    noMetaSync: false,
    // Unused page space would otherwise carry whatever the heap held.
    noMemInit: false,
    useWritemap: false,
    cache: false,
    compression: false,
  };
}
