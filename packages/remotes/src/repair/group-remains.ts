import { putNewFile } from '../files/put-new-file.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { checkHash, filePath } from '../format/file-path.ts';
import type { GroupEntry, SegmentEntry } from '../format/group.ts';
import { IndexObject, type IndexRow, IndexRows } from '../format/index-object.ts';
import { readIndex } from '../levels/merge-groups.ts';
import type { Remote } from '../remote.ts';
import { readIfPlain, rowsIn } from './readable-records.ts';

/** Longest segment that is read whole, to find what it holds without an index object. */
const MAX_SEGMENT_BYTES = 2 ** 30;

/** A group with its index object. */
export interface IndexedGroup {
  readonly group: GroupEntry;
  readonly index: IndexObject;
}

/** A segment that cannot be read as a whole, and what is known to be in it. */
export interface DamagedSegment {
  readonly entry: SegmentEntry;
  readonly rows: readonly IndexRow[];
}

/** Remains of a damaged group. */
export interface GroupRemains {
  readonly group: GroupEntry;
  /** Its sound segments under a new index object; undefined where it has none. */
  readonly sound: IndexedGroup | undefined;
  readonly damaged: readonly DamagedSegment[];
}

/** Finds out what is left of damaged groups. */
export interface RemainsOptions {
  /** Paths of the files that are missing or damaged. */
  readonly damagedPaths: ReadonlySet<string>;
  /** Epoch of the new index objects. */
  readonly epoch: number;
}

/**
 * Returns what is left of a group with damaged files, and puts an index object over its sound segments, which stay as
 * they are. Without its own index object the segments are read to find what they hold.
 */
export async function remainsOf(
  remote: Remote,
  group: GroupEntry,
  { damagedPaths, epoch }: RemainsOptions,
): Promise<GroupRemains> {
  const { files } = remote;
  const hasIndex = !damagedPaths.has(filePath('indexes', group.index));
  const index = hasIndex ? await readIndex(files, group) : undefined;
  const isSound = (entry: SegmentEntry): boolean => !damagedPaths.has(filePath('segments', entry.file));
  const rows = new IndexRows();
  const segments: SegmentEntry[] = [];
  const damaged: DamagedSegment[] = [];
  if (index === undefined) {
    for (const entry of group.segments) {
      const found = await readSegmentRows(files, entry, segments.length);
      if (!found.isSound || !isSound(entry)) {
        damaged.push({ entry, rows: found.rows });
        continue;
      }
      for (const row of found.rows) rows.add(row.class, row.id, row);
      segments.push(entry);
    }
  } else {
    const numbers = group.segments.map((entry) => (isSound(entry) ? segments.push(entry) - 1 : -1));
    const rowsOf: IndexRow[][] = group.segments.map(() => []);
    for (let number = 0; number < index.count; number += 1) {
      const row = index.row(number);
      const segment = numbers[row.segment] as number;
      if (segment < 0) rowsOf[row.segment]?.push(row);
      else rows.add(row.class, row.id, { ...row, segment });
    }
    for (const [number, entry] of group.segments.entries())
      if ((numbers[number] as number) < 0) damaged.push({ entry, rows: rowsOf[number] as IndexRow[] });
  }
  return { group, sound: await putIndex(remote, { group, rows, segments, epoch }), damaged };
}

/** Returns the records that can be read in a segment, and whether it is the one that its name says. */
async function readSegmentRows(
  files: RemoteFiles,
  { file, bytes: length }: SegmentEntry,
  number: number,
): Promise<{ readonly rows: readonly IndexRow[]; readonly isSound: boolean }> {
  const path = filePath('segments', file);
  const range = { offset: 0, length: Math.min(length, MAX_SEGMENT_BYTES) };
  const bytes = await readIfPlain(files, path, range);
  if (bytes === undefined) return { rows: [], isSound: false };
  const rows = rowsIn(bytes, number);
  try {
    checkHash(path, bytes, files.name);
    return { rows, isSound: true };
  } catch {
    return { rows, isSound: false };
  }
}

interface IndexToPut {
  readonly group: GroupEntry;
  readonly rows: IndexRows;
  readonly segments: readonly SegmentEntry[];
  readonly epoch: number;
}

async function putIndex(
  remote: Remote,
  { group, rows, segments, epoch }: IndexToPut,
): Promise<IndexedGroup | undefined> {
  if (rows.count === 0) return undefined;
  const { bytes, entries } = rows.encode(segments.map(({ file }) => file));
  const { name, path, put } = putNewFile(remote, 'indexes', { epoch, bytes });
  await put;
  return {
    group: { bytes: bytes.length, entries, index: name, kind: group.kind, segments },
    index: IndexObject.parse(bytes, { remote: remote.files.name, path }),
  };
}
