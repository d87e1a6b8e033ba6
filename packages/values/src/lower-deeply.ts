import { type DatumId, encodeRecord } from '@daggerml/object-model';
import { itemsOf } from './collection.ts';
import { lowerValue, type Prepared, StreamFound } from './lower.ts';
import { asBytes, isStream, lowerStream, type StreamContent } from './lower-blob.ts';
import type { StreamSink } from './object-access.ts';
import { blobContent } from './wrapped-values.ts';

const nothingPrepared: Prepared = new Map();

/** The source of a blob threw, or gave something else than bytes; the error is in `cause`. */
export class SourceThrew extends Error {}

/**
 * Stores the datum of a value that may hold blobs from streams and files. Throws what `lowerValue` throws, and
 * `SourceThrew`.
 *
 * Only a value with streams is walked twice: they take time, in which the value could change.
 */
export async function lowerDeeply(value: unknown, sink: StreamSink, path: string): Promise<DatumId> {
  try {
    return lowerValue(value, sink, path, nothingPrepared);
  } catch (error) {
    if (!(error instanceof StreamFound)) throw error;
  }
  const prepared = new Map<object, DatumId>();
  for (const [source, content] of streamsIn(value)) {
    const datum = await ('path' in content
      ? sink.lowerFile?.(content.path)
      : lowerStream(piecesOf(content), sink));
    if (datum) prepared.set(source, sink.putDatum(encodeRecord(datum)));
  }
  return lowerValue(value, sink, path, prepared);
}

async function* piecesOf(content: Exclude<StreamContent, { path: string }>): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of content) yield asBytes(piece);
  } catch (error) {
    throw new SourceThrew('', { cause: error });
  }
}

/** Returns the blobs inside of a value that have to be waited for. */
function streamsIn(value: unknown): Map<object, StreamContent> {
  const found = new Map<object, StreamContent>();
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    try {
      const content = blobContent(next);
      if (content === undefined) {
        for (const item of itemsOf(next)) open.push(item);
      } else if (isStream(content)) {
        found.set(next, content);
      }
    } catch {
      // A part that throws when it is read is refused when it is lowered.
    }
  }
  return found;
}
