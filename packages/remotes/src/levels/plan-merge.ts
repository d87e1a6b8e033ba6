import type { GroupEntry, GroupKind } from '../format/group.ts';
import { SEGMENT_BYTES } from '../format/segment.ts';

/** Groups of a level that are merged once there are that many. */
const MERGED_GROUPS = 4;
/** Size below which all groups are of the lowest level; each next level is four times as large. */
const LOWEST_LEVEL_BYTES = 65_536;

/** Returns the bytes of the segments of a group. */
export function segmentBytesOf(group: GroupEntry): number {
  return group.segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

function levelOf(bytes: number): number {
  return bytes < LOWEST_LEVEL_BYTES ? 0 : 1 + Math.floor(Math.log(bytes / LOWEST_LEVEL_BYTES) / Math.log(4));
}

/**
 * Returns groups of a state that are to be merged into one: several of one kind and level, whose segments make at most
 * one. Empty where nothing is to be merged. Groups whose segments have reached half of the size of one stay as they are,
 * and so do loose ones.
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
  const levels = new Map<string, { readonly group: GroupEntry; readonly bytes: number }[]>();
  for (const group of groups) {
    const bytes = segmentBytesOf(group);
    if (group.kind === 'loose' || bytes * 2 >= segmentBytes) continue;
    const key = `${group.kind satisfies GroupKind} ${levelOf(bytes)}`;
    const level = levels.get(key) ?? [];
    level.push({ group, bytes });
    levels.set(key, level);
  }
  for (const level of levels.values()) {
    if (level.length < MERGED_GROUPS) continue;
    level.sort((left, right) => left.bytes - right.bytes);
    const merged: GroupEntry[] = [];
    let total = 0;
    // What is read and what is written are at most a segment each. @spec DML-REM-0513
    for (const { group, bytes } of level) {
      if (total + bytes > segmentBytes) break;
      total += bytes;
      merged.push(group);
    }
    return merged;
  }
  return [];
}
