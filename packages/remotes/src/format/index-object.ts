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

const MAGIC = Buffer.from('dmlindex', 'ascii');
const FORMAT = 1;
const HEAD_BYTES = 20;
/** Longest name of a segment: epoch, hash and nonce. */
const NAME_BYTES = 114;
const FANOUT_BYTES = 256 * 4;
const ID_BYTES = 32;
/** Id, class, segment, offset and length. */
const ROW_BYTES = 45;
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
    const order = this.#sorted();
    const rows: number[] = [];
    let last = -1;
    for (const row of order) {
      if (last >= 0 && this.#compareKeys(last, row) === 0) continue;
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

  /** Returns the numbers of the rows by key, equal keys as they were added. */
  #sorted(): Float64Array {
    // A number has 53 bits: those that tell the rows apart, and before them as many of an id's first 32 as fit.
    const rowBits = Math.ceil(Math.log2(Math.max(this.#count, 2)));
    const rowSpan = 2 ** rowBits;
    const unusedBits = Math.max(0, 32 + rowBits - 53);
    const prefixOf = (row: number): number => this.#bytes.readUInt32BE(row * ROW_BYTES) >>> unusedBits;
    const order = new Float64Array(this.#count);
    for (let row = 0; row < order.length; row += 1) order[row] = prefixOf(row) * rowSpan + row;
    order.sort();
    for (let at = 0; at < order.length; at += 1) order[at] = (order[at] as number) % rowSpan;
    // Rows of one prefix are still in the order in which they came.
    for (let from = 0; from < order.length; ) {
      const prefix = prefixOf(order[from] as number);
      let to = from + 1;
      while (to < order.length && prefixOf(order[to] as number) === prefix) to += 1;
      if (to - from > 1)
        order.subarray(from, to).sort((left, right) => this.#compareKeys(left, right) || left - right);
      from = to;
    }
    return order;
  }

  #compareKeys(left: number, right: number): number {
    const leftAt = left * ROW_BYTES;
    const rightAt = right * ROW_BYTES;
    return this.#bytes.compare(this.#bytes, rightAt, rightAt + ID_BYTES + 1, leftAt, leftAt + ID_BYTES + 1);
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
    const key = Buffer.allocUnsafe(ID_BYTES + 1);
    key.write(id, 0, ID_BYTES, 'hex');
    key[ID_BYTES] = OBJECT_CLASS_NUMBERS[objectClass];
    const first = key[0] as number;
    let low = first === 0 ? 0 : this.#bytes.readUInt32BE(this.#fanoutAt + (first - 1) * 4);
    let high = this.#bytes.readUInt32BE(this.#fanoutAt + first * 4);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#rowsAt + middle * ROW_BYTES;
      const order = this.#bytes.compare(key, 0, ID_BYTES + 1, at, at + ID_BYTES + 1);
      if (order === 0) return this.#positionAt(at);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** Returns where the record of the row with a number lies. */
  position(number: number): RecordPosition {
    return this.#positionAt(this.#rowsAt + number * ROW_BYTES);
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
    return {
      segment: this.#bytes.readUInt32BE(at + 33),
      offset: this.#bytes.readUInt32BE(at + 37),
      length: this.#bytes.readUInt32BE(at + 41),
    };
  }
}
