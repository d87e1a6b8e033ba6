import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { checkHash, filePath } from '../format/file-path.ts';
import type { GroupEntry, GroupKind, SegmentEntry } from '../format/group.ts';
import { IndexObject, type IndexRow } from '../format/index-object.ts';
import { recordAt, type SentObject } from '../format/segment.ts';
import { GroupWriter } from '../push/put-groups.ts';
import type { Remote } from '../remote.ts';

/** Longest index object and segment that are read, whatever a state says. */
const MAX_FILE_BYTES = 2 ** 30;

/** Returns the bytes of a file that a state lists with a size; undefined where it was removed. */
async function readListed(
  files: RemoteFiles,
  path: string,
  sizeBytes: number,
): Promise<Uint8Array | undefined> {
  if (sizeBytes > MAX_FILE_BYTES)
    throw remoteError('remote_damaged', { remote: files.name, path, detail: 'length' });
  const bytes = await files.read(path, { offset: 0, length: sizeBytes });
  // @spec DML-REM-0507
  if (bytes !== undefined) checkHash(path, bytes, files.name);
  return bytes;
}

/** Returns the index object of a group; undefined where a collection has removed it. */
export async function readIndex(files: RemoteFiles, group: GroupEntry): Promise<IndexObject | undefined> {
  const path = filePath('indexes', group.index);
  const bytes = await readListed(files, path, group.bytes);
  if (bytes === undefined) return undefined;
  const index = IndexObject.parse(bytes, { remote: files.name, path });
  const isListed =
    index.count === group.entries &&
    index.segments.length === group.segments.length &&
    index.segments.every((name, number) => name === group.segments[number]?.file);
  if (!isListed) throw remoteError('remote_damaged', { remote: files.name, path, detail: 'group' });
  return index;
}

/** Returns the bytes of a segment; undefined where it was removed. Throws `remote_damaged`. */
export function readSegment(
  files: RemoteFiles,
  { file, bytes }: SegmentEntry,
): Promise<Uint8Array | undefined> {
  return readListed(files, filePath('segments', file), bytes);
}

/** Choice of the records of groups that are written again. */
export interface Rewriting {
  readonly epoch: number;
  readonly kind: GroupKind;
  readonly segmentBytes: number;
  /** All by default. */
  readonly isKept?: (row: IndexRow) => boolean;
}

/**
 * Writes the records of groups again, each once, and returns their new group; `gone` where a file of theirs is not there
 * any more, and undefined where nothing is kept. Holds one segment that is read and a few that are written.
 *
 * @spec DML-REM-0515
 */
export async function rewriteGroups(
  remote: Remote,
  groups: readonly GroupEntry[],
  { epoch, kind, segmentBytes, isKept = () => true }: Rewriting,
): Promise<GroupEntry | 'gone' | undefined> {
  const writer = new GroupWriter(remote, { epoch, kind, segmentBytes });
  const written = new Set<string>();
  try {
    for (const group of groups) {
      const index = await readIndex(remote.files, group);
      if (index === undefined) return 'gone';
      const rowsOf: IndexRow[][] = group.segments.map(() => []);
      for (let number = 0; number < index.count; number += 1) {
        const row = index.row(number);
        const key = `${row.class} ${row.id}`;
        if (!isKept(row) || written.has(key)) continue;
        written.add(key);
        rowsOf[row.segment]?.push(row);
      }
      for (const [number, rows] of rowsOf.entries()) {
        if (rows.length === 0) continue;
        const objects = await readObjects(remote.files, group.segments[number] as SegmentEntry, rows);
        if (objects === undefined) return 'gone';
        for (const object of objects) await writer.add(object);
      }
    }
    return await writer.finish();
  } finally {
    await writer.abandon();
  }
}

/** Returns the objects of rows of one segment, in the order of the segment. */
async function readObjects(
  files: RemoteFiles,
  entry: SegmentEntry,
  rows: IndexRow[],
): Promise<SentObject[] | undefined> {
  const segment = await readSegment(files, entry);
  if (segment === undefined) return undefined;
  const origin = { remote: files.name, path: filePath('segments', entry.file) };
  rows.sort((left, right) => left.offset - right.offset);
  return rows.map((row) => ({ class: row.class, id: row.id, bytes: recordAt(segment, row, origin) }));
}
