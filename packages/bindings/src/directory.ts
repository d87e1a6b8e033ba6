import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { lowerFile, type StreamSink } from '@daggerml/execution';
import {
  buildDirectory,
  canonicalFilePath,
  type DatumId,
  type DirectoryFile,
  encodeRecord,
} from '@daggerml/object-model';
import { bindingsError } from './errors.ts';
import { isRepository, REPOSITORY_MARK } from './folder.ts';

/**
 * Stores a folder as the map of its files. Rejects with `unreadable_file`.
 *
 * @spec DML-BND-0906
 */
export async function lowerDirectory(folder: string, sink: StreamSink): Promise<DatumId> {
  const files: DirectoryFile[] = [];
  const seen = new Map<string, string>();
  for (const path of filesBelow(folder)) {
    const canonical = canonicalPath(folder, path);
    const other = seen.get(canonical);
    if (other !== undefined)
      throw unreadable(join(folder, path), `its name is the same text as that of ${other}`);
    seen.set(canonical, path);
    files.push([canonical, await lowerFile(join(folder, path), sink)]);
  }
  return sink.putDatum(encodeRecord({ type: 'datum', kind: 'map', root: buildDirectory(files, sink) }));
}

/** A folder on the way down, with the real paths of those above it. */
interface Level {
  readonly prefix: string;
  readonly above: readonly string[];
}

function* filesBelow(
  folder: string,
  { prefix, above }: Level = { prefix: '', above: [] },
): Generator<string> {
  const path = join(folder, prefix.slice(0, -1));
  const entries = entriesOf(path);
  const real = realpathSync(path);
  // @spec DML-BND-0912
  if (above.includes(real)) throw unreadable(path, 'it is a link to a folder that it is in');
  for (const entry of entries) {
    const name = textOf(entry.name, path);
    const below = `${prefix}${name}`;
    if (entry.isFile()) yield below;
    else if (entry.isDirectory() || entry.isSymbolicLink()) {
      const found = entry.isSymbolicLink() ? target(join(folder, below)) : undefined;
      if (found?.isFile()) yield below;
      else if (found && !found.isDirectory()) throw neither(join(folder, below));
      // @spec DML-BND-0913
      else if (name !== REPOSITORY_MARK || !isRepository(path)) {
        yield* filesBelow(folder, { prefix: `${below}/`, above: [...above, real] });
      }
    } else throw neither(join(folder, below));
  }
}

/** @spec DML-BND-0907 */
function neither(path: string): Error {
  return unreadable(path, 'it is neither a file nor a folder');
}

function target(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw unreadable(path, `it is a link to what is not there (${codeOf(error)})`, error);
  }
}

function entriesOf(path: string): Dirent<Buffer>[] {
  try {
    return readdirSync(path, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    throw unreadable(path, codeOf(error), error);
  }
}

/** The name of an entry; a name is bytes, a path of the map is text. */
function textOf(name: Buffer, folder: string): string {
  const text = name.toString('utf8');
  // @spec DML-BND-0914
  if (!Buffer.from(text, 'utf8').equals(name)) throw unreadable(join(folder, text), 'its name is not UTF-8');
  return text;
}

function canonicalPath(folder: string, path: string): string {
  try {
    return canonicalFilePath(path);
  } catch (error) {
    throw unreadable(join(folder, path), 'its name has a backslash, or is too long', error);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

function unreadable(path: string, reason: string, cause?: unknown): Error {
  return bindingsError('unreadable_file', { path, reason }, cause);
}
