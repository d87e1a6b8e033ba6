import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lowerFile, type StreamSink } from '@daggerml/execution';
import { buildDirectory, type DatumId, type DirectoryFile, encodeRecord } from '@daggerml/object-model';
import { bindingsError } from './errors.ts';

/**
 * Stores a folder as the map of its files. Rejects with `unreadable_file`.
 *
 * @spec DML-BND-0906
 */
export async function lowerDirectory(folder: string, sink: StreamSink): Promise<DatumId> {
  const files: DirectoryFile[] = [];
  for (const path of filesBelow(folder, '')) files.push([path, await lowerFile(join(folder, path), sink)]);
  return sink.putDatum(encodeRecord({ type: 'datum', kind: 'map', root: buildDirectory(files, sink) }));
}

function* filesBelow(folder: string, prefix: string): Generator<string> {
  for (const entry of entriesOf(join(folder, prefix))) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(folder, `${path}/`);
    else if (entry.isFile()) yield path;
    // @spec DML-BND-0907
    else
      throw bindingsError('unreadable_file', {
        path: join(folder, path),
        reason: 'neither a file nor a folder',
      });
  }
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw bindingsError(
      'unreadable_file',
      { path, reason: (error as NodeJS.ErrnoException).code ?? 'unknown' },
      error,
    );
  }
}
