import {
  decodeRecord,
  hashBytes,
  isDmlError,
  OBJECT_CLASS_NUMBERS,
  type ObjectClass,
} from '@daggerml/object-model';
import { RAW } from '@daggerml/store';
import { readSections } from '../cache/read-sections.ts';
import { planRanges } from '../fetch/plan-ranges.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { filePath } from '../format/file-path.ts';
import type { SegmentEntry } from '../format/group.ts';
import type { IndexRow } from '../format/index-object.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment.ts';

/** Bytes of the CID before a record in its section, and where its codec stands in it. */
const CID_BYTES = 36;
const CODEC_AT = 1;

/** A row of a damaged segment, with its record where that can be read. */
export interface RowRecord {
  readonly row: IndexRow;
  readonly bytes: Uint8Array | undefined;
}

/** Yields the rows of a segment that may be damaged, by their offsets, each with its record where that hashes to its id. */
export async function* readRows(
  files: RemoteFiles,
  { file }: SegmentEntry,
  rows: readonly IndexRow[],
): AsyncGenerator<RowRecord, void, undefined> {
  const path = filePath('segments', file);
  for (const range of planRanges(rows)) {
    const part = await readIfPlain(files, path, range);
    for (const row of range.rows) {
      const at = row.offset - range.offset;
      const bytes = part?.subarray(at, at + row.length);
      const isSound = bytes?.length === row.length && hashBytes(bytes) === row.id;
      yield { row, bytes: isSound ? bytes : undefined };
    }
  }
}

/** Returns a part of a file; undefined also where something else stands in its place. */
export async function readIfPlain(
  files: RemoteFiles,
  path: string,
  range?: { readonly offset: number; readonly length: number },
): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path, range);
  } catch (error) {
    if (isDmlError(error) && error.code === 'remote_damaged') return undefined;
    throw error;
  }
}

/** Returns the rows of the records of a segment that hash to their ids, as far as its sections can be told apart. */
export function rowsIn(segment: Uint8Array, number: number): IndexRow[] {
  const rows: IndexRow[] = [];
  for (const { id, bytes } of readSections(segment.subarray(SEGMENT_HEADER_BYTES))) {
    if (hashBytes(bytes) !== id) continue;
    const offset = bytes.byteOffset - segment.byteOffset;
    const isChunk = segment[offset - CID_BYTES + CODEC_AT] === RAW;
    const objectClass = isChunk ? 'chunk' : classOfRecord(bytes);
    if (objectClass !== undefined)
      rows.push({ class: objectClass, id, segment: number, offset, length: bytes.length });
  }
  return rows;
}

/** Returns the class of a record; undefined for bytes that are no object of a class. */
function classOfRecord(bytes: Uint8Array): ObjectClass | undefined {
  try {
    const { type } = decodeRecord(bytes);
    return Object.hasOwn(OBJECT_CLASS_NUMBERS, type) ? (type as ObjectClass) : undefined;
  } catch {
    return undefined;
  }
}
