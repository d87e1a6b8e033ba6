import {
  CACHE_ROW_BYTES,
  type CacheRow,
  KEY_BYTES,
  outranks,
  type PackedRow,
  type RowNames,
  SEGMENT_AT,
  SIGNATURE_ROW_BYTES,
  writeRow,
} from './cache-row.ts';
import { sortRows } from './sort-rows.ts';

export const CACHE_MAGIC: Buffer = Buffer.from('dmlcache', 'ascii');
export const CACHE_FORMAT = 1;
/** Magic, format, and the numbers of segments, signers and rows. */
export const CACHE_HEAD_BYTES = 24;
/** Longest name of a segment, and place of a key id. */
export const CACHE_NAME_BYTES = 114;
export const CACHE_FANOUT_BYTES: number = 256 * 4;
/** Bytes 2 to 5 of a key. */
export const PREFIX_BYTES = 4;

const PACKED_BYTES = CACHE_ROW_BYTES + SIGNATURE_ROW_BYTES;

/** Rows of a cache index in the making, packed and in any order. */
export class CacheRows {
  #bytes: Buffer = Buffer.allocUnsafeSlow(64 * PACKED_BYTES);
  #count = 0;
  readonly #segments = new Map<string, number>();
  readonly #signers = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  /** Adds an entry, which goes before equal ones that were added before. */
  add(row: CacheRow): void {
    const at = this.#grow();
    const segment = numberOf(this.#segments, row.place.segment);
    const signer = row.signature ? numberOf(this.#signers, row.signature.signer) + 1 : 0;
    writeRow(row, { segment, signer }, this.#bytes, at);
  }

  /** Adds an entry of a whole cache index, as `add` does. */
  addPacked({ bytes, at, signatureBytes, signatureAt = 0 }: PackedRow, names: RowNames): void {
    const to = this.#grow();
    bytes.copy(this.#bytes, to, at, at + CACHE_ROW_BYTES);
    const segment = names.segments[bytes.readUInt32BE(at + SEGMENT_AT)] as string;
    this.#bytes.writeUInt32BE(numberOf(this.#segments, segment), to + SEGMENT_AT);
    const signer = names.signers[(signatureBytes?.readUInt32BE(signatureAt) ?? 0) - 1];
    this.#bytes.fill(0, to + CACHE_ROW_BYTES, to + PACKED_BYTES);
    if (signer === undefined || signatureBytes === undefined) return;
    signatureBytes.copy(this.#bytes, to + CACHE_ROW_BYTES, signatureAt, signatureAt + SIGNATURE_ROW_BYTES);
    this.#bytes.writeUInt32BE(numberOf(this.#signers, signer) + 1, to + CACHE_ROW_BYTES);
  }

  /** Makes room for another row and returns where it begins. */
  #grow(): number {
    const at = this.#count * PACKED_BYTES;
    if (at === this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    this.#count += 1;
    return at;
  }

  /**
   * Returns the bytes of the cache index: of the entries of one key the one that goes before the others.
   *
   * @spec DML-REM-1210
   */
  encode(): { readonly bytes: Buffer; readonly entries: number } {
    const rows = this.#ranked();
    const isSigned = this.#signers.size > 0;
    const fanoutAt = CACHE_HEAD_BYTES + (this.#segments.size + this.#signers.size) * CACHE_NAME_BYTES;
    const prefixesAt = fanoutAt + CACHE_FANOUT_BYTES;
    const rowsAt = prefixesAt + rows.length * PREFIX_BYTES;
    const signaturesAt = rowsAt + rows.length * CACHE_ROW_BYTES;
    const bytes = Buffer.alloc(signaturesAt + (isSigned ? rows.length * SIGNATURE_ROW_BYTES : 0));
    CACHE_MAGIC.copy(bytes);
    bytes.writeUInt32BE(CACHE_FORMAT, 8);
    bytes.writeUInt32BE(this.#segments.size, 12);
    bytes.writeUInt32BE(this.#signers.size, 16);
    bytes.writeUInt32BE(rows.length, 20);
    let nameAt = CACHE_HEAD_BYTES;
    for (const name of [...this.#segments.keys(), ...this.#signers.keys()]) {
      bytes.write(name, nameAt, CACHE_NAME_BYTES, 'ascii');
      nameAt += CACHE_NAME_BYTES;
    }
    const counts = new Uint32Array(256);
    for (const [number, row] of rows.entries()) {
      const from = row * PACKED_BYTES;
      const first = this.#bytes[from] as number;
      counts[first] = (counts[first] as number) + 1;
      this.#bytes.copy(bytes, prefixesAt + number * PREFIX_BYTES, from + 1, from + 1 + PREFIX_BYTES);
      this.#bytes.copy(bytes, rowsAt + number * CACHE_ROW_BYTES, from, from + CACHE_ROW_BYTES);
      if (isSigned)
        this.#bytes.copy(
          bytes,
          signaturesAt + number * SIGNATURE_ROW_BYTES,
          from + CACHE_ROW_BYTES,
          from + PACKED_BYTES,
        );
    }
    let total = 0;
    for (const [first, count] of counts.entries()) {
      total += count;
      bytes.writeUInt32BE(total, fanoutAt + first * 4);
    }
    return { bytes, entries: rows.length };
  }

  /** Returns the numbers of the rows by key, one for each key. */
  #ranked(): number[] {
    const order = sortRows({
      bytes: this.#bytes,
      count: this.#count,
      rowBytes: PACKED_BYTES,
      keyBytes: KEY_BYTES,
    });
    const rows: number[] = [];
    for (const row of order) {
      const last = rows.at(-1);
      if (last === undefined || !this.#isSameKey(last, row)) rows.push(row);
      else if (outranks(this.#rankOf(row), this.#rankOf(last))) rows[rows.length - 1] = row;
    }
    return rows;
  }

  #isSameKey(left: number, right: number): boolean {
    const leftAt = left * PACKED_BYTES;
    const rightAt = right * PACKED_BYTES;
    return this.#bytes.compare(this.#bytes, rightAt, rightAt + KEY_BYTES, leftAt, leftAt + KEY_BYTES) === 0;
  }

  #rankOf(row: number): Pick<CacheRow, 'status' | 'fencing'> {
    const at = row * PACKED_BYTES;
    return {
      status: this.#bytes[at + 64] === 1 ? 'ok' : 'error',
      fencing: this.#bytes.readUInt32BE(at + 65),
    };
  }
}

function numberOf(numbers: Map<string, number>, name: string): number {
  let number = numbers.get(name);
  if (number === undefined) {
    number = numbers.size;
    numbers.set(name, number);
  }
  return number;
}
