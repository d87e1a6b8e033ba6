import { readBlob } from '@daggerml/object-model';
import { StoredBlob } from '@daggerml/values';
import type { RecordReader } from '../workspace/record-reader.ts';
import { type Fields, fieldsOf, type RanExec, receiptOf } from './receipt-of.ts';

/** Bytes in a row that a call printed to one stream. */
export interface LogPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

/** The recorded output of a call. */
export interface CallLog {
  /** In the order in which they were printed. */
  readonly pieces: readonly LogPiece[];
  /** Size of the part that was not kept, between the pieces before and from `piece` on. */
  readonly leftOut?: { readonly piece: number; readonly sizeBytes: number };
}

const NO_OUTPUT: CallLog = { pieces: [] };

/**
 * Reads what a call printed from its receipt; no pieces where it printed nothing, or where none was kept.
 *
 * @spec DML-REP-0401
 */
export function callLog(reader: RecordReader, exec: RanExec): CallLog {
  const log = fieldsOf(receiptOf(reader, exec).log);
  const { content } = log;
  if (typeof content !== 'object' || content === null || !StoredBlob.is(content)) return NO_OUTPUT;
  const datum = reader.readDatum(StoredBlob.datumIdOf(content as StoredBlob));
  if (datum.kind !== 'blob') return NO_OUTPUT;
  return logOf(Buffer.concat([...readBlob(datum, reader)]), log);
}

/** Cuts the bytes of a log into pieces; what its runs do not cover counts as stdout. */
export function logOf(bytes: Uint8Array, { runs, leftOut }: Fields): CallLog {
  const hole = fieldsOf(leftOut);
  const sizeBytes = count(hole.sizeBytes);
  const holeAt = sizeBytes > 0 ? Math.min(count(hole.at), bytes.length) : undefined;
  const pieces: LogPiece[] = [];
  let at = 0;
  let piece = 0;
  const add = (stream: LogPiece['stream'], end: number): void => {
    if (end > at) pieces.push({ stream, bytes: bytes.subarray(at, end) });
    at = end;
  };
  const addRun = (stream: LogPiece['stream'], end: number): void => {
    if (holeAt !== undefined && at <= holeAt && holeAt < end) {
      add(stream, holeAt);
      piece = pieces.length;
    }
    add(stream, end);
  };
  const lengths = Array.isArray(runs) ? runs : [];
  lengths.forEach((length, index) => {
    addRun(index % 2 === 0 ? 'stdout' : 'stderr', Math.min(bytes.length, at + count(length)));
  });
  addRun('stdout', bytes.length);
  if (holeAt === bytes.length) piece = pieces.length;
  return { pieces, ...(holeAt !== undefined && { leftOut: { piece, sizeBytes } }) };
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}
