import { isDmlError } from '@daggerml/object-model';
import { putNewFile } from '../files/put-new-file.ts';
import { CacheIndex } from '../format/cache-index.ts';
import type { CacheRow } from '../format/cache-row.ts';
import { CacheRows } from '../format/cache-rows.ts';
import { checkHash, filePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import { IndexObject } from '../format/index-object.ts';
import type { CacheEntry } from '../format/state.ts';
import { rewriteGroups } from '../levels/merge-groups.ts';
import { isMergeable, planLevel, planMerge } from '../levels/plan-merge.ts';
import type { Remote } from '../remote.ts';
import type { CacheView } from './cache-view.ts';
import { placeExecs } from './place-execs.ts';

/** Largest cache index that merging makes. */
const MAX_MERGED_BYTES = 64 * 2 ** 20;

/** Groups and cache indexes as a state lists them. */
export interface CacheLists {
  readonly groups: readonly GroupEntry[];
  readonly caches: readonly CacheEntry[];
}

/** A cache index that was put. */
export interface PutCache {
  readonly entry: CacheEntry;
  readonly index: CacheIndex;
}

/** A publication, and what is merged with it. */
export interface CacheMerge {
  readonly epoch: number;
  readonly segmentBytes: number;
  /** Group of what is published. */
  readonly group: GroupEntry;
  /** Entries that are published, at their places before the merge. */
  readonly rows: readonly CacheRow[];
}

/** Merged groups and cache indexes, which were put. */
export interface MergedCaches {
  readonly put: readonly PutCache[];
  /**
   * Returns the lists of a state with what was merged and published, whatever others have added to them since; undefined
   * where one that was merged is no more.
   */
  applyTo(lists: CacheLists): CacheLists | undefined;
}

/** Puts a cache index and returns how a state lists it. */
export async function putCache(remote: Remote, rows: CacheRows, epoch: number): Promise<PutCache> {
  const { bytes, entries } = rows.encode();
  const { name: file, path, put } = putNewFile(remote, 'caches', { epoch, bytes });
  await put;
  const index = CacheIndex.parse(bytes, { remote: remote.files.name, path });
  return { entry: { bytes: bytes.length, entries, file }, index };
}

/**
 * Merges groups of the cache and cache indexes, and lists the rows of a publication. Groups that are merged get their
 * cache indexes written along, since those say where the outcomes lie; cache indexes whose groups are all too large to
 * be merged are merged among themselves.
 *
 * @spec DML-REM-1213
 */
export async function mergeCaches(
  view: CacheView,
  { groups, caches }: CacheLists,
  { epoch, segmentBytes, group, rows }: CacheMerge,
): Promise<MergedCaches> {
  const { remote } = view;
  const own = [...groups.filter(({ kind }) => kind === 'cache'), group];
  const merged = await mergeGroups(remote, planMerge(own, segmentBytes), { epoch, segmentBytes });
  const movable = new Set(
    own
      .filter((each) => isMergeable(each, segmentBytes))
      .flatMap(({ segments }) => segments.map(({ file }) => file)),
  );
  const namesAny = (entry: CacheEntry, names: ReadonlySet<string>): boolean =>
    view.indexOf(entry.file)?.segments.some((name) => names.has(name)) === true;
  const touched = caches.filter((entry) => namesAny(entry, merged.segments));
  const settled = caches.filter((entry) => view.indexOf(entry.file) && !namesAny(entry, movable));
  const level = planLevel(settled, {
    kindOf: () => 'cache',
    bytesOf: ({ bytes }) => bytes,
    maxBytes: MAX_MERGED_BYTES,
  });
  const put: PutCache[] = [];
  const replaced = new Map<string, PutCache | undefined>();
  const older = await readCaches(view, level);
  if (older !== undefined && older.length > 0) {
    const together = new CacheRows();
    for (const index of older) addAll(together, index);
    const [first, ...others] = level as [CacheEntry, ...CacheEntry[]];
    const cache = await putCache(remote, together, epoch);
    put.push(cache);
    replaced.set(first.file, cache);
    for (const { file } of others) replaced.set(file, undefined);
  }
  const fresh = new CacheRows();
  const along = (await readCaches(view, touched)) ?? [];
  if (along.length > 0) for (const { file } of touched) replaced.set(file, undefined);
  for (const row of placed([...along.flatMap(rowsOf), ...rows], merged)) fresh.add(row);
  const last = await putCache(remote, fresh, epoch);
  put.push(last);
  const isMerged = (each: GroupEntry): boolean => merged.groups.has(each.index);
  const before = new Set(caches.map(({ file }) => file));
  const applyTo = (lists: CacheLists): CacheLists | undefined => {
    const listed = new Set([
      ...lists.groups.map(({ index }) => index),
      ...lists.caches.map(({ file }) => file),
    ]);
    const needed = [...merged.groups, ...replaced.keys()].filter((name) => name !== group.index);
    // @spec DML-REM-1137
    if (!needed.every((name) => listed.has(name))) return undefined;
    const isSince = ({ file }: CacheEntry): boolean => !before.has(file);
    const kept = lists.caches.flatMap((entry) => {
      if (isSince(entry)) return [];
      if (!replaced.has(entry.file)) return [entry];
      const by = replaced.get(entry.file);
      return by === undefined ? [] : [by.entry];
    });
    return {
      groups: [...[...lists.groups, group].filter((each) => !isMerged(each)), ...merged.added],
      // What others have added since stays the newer.
      caches: [...kept, last.entry, ...lists.caches.filter(isSince)],
    };
  };
  return { put, applyTo };
}

function addAll(rows: CacheRows, index: CacheIndex): void {
  for (let number = 0; number < index.count; number += 1) rows.addPacked(index.packedRow(number), index);
}

function rowsOf(index: CacheIndex): CacheRow[] {
  return Array.from({ length: index.count }, (_, number) => index.row(number));
}

/** Returns entries with the places that they have after groups were merged. */
function placed(rows: readonly CacheRow[], { segments, index }: MergedGroups): readonly CacheRow[] {
  if (index === undefined) return rows;
  const moved = rows.filter(({ place }) => segments.has(place.segment));
  const places = placeExecs(
    moved.map(({ execId }) => execId),
    index,
  );
  return rows.map((row) => ({ ...row, place: places.get(row.execId) ?? row.place }));
}

/** Returns cache indexes as a whole; undefined where one of them cannot be read. */
async function readCaches(
  view: CacheView,
  entries: readonly CacheEntry[],
): Promise<readonly CacheIndex[] | undefined> {
  const { files } = view.remote;
  const indexes: CacheIndex[] = [];
  for (const { file, bytes: length } of entries) {
    const known = view.indexOf(file);
    if (known?.isWhole) {
      indexes.push(known);
      continue;
    }
    const path = filePath('caches', file);
    const index = await unlessDamaged(async () => {
      const bytes = await files.read(path, { offset: 0, length });
      if (bytes !== undefined) checkHash(path, bytes, files.name);
      return bytes && CacheIndex.parse(bytes, { remote: files.name, path });
    });
    if (index === undefined) return undefined;
    indexes.push(index);
  }
  return indexes;
}

/** Groups that were merged. */
interface MergedGroups {
  /** Names of the index objects of the groups. */
  readonly groups: ReadonlySet<string>;
  readonly added: readonly GroupEntry[];
  /** Names of the segments that are no more. */
  readonly segments: ReadonlySet<string>;
  /** Index object of the new group. */
  readonly index: IndexObject | undefined;
}

const NOTHING_MERGED: MergedGroups = {
  groups: new Set(),
  added: [],
  segments: new Set(),
  index: undefined,
};

async function mergeGroups(
  remote: Remote,
  chosen: readonly GroupEntry[],
  { epoch, segmentBytes }: { readonly epoch: number; readonly segmentBytes: number },
): Promise<MergedGroups> {
  if (chosen.length === 0) return NOTHING_MERGED;
  let bytes: Buffer | undefined;
  const onIndex = (written: Buffer): void => {
    bytes = written;
  };
  const group = await unlessDamaged(() =>
    rewriteGroups(remote, chosen, { epoch, kind: 'cache', segmentBytes, onIndex }),
  );
  if (group === undefined || group === 'gone' || bytes === undefined) return NOTHING_MERGED;
  return {
    groups: new Set(chosen.map(({ index }) => index)),
    added: [group],
    segments: new Set(chosen.flatMap(({ segments }) => segments.map(({ file }) => file))),
    index: IndexObject.parse(bytes, { remote: remote.files.name, path: filePath('indexes', group.index) }),
  };
}

/** Returns undefined where something is damaged: it is left as it is then, and what is published is published. */
async function unlessDamaged<Result>(act: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (isDmlError(error) && error.code === 'remote_damaged') return undefined;
    throw error;
  }
}
