import {
  type Datum,
  type Element,
  isDmlError,
  readDirectory,
  treeCount,
  treeEntries,
} from '@daggerml/object-model';
import type { RecordReader } from '@daggerml/repository';
import { ExportLayout } from './entry-name.ts';

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

/** One file, link or empty folder that an export makes. */
export interface PlannedEntry {
  /** Path below the target; empty when the target itself is the file. */
  readonly path: string;
  /** Keys that lead to the value, from the outermost map. */
  readonly keys: readonly string[];
  /** Value of the file; undefined for a link and an empty folder. */
  readonly datum: Datum | undefined;
  /** The path that the link holds. */
  readonly target?: string;
  /** True when the file may be executed. */
  readonly isExecutable?: boolean;
}

type MapEntry = readonly [key: string, element: Element];

/** Lists what a map becomes, in the order of its keys; costs nothing for the bytes of blobs. */
export function planFolder(reader: RecordReader, map: Datum & { kind: 'map' }): PlannedEntry[] {
  const layout = new ExportLayout();
  const entriesOf = (datum: Datum & { kind: 'map' }): Iterator<MapEntry> =>
    treeEntries('map', datum.root, reader)[Symbol.iterator]();
  const planned: PlannedEntry[] = [];
  // Without recursion: maps may stand in one another as deep as they like.
  const open: { readonly keys: readonly string[]; readonly entries: Iterator<MapEntry> }[] = [
    { keys: [], entries: entriesOf(map) },
  ];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const next = level.entries.next();
    if (next.done) {
      open.pop();
      continue;
    }
    const [key, element] = next.value;
    const keys = [...level.keys, key];
    const datum = typeof element === 'string' ? reader.read('datum', element) : element;
    if (datum.kind !== 'map') {
      planned.push({ path: layout.place('file', keys, datum.kind === 'blob' ? '' : '.json'), keys, datum });
      continue;
    }
    if (treeCount('map', datum.root, reader) === 0) {
      planned.push({ path: layout.place('folder', keys), keys, datum: undefined });
      continue;
    }
    // @spec DML-CLI-0880
    const directory = planDirectory(reader, datum);
    if (directory === undefined) {
      open.push({ keys, entries: entriesOf(datum) });
      continue;
    }
    const folder = layout.place('directory', keys);
    for (const entry of directory)
      planned.push({ ...entry, path: `${folder}/${entry.path}`, keys: [...keys, ...entry.keys] });
  }
  return planned;
}

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
