import type { ByteRange } from '../files/remote-files.ts';
import type { IndexRow } from '../format/index-object.ts';

/** A part of a file, with the rows of what is wanted of it, by offset: of records, unless they say more. */
export interface WantedRange<Row extends ByteRange = IndexRow> extends ByteRange {
  readonly rows: readonly Row[];
}

/** Longest part that is read with one request; more are read at the same time instead. */
const MAX_RANGE_BYTES = 16 * 2 ** 20;
/** Bytes that are read between two records that are wanted rather than asking twice. */
const MAX_GAP_BYTES = 65_536;

/**
 * Returns the parts of a file to read for some of its records; those that are near each other are read together with
 * what lies between them. O(rows · log rows).
 *
 * @spec DML-REM-0903
 */
export function planRanges<Row extends ByteRange = IndexRow>(rows: readonly Row[]): WantedRange<Row>[] {
  const sorted = [...rows].sort((left, right) => left.offset - right.offset);
  const ranges: WantedRange<Row>[] = [];
  let current: Row[] = [];
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

function rangeOf<Row extends ByteRange>(rows: readonly Row[]): WantedRange<Row> {
  const offset = (rows[0] as Row).offset;
  const last = rows.at(-1) as Row;
  return { offset, length: last.offset + last.length - offset, rows };
}
