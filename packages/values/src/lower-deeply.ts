import { type DatumId, encodeRecord } from '@daggerml/object-model';
import { itemsOf } from './collection.ts';
import { lowerValue } from './lower.ts';
import { lowerStream } from './lower-blob.ts';
import type { StreamSink } from './object-access.ts';
import { blobContent } from './wrapped-values.ts';

/** Stores the datum of a value that may hold blobs from streams and files. Throws what `lowerValue` throws. */
export async function lowerDeeply(value: unknown, sink: StreamSink, path: string): Promise<DatumId> {
  const prepared = new Map<object, DatumId>();
  for (const [source, content] of streamsIn(value)) {
    const datum = await ('path' in content ? sink.lowerFile?.(content.path) : lowerStream(content, sink));
    if (datum) prepared.set(source, sink.putDatum(encodeRecord(datum)));
  }
  return lowerValue(value, sink, path, prepared);
}

type StreamContent = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | { readonly path: string };

/** Finds the blobs inside of a value that have to be waited for. */
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
      } else if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
        found.set(next, content);
      }
    } catch {
      // What throws when it is read is refused when it is lowered.
    }
  }
  return found;
}
