import { fail } from '../errors.ts';
import { DATUM_KIND_NUMBERS, datumKindOf, HIGHEST_DATUM_KIND } from './datum-kind.ts';
import {
  checkCount,
  checkFieldCount,
  type Fields,
  hexField,
  readCount,
  readHex,
  readRegistered,
} from './fields.ts';
import type { BlobDatum, Datum } from './record-types.ts';
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
      return blobFields(datum);
    default:
      return scalarFields(datum);
  }
}

/** Reads a datum from its fields. */
export function readDatum(fields: Fields): Datum {
  const kind = datumKindOf(readRegistered(fields[0], HIGHEST_DATUM_KIND, 'datum_kind'));
  switch (kind) {
    case undefined:
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
      return checkBlob({
        type: 'datum',
        kind,
        sizeBytes: readCount(fields[1]),
        contentSha256: readHex(fields[2], 32),
        root: readRoot('chunks', fields[3]),
      });
    default:
      return isScalarKind(kind) ? readScalar(kind, fields) : fail('datum_kind');
  }
}

function blobFields(blob: BlobDatum): Fields {
  const fields = [
    DATUM_KIND_NUMBERS.blob,
    checkCount(blob.sizeBytes),
    hexField(blob.contentSha256, 32),
    rootValue('chunks', blob.root),
  ];
  checkBlob(blob);
  return fields;
}

/** SHA-256 of no bytes. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Checks what a blob says of embedded chunks, and returns it; chunks in pages show nothing by themselves. */
export function checkBlob(blob: BlobDatum): BlobDatum {
  const { root, sizeBytes, contentSha256 } = blob;
  if (typeof root === 'string') return blob;
  let lengthBytes = 0;
  for (const [, chunkBytes] of root) lengthBytes += chunkBytes;
  // @spec DML-OBJ-1013
  if (lengthBytes !== sizeBytes) fail('blob_size', { sizeBytes, lengthBytes });
  // @spec DML-OBJ-1014
  if (root.length < 2 && (root[0]?.[0] ?? EMPTY_SHA256) !== contentSha256) fail('blob_content');
  return blob;
}
