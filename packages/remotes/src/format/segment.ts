import { hashBytes, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import {
  type CarLink,
  DAG_CBOR,
  encodeHead,
  encodeSection,
  RAW,
  sectionLength,
  writeSection,
} from '@daggerml/store';
import { remoteError } from '../errors.ts';
import type { IndexRows, RecordPosition } from './index-object.ts';
import type { FileOrigin } from './read-json.ts';

/** Size up to which segments are filled. */
export const SEGMENT_BYTES: number = 64 * 2 ** 20;

/** Header of a segment: a CARv1 file without roots. @spec DML-REM-0501 */
const HEADER: Buffer = encodeHead([]);

/** Bytes of a segment before its first section. */
export const SEGMENT_HEADER_BYTES: number = HEADER.length;

/** An object as it is sent. */
export interface SentObject {
  readonly class: ObjectClass;
  readonly id: ObjectId;
  readonly bytes: Uint8Array;
}

function linkOf({ class: objectClass, id }: SentObject): CarLink {
  return { codec: objectClass === 'chunk' ? RAW : DAG_CBOR, id };
}

/** Returns the section of an object in a segment. */
export function sectionOf(object: SentObject): Buffer {
  return encodeSection(linkOf(object), object.bytes);
}

/** Bytes that a segment begins with room for. */
const FIRST_BYTES = 65_536;

/** Fills segments with objects and notes their rows; holds one segment at a time. */
export class SegmentWriter {
  readonly #rows: IndexRows;
  readonly #maxBytes: number;
  #bytes: Buffer = HEADER;
  #sizeBytes: number = HEADER.length;
  #number = 0;
  /** Room for whole segments that nobody reads any more. */
  readonly #spare: Buffer[] = [];

  constructor(rows: IndexRows, maxBytes: number = SEGMENT_BYTES) {
    this.#rows = rows;
    this.#maxBytes = Math.min(maxBytes, 2 ** 32);
  }

  /** Adds an object, whose bytes are copied; returns the segment that is full now, if any: the one before the object. */
  add(object: SentObject): Buffer | undefined {
    const { length } = object.bytes;
    const sectionBytes = sectionLength(length);
    // @spec DML-REM-0503
    const full = this.#sizeBytes + sectionBytes > this.#maxBytes ? this.finish() : undefined;
    this.#makeRoom(this.#sizeBytes + sectionBytes);
    this.#sizeBytes = writeSection(this.#bytes, this.#sizeBytes, linkOf(object), object.bytes);
    const offset = this.#sizeBytes - length;
    this.#rows.add(object.class, object.id, { segment: this.#number, offset, length });
    return full;
  }

  #makeRoom(wantedBytes: number): void {
    if (wantedBytes <= this.#bytes.length) return;
    // No larger than a full segment, unless one record is; after a first full one others are likely.
    const twice = this.#number > 0 ? this.#maxBytes : Math.max(this.#bytes.length * 2, FIRST_BYTES);
    const roomBytes = Math.max(Math.min(twice, this.#maxBytes), wantedBytes);
    const grown = (roomBytes === this.#maxBytes && this.#spare.pop()) || Buffer.allocUnsafeSlow(roomBytes);
    this.#bytes.copy(grown, 0, 0, this.#sizeBytes);
    this.#bytes = grown;
  }

  /** Takes back the bytes of a segment that is not needed any more, as room for others. */
  reuse(segment: Buffer): void {
    if (segment.buffer.byteLength === this.#maxBytes) this.#spare.push(Buffer.from(segment.buffer));
  }

  /** Returns the segment with what was added since the last one; undefined where that is nothing. */
  finish(): Buffer | undefined {
    if (this.#sizeBytes === HEADER.length) return undefined;
    const bytes = this.#bytes.subarray(0, this.#sizeBytes);
    this.#bytes = HEADER;
    this.#sizeBytes = HEADER.length;
    this.#number += 1;
    return bytes;
  }
}

/** Returns a record's bytes out of a part of its segment; throws `remote_damaged` unless they hash to its id. */
export function recordAt(
  part: Uint8Array,
  { id, offset, length }: Pick<RecordPosition, 'offset' | 'length'> & { readonly id: ObjectId },
  origin: FileOrigin,
): Uint8Array {
  const bytes = part.subarray(offset, offset + length);
  // @spec DML-REM-0502
  if (bytes.length !== length || hashBytes(bytes) !== id)
    throw remoteError('remote_damaged', { ...origin, detail: 'record', objectId: id });
  return bytes;
}
