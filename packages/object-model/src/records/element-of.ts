import type { DatumId } from '../ids.ts';
import { isInline } from './element.ts';
import { encodeRecord } from './encode-record.ts';
import type { Datum, Element } from './record-types.ts';

/**
 * Returns the element of a datum: the scalar itself where the inline rule says so, else the datum's id.
 *
 * `putDatum` receives the encoded record of a datum that does not stand inline and returns its id.
 * Throws what encoding the datum throws.
 *
 * @spec DML-OBJ-1102
 */
export function elementOf(datum: Datum, putDatum: (bytes: Uint8Array) => DatumId): Element {
  return isInline(datum) ? datum : putDatum(encodeRecord(datum));
}
