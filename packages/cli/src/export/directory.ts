import { type Datum, isDmlError, readDirectory } from '@daggerml/object-model';
import type { RecordReader } from '@daggerml/repository';
import type { PlannedEntry } from './plan.ts';

/** Longest name that file systems take. */
const MAX_NAME_BYTES = 255;
/** Details of the refusal of a map that is no directory. */
const NO_DIRECTORY: ReadonlySet<string> = new Set([
  'directory_form',
  'path_form',
  'path_conflict',
  'link_target',
  'map_key_length',
]);

/**
 * Lists what a directory becomes: what it was made of, under the very names. Undefined for a map that is no directory,
 * or has a name that no file has.
 */
export function planDirectory(
  reader: RecordReader,
  map: Datum & { kind: 'map' },
): PlannedEntry[] | undefined {
  const planned: PlannedEntry[] = [];
  try {
    for (const entry of readDirectory(map.root, reader)) {
      const { path } = entry;
      // @spec DML-CLI-0874
      if (path.split('/').some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) return undefined;
      const keys = [path];
      // @spec DML-CLI-0875
      if (entry.kind === 'empty-folder') planned.push({ path, keys, datum: undefined });
      else if (entry.kind === 'link') planned.push({ path, keys, datum: undefined, target: entry.target });
      else {
        const datum = reader.read('datum', entry.blobDatumId);
        // @spec DML-CLI-0870
        planned.push({ path, keys, datum, isExecutable: entry.isExecutable });
      }
    }
    return planned;
  } catch (error) {
    if (isDmlError(error) && NO_DIRECTORY.has(error.detail ?? '')) return undefined;
    throw error;
  }
}
