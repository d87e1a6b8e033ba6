import { type CborValue, Float64 } from '../cbor/value.ts';
import type { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/**
 * Checks an i64 in memory.
 *
 * @spec DML-OBJ-1004
 */
export function checkI64(value: unknown): bigint {
  if (typeof value !== 'bigint') fail('field_type', { expected: 'bigint' });
  if (value < I64_MIN || value > I64_MAX) fail('i64_range');
  return value;
}

/** Reads an i64 field; the scan of the bytes has checked its range. */
export function readI64(value: CborValue | undefined): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number') fail('field_type', { expected: 'integer' });
  return BigInt(value);
}

/**
 * Writes a float: a finite one as a float, the others spelled out.
 *
 * @spec DML-OBJ-1005
 */
export function writeF64(target: CborWriter, value: unknown): void {
  if (typeof value !== 'number') fail('field_type', { expected: 'number' });
  // `+0` for `-0`. @spec DML-OBJ-1007
  if (Number.isFinite(value)) target.float64(value + 0);
  else target.text(Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');
}

/** Reads a float field. */
export function readF64(value: CborValue | undefined): number {
  if (value instanceof Float64) return value.value;
  if (typeof value !== 'string') fail('field_type', { expected: 'float' });
  if (value === 'nan') return Number.NaN;
  if (value === 'inf') return Number.POSITIVE_INFINITY;
  // @spec DML-OBJ-1006
  return value === '-inf' ? Number.NEGATIVE_INFINITY : fail('f64_spelling');
}
