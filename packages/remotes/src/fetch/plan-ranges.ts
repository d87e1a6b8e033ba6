import type { ByteRange } from '../files/remote-files.ts';
import type { IndexRow } from '../format/index-object.ts';

/** A part of a segment, with the rows of the records that are wanted of it, by offset. */
export interface WantedRange extends ByteRange {
  readonly rows: readonly IndexRow[];
}

/** Longest part that is read with one request; more are read at the same time instead. */
const MAX_RANGE_BYTES = 16 * 2 ** 20;
/** Bytes that are read between two records that are wanted rather than asking twice. */
const MAX_GAP_BYTES = 65_536;

/**
 * Returns the parts of a segment to read for some of its records; those that are near each other are read together with
 * what lies between them. O(rows · log rows).
 *
 * @spec DML-REM-0903
 */
export function planRanges(rows: readonly IndexRow[]): WantedRange[] {
  const sorted = [...rows].sort((left, right) => left.offset - right.offset);
  const ranges: WantedRange[] = [];
  let current: IndexRow[] = [];
  for (const row of sorted) {
    const first = current[0];
    const last = current.at(-1);
    const isFar =
      first !== undefined &&
      last !== undefined &&
      (row.offset - last.offset - last.length > MAX_GAP_BYTES ||
        row.offset + row.length - first.offset > MAX_RANGE_BYTES);
    if (isFar) {
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
