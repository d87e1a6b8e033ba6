import type { GroupEntry } from '../format/group.ts';
import { SEGMENT_BYTES } from '../format/segment.ts';

/** Groups of a level that are merged once there are that many. */
const MERGED_GROUPS = 4;
/** Size below which all groups are of the lowest level; each next level is four times as large. */
const LOWEST_LEVEL_BYTES = 65_536;

/** Returns the bytes of the segments of a group. */
export function segmentBytesOf(group: GroupEntry): number {
  return group.segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Returns the bytes that reading a group takes: those of its segments and its index object. */
function groupBytesOf(group: GroupEntry): number {
  return segmentBytesOf(group) + group.bytes;
}

function levelOf(bytes: number): number {
  return bytes < LOWEST_LEVEL_BYTES ? 0 : 1 + Math.floor(Math.log(bytes / LOWEST_LEVEL_BYTES) / Math.log(4));
}

/**
 * Returns groups of a state that are to be merged into one, in the order of the state: several of one kind and level
 * that make at most one segment. Empty where nothing is to be merged. Groups that have reached half of a segment stay as
 * they are, and so do loose ones.
 *
 * Levels grow by a factor, so that a state has a few groups of each of O(log n) levels, and a record is written once for
 * each level.
 *
 * @spec DML-REM-0512
 * @spec DML-REM-0514
 */
export function planMerge(
  groups: readonly GroupEntry[],
  segmentBytes: number = SEGMENT_BYTES,
): readonly GroupEntry[] {
  return planLevel(
    groups.filter((group) => isMergeable(group, segmentBytes)),
    { kindOf: ({ kind }) => kind, bytesOf: groupBytesOf, maxBytes: segmentBytes },
  );
}

/** Checks whether a group may be merged with others. */
export function isMergeable(group: GroupEntry, segmentBytes: number = SEGMENT_BYTES): boolean {
  return group.kind !== 'loose' && groupBytesOf(group) * 2 < segmentBytes;
}

/** Facts of what is merged. */
export interface LevelOptions<Item> {
  /** Kind of an item; those that are merged are of one. */
  readonly kindOf: (item: Item) => string;
  readonly bytesOf: (item: Item) => number;
  /** Most bytes that are merged. */
  readonly maxBytes: number;
}

/** Returns items of the first level that has enough of them, in their order; empty where none has. */
export function planLevel<Item>(
  items: readonly Item[],
  { kindOf, bytesOf, maxBytes }: LevelOptions<Item>,
): readonly Item[] {
  const levels = new Map<string, Item[]>();
  for (const item of items) {
    const key = `${kindOf(item)} ${levelOf(bytesOf(item))}`;
    const level = levels.get(key);
    if (level === undefined) levels.set(key, [item]);
    else level.push(item);
  }
  for (const level of levels.values()) {
    if (level.length < MERGED_GROUPS) continue;
    const chosen = new Set<Item>();
    let total = 0;
    // The smallest first: where some are left over, those that are merged make more than half of a segment.
    for (const item of [...level].sort((left, right) => bytesOf(left) - bytesOf(right))) {
      total += bytesOf(item);
      // What is read is at most a segment, and what is written is no more. @spec DML-REM-0513
      if (total > maxBytes) break;
      chosen.add(item);
    }
    return level.filter((item) => chosen.has(item));
  }
  return [];
}
