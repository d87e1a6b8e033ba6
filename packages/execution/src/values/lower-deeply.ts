import { type BlobDatum, type DatumId, encodeRecord } from '@daggerml/object-model';
import { blobContent } from '../authoring/values.ts';
import type { FileIdentity } from '../files/file-identity.ts';
import { itemsOf } from './collection.ts';
import { lowerValue } from './lower.ts';
import { lowerStream } from './lower-blob.ts';
import type { StreamSink } from './object-access.ts';
import { fileStream } from './read-file.ts';

/** Stores the datum of a value that may hold blobs from streams and files. Throws what `lowerValue` throws. */
export async function lowerDeeply(value: unknown, sink: StreamSink, path: string): Promise<DatumId> {
  const prepared = new Map<object, DatumId>();
  for (const [source, content] of streamsIn(value)) {
    const datum = await ('path' in content ? lowerPath(content.path, sink) : lowerStream(content, sink));
    prepared.set(source, sink.putDatum(encodeRecord(datum)));
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

/**
 * Stores the bytes of a file as a blob. Rejects with `unreadable_file`, also for a file that is not as it was `seen`.
 */
export async function lowerFile(path: string, sink: StreamSink, seen?: FileIdentity): Promise<DatumId> {
  return sink.putDatum(encodeRecord(await lowerPath(path, sink, seen)));
}

async function lowerPath(path: string, sink: StreamSink, seen?: FileIdentity): Promise<BlobDatum> {
  return (await sink.lowerLargeFile?.(path, seen)) ?? (await lowerStream(fileStream(path, seen), sink));
}
