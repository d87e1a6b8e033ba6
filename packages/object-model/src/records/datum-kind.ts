import type { DatumKind } from './record-types.ts';

/**
 * Kind numbers of datums.
 *
 * @spec DML-OBJ-1001
 */
export const DATUM_KIND_NUMBERS: Readonly<Record<DatumKind, number>> = {
  null: 1,
  bool: 2,
  i64: 3,
  f64: 4,
  bytes: 5,
  string: 6,
  uri: 7,
  list: 8,
  set: 9,
  map: 10,
  blob: 11,
};

/** Greatest kind number; what is above belongs to a newer format. */
export const HIGHEST_DATUM_KIND: number = Object.keys(DATUM_KIND_NUMBERS).length;
