import type { Datum, DatumId, DatumKind } from '@daggerml/object-model';
import type { RecordSource } from '../nodes/stored-value.ts';
import { valueForPeople, valueJson } from '../views/value-json.ts';

/** Characters of the JSON text of a value in a table; a longer one is cut. */
const MAX_JSON_LENGTH = 1_000;
/** Digits of a number that a person reads. */
const SHOWN_DIGITS = 6;

/** A value as one field of a table or comparison. */
export interface ValueCell {
  readonly kind: DatumKind;
  /** JSON text on one line; its beginning where the value is cut. */
  readonly json: string;
  /** Set where the value is cut, for the rest. */
  readonly cut?: DatumId;
  /** The text for people, cut likewise, where the JSON text has blobs. */
  readonly text?: string;
}

/** Returns a value as a field. */
export function cellOf(source: RecordSource, datum: Datum, datumId: DatumId): ValueCell {
  const { text: json, isCut } = beginning(valueJson(source, datum));
  const people = json.includes(BLOB_MARK) ? beginning(valueForPeople(source, datum)) : undefined;
  return {
    kind: datum.kind,
    json,
    ...(isCut && { cut: datumId }),
    ...(people !== undefined && { text: people.isCut ? `${people.text}…` : people.text }),
  };
}

/** Beginning of a blob in JSON text; inside of a text the quotes are escaped. */
const BLOB_MARK = '{"/":{"blob":';

/** Returns the beginning of a text on one line. */
function beginning(pieces: Iterable<string>): { readonly text: string; readonly isCut: boolean } {
  let text = '';
  for (const piece of pieces) {
    text += piece.replace(/\n\s*/g, ' ');
    if (text.length > MAX_JSON_LENGTH)
      return { text: text.slice(0, MAX_JSON_LENGTH).toWellFormed(), isCut: true };
  }
  return { text, isCut: false };
}

/** Checks whether two fields hold the same value; a missing one is another. */
export function isSameCell(left: ValueCell | undefined, right: ValueCell | undefined): boolean {
  return left?.json === right?.json && left?.cut === right?.cut;
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

/** Returns a field as JSON value, whole where its source is given, else the beginning of its text where it is cut. */
export function cellValue(cell: ValueCell, source?: RecordSource): unknown {
  if (cell.cut === undefined) return JSON.parse(cell.json);
  return source === undefined ? `${cell.json}…` : JSON.parse(wholeJson(source, cell.cut));
}

/** Returns a field as data for another program, whole: text without quotes, anything else in its JSON form. */
export function cellData(cell: ValueCell, source: RecordSource): string {
  const json = cell.cut === undefined ? cell.json : wholeJson(source, cell.cut);
  return cell.kind === 'string' ? (JSON.parse(json) as string) : json;
}

function wholeJson(source: RecordSource, datumId: DatumId): string {
  return Array.from(valueJson(source, source.read('datum', datumId)), (piece) =>
    piece.replace(/\n\s*/g, ' '),
  ).join('');
}

/** Returns a field for people: numbers with six digits. */
export function cellText(cell: ValueCell): string {
  const number = cell.kind === 'f64' ? cellNumber(cell) : undefined;
  if (number !== undefined) return String(Number(number.toPrecision(SHOWN_DIGITS)));
  if (cell.text !== undefined) return cell.text;
  const isText = cell.kind === 'string';
  // A cut text has no quote at its end, and may end inside of an escape.
  if (cell.cut !== undefined) return `${isText ? cell.json.slice(1) : cell.json}…`;
  return isText ? (JSON.parse(cell.json) as string) : cell.json;
}
