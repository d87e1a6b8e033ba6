import { ObjectKeySet } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { checkHash, filePath } from '../format/file-path.ts';
import type { GroupEntry, GroupKind, SegmentEntry } from '../format/group.ts';
import { IndexObject, type IndexRow } from '../format/index-object.ts';
import type { FileOrigin } from '../format/read-json.ts';
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
  /** All by default; the answer is the same for the same object. */
  readonly isKept?: ((row: IndexRow) => boolean) | undefined;
  /** Hears of the bytes of the new index object once it was put. */
  readonly onIndex?: ((bytes: Buffer) => void) | undefined;
}

/** Files that are read at the same time, and held in memory. */
const PARALLEL_READS = 3;

/**
 * Writes the records of groups again, each once, and returns their new group; `gone` where a file of theirs is not there
 * any more, and undefined where nothing is kept. Holds a few segments, and about 50 bytes for each record.
 *
 * Throws `remote_damaged` for a record that does not hash to its id, with nothing put that a state will name.
 *
 * @spec DML-REM-0515
 */
export async function rewriteGroups(
  remote: Remote,
  groups: readonly GroupEntry[],
  { epoch, kind, segmentBytes, isKept, onIndex }: Rewriting,
): Promise<GroupEntry | 'gone' | undefined> {
  const writer = new GroupWriter(remote, { epoch, kind, segmentBytes, onIndex });
  try {
    for await (const objects of readAhead(segmentReads(remote.files, groups, isKept), PARALLEL_READS)) {
      if (objects === 'gone') return 'gone';
      for (const object of objects) {
        const put = writer.add(object);
        if (put !== undefined) await put;
      }
    }
    return await writer.finish();
  } finally {
    await writer.abandon();
  }
}

/** Rows of an index object, by their numbers. */
interface WantedRows {
  readonly index: IndexObject;
  readonly rows: readonly number[];
}

type SegmentRead = () => Promise<Iterable<SentObject> | 'gone'>;

/** Yields a task for each segment with records to write, which returns them in the order of the segment. */
async function* segmentReads(
  files: RemoteFiles,
  groups: readonly GroupEntry[],
  isKept: Rewriting['isKept'],
): AsyncGenerator<SegmentRead, void, undefined> {
  const written = new ObjectKeySet();
  const indexReads = groups.map((group) => async () => ({ group, index: await readIndex(files, group) }));
  for await (const { group, index } of readAhead(indexReads, PARALLEL_READS)) {
    if (index === undefined) {
      yield async () => 'gone';
      return;
    }
    for (const [number, rows] of rowsToWrite(index, written, isKept).entries())
      if (rows.length > 0)
        yield () => readObjects(files, group.segments[number] as SegmentEntry, { index, rows });
  }
}

/** Returns the numbers of the rows to write for each segment, by offset, and notes them as written. */
function rowsToWrite(index: IndexObject, written: ObjectKeySet, isKept: Rewriting['isKept']): number[][] {
  const rowsOf: number[][] = index.segments.map(() => []);
  for (let number = 0; number < index.count; number += 1) {
    if (isKept !== undefined && !isKept(index.row(number))) continue;
    if (written.add(index.objectKey(number))) rowsOf[index.position(number).segment]?.push(number);
  }
  for (const rows of rowsOf)
    rows.sort((left, right) => index.position(left).offset - index.position(right).offset);
  return rowsOf;
}

/** Reads a segment and returns the objects of some of its rows, each checked when its turn comes. */
async function readObjects(
  files: RemoteFiles,
  entry: SegmentEntry,
  wanted: WantedRows,
): Promise<Iterable<SentObject> | 'gone'> {
  const segment = await readSegment(files, entry);
  return segment === undefined
    ? 'gone'
    : objectsAt(segment, wanted, { remote: files.name, path: filePath('segments', entry.file) });
}

function* objectsAt(
  segment: Uint8Array,
  { index, rows }: WantedRows,
  origin: FileOrigin,
): Generator<SentObject, void, undefined> {
  for (const number of rows) {
    const row = index.row(number);
    yield { class: row.class, id: row.id, bytes: recordAt(segment, row, origin) };
  }
}
