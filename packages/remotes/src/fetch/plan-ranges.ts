import type { ByteRange } from '../files/remote-files.ts';
import type { IndexRow } from '../format/index-object.ts';

/** A part of a segment, with the rows of the records that are wanted of it, by offset. */
export interface WantedRange extends ByteRange {
  readonly rows: readonly IndexRow[];
}

/** Longest part that is read with one request; more are read at the same time instead. */
const MAX_RANGE_BYTES = 16 * 2 ** 20;

/**
 * Returns the parts of a segment to read for some of its records: records that are near each other are read together
 * with what lies between them, which is at most half of what is wanted, the smallest gaps first. O(rows · log rows).
 *
 * @spec DML-REM-0903
 */
export function planRanges(rows: readonly IndexRow[]): WantedRange[] {
  const sorted = [...rows].sort((left, right) => left.offset - right.offset);
  const wantedBytes = sorted.reduce((sum, { length }) => sum + length, 0);
  const gaps: { readonly after: number; readonly bytes: number }[] = [];
  for (const [at, row] of sorted.entries()) {
    const next = sorted[at + 1];
    if (next !== undefined)
      gaps.push({ after: at, bytes: Math.max(0, next.offset - row.offset - row.length) });
  }
  gaps.sort((left, right) => left.bytes - right.bytes);
  const isCrossed = new Uint8Array(sorted.length);
  let crossedBytes = 0;
  for (const { after, bytes } of gaps) {
    crossedBytes += bytes;
    if (crossedBytes * 2 > wantedBytes) break;
    isCrossed[after] = 1;
  }
  const ranges: WantedRange[] = [];
  let current: IndexRow[] = [];
  for (const [at, row] of sorted.entries()) {
    const start = current[0]?.offset ?? row.offset;
    const isFar = at > 0 && (isCrossed[at - 1] === 0 || row.offset + row.length - start > MAX_RANGE_BYTES);
    if (isFar && current.length > 0) {
      ranges.push(rangeOf(current));
      current = [];
    }
    current.push(row);
  }
  if (current.length > 0) ranges.push(rangeOf(current));
  return ranges;
}

function rangeOf(rows: readonly IndexRow[]): WantedRange {
  const offset = (rows[0] as IndexRow).offset;
  const last = rows.at(-1) as IndexRow;
  return { offset, length: last.offset + last.length - offset, rows };
}
