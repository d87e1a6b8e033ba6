import {
  idOfBytes,
  MAX_RECORD_BYTES,
  OBJECT_CLASS_NUMBERS,
  type ObjectClass,
  type ObjectId,
  objectClassOf,
} from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { FileOrigin } from './read-json.ts';
import { sortRows } from './sort-rows.ts';

const MAGIC = Buffer.from('dmlindex', 'ascii');
const FORMAT = 1;
const HEAD_BYTES = 20;
/** Longest name of a segment: epoch, hash and nonce. */
const NAME_BYTES = 114;
const FANOUT_BYTES = 256 * 4;
const ID_BYTES = 32;
/** Bytes of a row: id, class, segment, offset and length. */
export const INDEX_ROW_BYTES = 45;
const ROW_BYTES = INDEX_ROW_BYTES;
/** Offset of the first record of a segment: behind the header of 18 bytes, a length and a CID. */
const FIRST_OFFSET = 18 + 1 + 36;

/** Position of a record within the segments of an index object. */
export interface RecordPosition {
  /** Number of the segment. */
  readonly segment: number;
  /** Of the record's bytes, without prefix and CID of its section. */
  readonly offset: number;
  readonly length: number;
}

/** A row of an index object. */
export interface IndexRow extends RecordPosition {
  readonly class: ObjectClass;
  readonly id: ObjectId;
}

/** Rows of an index object in the making, packed and in any order. */
export class IndexRows {
  #bytes: Buffer = Buffer.allocUnsafeSlow(64 * ROW_BYTES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(objectClass: ObjectClass, id: ObjectId, { segment, offset, length }: RecordPosition): void {
    const at = this.#count * ROW_BYTES;
    if (at === this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    this.#bytes.write(id, at, ID_BYTES, 'hex');
    this.#bytes[at + ID_BYTES] = OBJECT_CLASS_NUMBERS[objectClass];
    this.#bytes.writeUInt32BE(segment, at + 33);
    this.#bytes.writeUInt32BE(offset, at + 37);
    this.#bytes.writeUInt32BE(length, at + 41);
    this.#count += 1;
  }

  /**
   * Returns the bytes of the index object over segments with these names. Of several rows of one record the first one
   * that was added stays.
   *
   * @spec DML-REM-0510
   */
  encode(segments: readonly string[]): { readonly bytes: Buffer; readonly entries: number } {
    const order = sortRows({
      bytes: this.#bytes,
      count: this.#count,
      rowBytes: ROW_BYTES,
      keyBytes: ID_BYTES + 1,
    });
    const rows: number[] = [];
    let last = -1;
    for (const row of order) {
      if (last >= 0 && this.#isSameKey(last, row)) continue;
      rows.push(row);
      last = row;
    }
    const fanoutAt = HEAD_BYTES + segments.length * NAME_BYTES;
    const rowsAt = fanoutAt + FANOUT_BYTES;
    const bytes = Buffer.alloc(rowsAt + rows.length * ROW_BYTES);
    MAGIC.copy(bytes);
    bytes.writeUInt32BE(FORMAT, 8);
    bytes.writeUInt32BE(segments.length, 12);
    bytes.writeUInt32BE(rows.length, 16);
    for (const [number, name] of segments.entries())
      bytes.write(name, HEAD_BYTES + number * NAME_BYTES, NAME_BYTES, 'ascii');
    const counts = new Uint32Array(256);
    let at = rowsAt;
    for (const row of rows) {
      at += this.#bytes.copy(bytes, at, row * ROW_BYTES, (row + 1) * ROW_BYTES);
      const first = this.#bytes[row * ROW_BYTES] as number;
      counts[first] = (counts[first] as number) + 1;
    }
    let total = 0;
    for (const [first, count] of counts.entries()) {
      total += count;
      bytes.writeUInt32BE(total, fanoutAt + first * 4);
    }
    return { bytes, entries: rows.length };
  }

  #isSameKey(left: number, right: number): boolean {
    const leftAt = left * ROW_BYTES;
    const rightAt = right * ROW_BYTES;
    const keyBytes = ID_BYTES + 1;
    return (
      this.#bytes.readUInt32BE(leftAt) === this.#bytes.readUInt32BE(rightAt) &&
      this.#bytes.compare(this.#bytes, rightAt, rightAt + keyBytes, leftAt, leftAt + keyBytes) === 0
    );
  }
}

/** An index object over its bytes, which it keeps. */
export class IndexObject {
  /** Names of the segments without folder and suffix. */
  readonly segments: readonly string[];
  /** Number of rows. */
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #fanoutAt: number;
  readonly #rowsAt: number;

  private constructor(bytes: Buffer, segments: readonly string[], count: number) {
    this.#bytes = bytes;
    this.segments = segments;
    this.count = count;
    this.#fanoutAt = HEAD_BYTES + segments.length * NAME_BYTES;
    this.#rowsAt = this.#fanoutAt + FANOUT_BYTES;
  }

  /**
   * Reads an index object; that its bytes hash to its name is the caller's to check. Throws `remote_damaged` with the
   * part that is wrong and `remote_format_newer`. O(rows).
   *
   * @spec DML-REM-0511
   */
  static parse(file: Uint8Array, origin: FileOrigin): IndexObject {
    const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
    const damaged = (detail: string): Error => remoteError('remote_damaged', { ...origin, detail });
    if (bytes.length < HEAD_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) throw damaged('magic');
    const format = bytes.readUInt32BE(8);
    // @spec DML-REM-0516
    if (format > FORMAT) throw remoteError('remote_format_newer', { ...origin, format });
    if (format !== FORMAT) throw damaged('format');
    const segmentCount = bytes.readUInt32BE(12);
    const count = bytes.readUInt32BE(16);
    if (bytes.length !== HEAD_BYTES + segmentCount * NAME_BYTES + FANOUT_BYTES + count * ROW_BYTES)
      throw damaged('length');
    const segments: string[] = [];
    for (let number = 0; number < segmentCount; number += 1) {
      const at = HEAD_BYTES + number * NAME_BYTES;
      const name = bytes.toString('latin1', at, at + NAME_BYTES).replace(/\0+$/, '');
      if (!/^(?:0|[1-9][0-9]{0,15})-[0-9a-f]{64}-[0-9a-f]{32}$/.test(name)) throw damaged('segment_name');
      segments.push(name);
    }
    const index = new IndexObject(bytes, segments, count);
    const fault = index.#fault();
    if (fault !== undefined) throw damaged(fault);
    return index;
  }

  /** Returns what is wrong with rows and fanout, undefined where nothing is. */
  #fault(): string | undefined {
    const bytes = this.#bytes;
    const counts = new Uint32Array(256);
    for (let row = 0, at = this.#rowsAt; row < this.count; row += 1, at += ROW_BYTES) {
      const first = bytes[at] as number;
      counts[first] = (counts[first] as number) + 1;
      if (row > 0 && bytes.compare(bytes, at - ROW_BYTES, at - 12, at, at + 33) <= 0) return 'row_order';
      if (objectClassOf(bytes[at + ID_BYTES] as number) === undefined) return 'class';
      if (bytes.readUInt32BE(at + 33) >= this.segments.length) return 'segment_number';
      const { offset, length } = this.#positionAt(at);
      if (offset < FIRST_OFFSET || length === 0 || length > MAX_RECORD_BYTES || offset + length > 2 ** 32)
        return 'position';
    }
    let total = 0;
    for (const [first, count] of counts.entries()) {
      total += count;
      if (bytes.readUInt32BE(this.#fanoutAt + first * 4) !== total) return 'fanout';
    }
    return undefined;
  }

  /** Returns the row with a number. */
  row(number: number): IndexRow {
    const at = this.#rowsAt + number * ROW_BYTES;
    return {
      class: objectClassOf(this.#bytes[at + ID_BYTES] as number) as ObjectClass,
      id: idOfBytes(this.#bytes, at) as ObjectId,
      ...this.#positionAt(at),
    };
  }

  /** Returns where the record of an object lies; undefined where it is not in these segments. O(log rows). */
  find(objectClass: ObjectClass, id: ObjectId): RecordPosition | undefined {
    const first = Number.parseInt(id.slice(0, 2), 16);
    const from = first === 0 ? 0 : this.#bytes.readUInt32BE(this.#fanoutAt + (first - 1) * 4);
    const to = this.#bytes.readUInt32BE(this.#fanoutAt + first * 4);
    const rows = this.#bytes.subarray(this.#rowsAt + from * ROW_BYTES, this.#rowsAt + to * ROW_BYTES);
    return findRow(rows, objectClass, id);
  }

  /** Returns where the record of the row with a number lies. */
  position(number: number): RecordPosition {
    return this.#positionAt(this.#rowsAt + number * ROW_BYTES);
  }

  /** Returns the number of the class of the row with a number. */
  classNumber(number: number): number {
    return this.#bytes[this.#rowsAt + number * ROW_BYTES + ID_BYTES] as number;
  }

  /** Returns the key that stores have for the object of the row with a number: class and id, 33 bytes. */
  objectKey(number: number): Uint8Array {
    const at = this.#rowsAt + number * ROW_BYTES;
    const key = Buffer.allocUnsafe(ID_BYTES + 1);
    key[0] = this.#bytes[at + ID_BYTES] as number;
    this.#bytes.copy(key, 1, at, at + ID_BYTES);
    return key;
  }

  #positionAt(at: number): RecordPosition {
    return positionIn(this.#bytes, at);
  }
}

/** Returns where the part of an index object that says how many rows begin with a byte lies, and where the rows begin. */
export function fanoutRange(segmentCount: number): {
  readonly offset: number;
  readonly length: number;
  readonly rowsAt: number;
} {
  const offset = HEAD_BYTES + segmentCount * NAME_BYTES;
  return { offset, length: FANOUT_BYTES, rowsAt: offset + FANOUT_BYTES };
}

/** Returns where the record of an object lies by some rows of an index object, in their order. O(log rows). */
export function findRow(rows: Buffer, objectClass: ObjectClass, id: ObjectId): RecordPosition | undefined {
  const key = Buffer.allocUnsafe(ID_BYTES + 1);
  key.write(id, 0, ID_BYTES, 'hex');
  key[ID_BYTES] = OBJECT_CLASS_NUMBERS[objectClass];
  let low = 0;
  let high = Math.floor(rows.length / ROW_BYTES);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * ROW_BYTES;
    const order = rows.compare(key, 0, ID_BYTES + 1, at, at + ID_BYTES + 1);
    if (order === 0) return positionIn(rows, at);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function positionIn(bytes: Buffer, at: number): RecordPosition {
  return {
    segment: bytes.readUInt32BE(at + 33),
    offset: bytes.readUInt32BE(at + 37),
    length: bytes.readUInt32BE(at + 41),
  };
}
