import type { Datum, DatumId } from '@daggerml/object-model';
import { liftDatum } from '@daggerml/values';
import { findObject } from '../names/find-object.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { objectValue } from './object-value.ts';

/** Returns the language value that a name stands for; throws as `findObject` and `objectValue`. */
export function readValue(reader: RecordReader, name: string): unknown {
  const { datumId, datum } = objectValue(reader, name, findObject(reader, name));
  // A member that stands inline in its collection is no object of the store.
  const readDatum = (id: DatumId): Datum => (id === datumId ? datum : reader.readDatum(id));
  const { pageCache } = reader;
  return liftDatum(
    { pageCache, readDatum, getPage: (id) => reader.getPage(id), readChunk: (id) => reader.readChunk(id) },
    datumId,
  );
}
