import type { CommitId, ObjectClass, ObjectId } from '@daggerml/object-model';
import { DAG_CBOR, encodeHead, encodeSection, type RefName, recordBlock, refBlock } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import type { Absences } from '../format/absences.ts';
import { filePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import type { IndexRow } from '../format/index-object.ts';
import { recordAt, SEGMENT_HEADER_BYTES, sectionOf } from '../format/segment.ts';
import { readIndex, readSegment } from '../levels/merge-groups.ts';
import { FileGone } from '../state/file-gone.ts';
import { inKeyOrder } from './key-order.ts';
import { planRanges, type WantedRange } from './plan-ranges.ts';
import { readAhead } from './read-ahead.ts';

/** Segments or parts of them that are read at the same time, and held in memory. */
const PARALLEL_READS = 3;

/** Requests of a fetch, and bytes and objects that they brought. */
export interface FetchCounts {
  requests: number;
  bytes: number;
  objects: number;
}

/** Source of a fetch. */
export interface FetchSource {
  readonly files: RemoteFiles;
  readonly counts: FetchCounts;
  readonly onProgress?: ((counts: Readonly<FetchCounts>) => void) | undefined;
  /** Check whether an object need not be read; undefined where nothing is here, and segments are read whole. */
  readonly isHere?: ((objectClass: ObjectClass, id: ObjectId) => boolean) | undefined;
}

/** Yields the head of a CARv1 stream: its header, the refs, and what stands for absent objects. */
export function* streamHead(
  refs: readonly { readonly ref: RefName; readonly commitId: CommitId }[],
  absences: Absences,
): Generator<Uint8Array, void, undefined> {
  const blocks = refs.map(refBlock);
  yield encodeHead(blocks.map(({ link }) => link));
  for (const { link, bytes } of blocks) yield encodeSection(link, bytes);
  for (const { bytes } of absences.values()) {
    const { link } = recordBlock(bytes);
    yield encodeSection({ codec: DAG_CBOR, id: link.id }, bytes);
  }
}

/** Yields the sections of what groups hold and is not here. Throws `FileGone`. */
export async function* groupSections(
  source: FetchSource,
  groups: readonly GroupEntry[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { isHere } = source;
  if (isHere === undefined)
    return yield* wholeSegments(
      source,
      groups.flatMap((group) => group.segments),
    );
  for (const group of groups) {
    const index = await readIndex(source.files, group);
    count(source, group.bytes);
    if (index === undefined) throw new FileGone(filePath('indexes', group.index));
    const wanted: IndexRow[][] = group.segments.map(() => []);
    for (let number = 0; number < index.count; number += 1) {
      const row = index.row(number);
      if (!isHere(row.class, row.id)) wanted[row.segment]?.push(row);
    }
    for (const [number, rows] of wanted.entries())
      if (rows.length > 0) yield* rowSections(source, index.segments[number] as string, rows);
  }
}

async function* wholeSegments(
  source: FetchSource,
  segments: GroupEntry['segments'],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { files } = source;
  const tasks = segments.map((entry) => async () => ({
    file: entry.file,
    bytes: await readSegment(files, entry),
  }));
  for await (const { file, bytes } of readAhead(tasks, PARALLEL_READS)) {
    if (bytes === undefined) throw new FileGone(filePath('segments', file));
    count(source, bytes.length);
    yield* inKeyOrder(bytes.subarray(SEGMENT_HEADER_BYTES));
  }
}

/** Yields the sections of some records of a segment. Throws `FileGone`. */
async function* rowSections(
  source: FetchSource,
  file: string,
  rows: readonly IndexRow[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { files } = source;
  const path = filePath('segments', file);
  const tasks = planRanges(rows).map((range) => async () => ({ range, part: await files.read(path, range) }));
  for await (const { range, part } of readAhead(tasks, PARALLEL_READS)) {
    if (part === undefined) throw new FileGone(path);
    count(source, part.length);
    for (const object of objectsIn(part, range, { remote: files.name, path })) yield sectionOf(object);
    source.counts.objects += range.rows.length;
  }
}

/** Yields the records of a part of a segment, checked. */
export function* objectsIn(
  part: Uint8Array,
  range: WantedRange,
  origin: { readonly remote: string; readonly path: string },
): Generator<{ class: ObjectClass; id: ObjectId; bytes: Uint8Array }, void, undefined> {
  // @spec DML-REM-0506
  if (part.length !== range.length) throw remoteError('remote_damaged', { ...origin, detail: 'truncated' });
  for (const row of range.rows) {
    const { class: objectClass, id, length } = row;
    yield {
      class: objectClass,
      id,
      bytes: recordAt(part, { id, offset: row.offset - range.offset, length }, origin),
    };
  }
}

/** Counts one answer of the remote. */
export function count(source: FetchSource, bytes: number): void {
  source.counts.requests += 1;
  source.counts.bytes += bytes;
  source.onProgress?.(source.counts);
}
