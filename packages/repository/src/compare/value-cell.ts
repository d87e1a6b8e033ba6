import type { Datum, DatumKind } from '@daggerml/object-model';
import type { RecordSource } from '../nodes/stored-value.ts';
import { valueJson } from '../views/value-json.ts';

/** Characters of the JSON text of a value in a table; a longer one is cut. */
const MAX_JSON_LENGTH = 1_000;
/** Digits of a number that a person reads. */
const SHOWN_DIGITS = 6;

/** A value as one field of a table or comparison. */
export interface ValueCell {
  readonly kind: DatumKind;
  /** JSON text on one line; its beginning where the value is cut. */
  readonly json: string;
  readonly isCut: boolean;
}

/** Returns a value as a field. */
export function cellOf(source: RecordSource, datum: Datum): ValueCell {
  let json = '';
  for (const piece of valueJson(source, datum)) {
    json += piece.replace(/\n\s*/g, ' ');
    if (json.length > MAX_JSON_LENGTH)
      return { kind: datum.kind, json: json.slice(0, MAX_JSON_LENGTH).toWellFormed(), isCut: true };
  }
  return { kind: datum.kind, json, isCut: false };
}

/** Returns the number of a field; undefined where it is none. */
export function cellNumber({ kind, json }: ValueCell): number | undefined {
  if (kind !== 'i64' && kind !== 'f64') return undefined;
  const value: unknown = JSON.parse(json);
  if (typeof value === 'number') return value;
  const { i64, f64 } = (value as { readonly '/': { readonly i64?: string; readonly f64?: string } })['/'];
  if (i64 !== undefined) return Number(i64);
  return f64 === 'nan' ? Number.NaN : f64 === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/** Returns a field as JSON value; text where it is cut. */
export function cellValue({ json, isCut }: ValueCell): unknown {
  return isCut ? `${json}…` : JSON.parse(json);
}

/** Returns a field as data for another program: text without quotes, anything else in its JSON form. */
export function cellData(cell: ValueCell): string {
  if (cell.kind !== 'string') return cell.isCut ? `${cell.json}…` : cell.json;
  // A cut text has no quote at its end, and may end inside of an escape.
  return cell.isCut ? `${cell.json.slice(1)}…` : (JSON.parse(cell.json) as string);
}

/** Returns a field for people: numbers with six digits. */
export function cellText(cell: ValueCell): string {
  const number = cell.kind === 'f64' ? cellNumber(cell) : undefined;
  if (number === undefined) return cellData(cell);
  return String(Number(number.toPrecision(SHOWN_DIGITS)));
}
