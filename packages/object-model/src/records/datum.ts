import { fail } from '../errors.ts';
import { DATUM_KIND_NUMBERS, datumKindOf } from './datum-kind.ts';
import {
  checkCount,
  checkFieldCount,
  type Fields,
  hexField,
  readCount,
  readHex,
  readKindNumber,
} from './fields.ts';
import type { Datum } from './record-types.ts';
import { readRoot, rootValue } from './root.ts';
import { isScalarKind, readScalar, scalarFields } from './scalar.ts';

/** Yields the fields of a datum, checked. */
export function datumFields(datum: Datum): Fields {
  switch (datum.kind) {
    // @spec DML-OBJ-1008
    case 'list':
      return [DATUM_KIND_NUMBERS.list, rootValue('list', datum.root)];
    // @spec DML-OBJ-1009
    case 'set':
      return [DATUM_KIND_NUMBERS.set, rootValue('set', datum.root)];
    // @spec DML-OBJ-1010
    case 'map':
      return [DATUM_KIND_NUMBERS.map, rootValue('map', datum.root)];
    // @spec DML-OBJ-1012
    case 'blob':
      return [
        DATUM_KIND_NUMBERS.blob,
        checkCount(datum.sizeBytes),
        hexField(datum.contentSha256, 32),
        rootValue('chunks', datum.root),
      ];
    default:
      return scalarFields(datum);
  }
}

/** Reads a datum from its fields. */
export function readDatum(fields: Fields): Datum {
  const kind = datumKindOf(readKindNumber(fields[0], 'datum_kind'));
  switch (kind) {
    case undefined:
      // @spec DML-OBJ-1002
      return fail('datum_kind');
    case 'list':
      checkFieldCount(fields, 2);
      return { type: 'datum', kind, root: readRoot('list', fields[1]) };
    case 'set':
      checkFieldCount(fields, 2);
      return { type: 'datum', kind, root: readRoot('set', fields[1]) };
    case 'map':
      checkFieldCount(fields, 2);
      return { type: 'datum', kind, root: readRoot('map', fields[1]) };
    case 'blob':
      checkFieldCount(fields, 4);
      return {
        type: 'datum',
        kind,
        sizeBytes: readCount(fields[1]),
        contentSha256: readHex(fields[2], 32),
        root: readRoot('chunks', fields[3]),
      };
    default:
      return isScalarKind(kind) ? readScalar(kind, fields) : fail('datum_kind');
  }
}
