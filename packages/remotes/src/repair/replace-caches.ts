import { putCache } from '../cache/merge-caches.ts';
import { placeExecs } from '../cache/place-execs.ts';
import { CacheIndex } from '../format/cache-index.ts';
import type { OutcomePlace } from '../format/cache-row.ts';
import { CacheRows } from '../format/cache-rows.ts';
import { checkHash, filePath } from '../format/file-path.ts';
import type { CacheEntry } from '../format/state.ts';
import type { Remote } from '../remote.ts';
import type { IndexedGroup } from './group-remains.ts';
import { readIfPlain } from './readable-records.ts';

/** Outcomes that lay in segments which are no more. */
export interface MovedOutcomes {
  readonly epoch: number;
  /** Names of those segments, without folder and suffix. */
  readonly lostSegments: ReadonlySet<string>;
  /** Groups that hold what was saved of them. */
  readonly added: readonly IndexedGroup[];
}

/**
 * Returns the cache indexes of the next state by their names before: those that name lost segments are written again,
 * with the new places of what was saved; undefined for one that cannot be read or has nothing left.
 *
 * @spec DML-REM-1912
 */
export async function replaceCaches(
  remote: Remote,
  entries: readonly CacheEntry[],
  { epoch, lostSegments, added }: MovedOutcomes,
): Promise<Map<string, CacheEntry | undefined>> {
  const replaced = new Map<string, CacheEntry | undefined>();
  if (lostSegments.size === 0) return replaced;
  for (const { file, bytes: length } of entries) {
    const index = await readCache(remote, file, length);
    if (index === undefined) replaced.set(file, undefined);
    else if (index.segments.some((name) => lostSegments.has(name))) {
      const rows = Array.from({ length: index.count }, (_, number) => index.row(number));
      const execIds = rows.filter(({ place }) => lostSegments.has(place.segment)).map(({ execId }) => execId);
      const places = new Map<string, OutcomePlace>();
      for (const group of added)
        for (const [execId, place] of placeExecs(execIds, group.index)) places.set(execId, place);
      const kept = new CacheRows();
      for (const row of rows) {
        const place = lostSegments.has(row.place.segment) ? places.get(row.execId) : row.place;
        if (place !== undefined) kept.add({ ...row, place });
      }
      replaced.set(file, kept.count === 0 ? undefined : (await putCache(remote, kept, epoch)).entry);
    }
  }
  return replaced;
}

async function readCache(remote: Remote, file: string, length: number): Promise<CacheIndex | undefined> {
  const path = filePath('caches', file);
  const bytes = await readIfPlain(remote.files, path, { offset: 0, length });
  if (bytes === undefined) return undefined;
  try {
    checkHash(path, bytes, remote.files.name);
    return CacheIndex.parse(bytes, { remote: remote.files.name, path });
  } catch {
    return undefined;
  }
}
