import type { Datum } from '@daggerml/object-model';
import { type RecordReader, valueJson } from '@daggerml/repository';

/** Characters of JSON text that are written at one time. */
const BATCH = 65_536;

/** Yields a value as JSON text that ends with a line feed. */
export function* jsonPieces(reader: RecordReader, datum: Datum): Generator<Uint8Array> {
  let text = '';
  for (const piece of valueJson(reader, datum)) {
    text += piece;
    if (text.length < BATCH) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}\n`);
}
