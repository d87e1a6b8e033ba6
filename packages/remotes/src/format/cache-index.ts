import type { ExecutionKey } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { ByteRange } from '../files/remote-files.ts';
import {
  CACHE_ROW_BYTES,
  type CacheRow,
  OFFSET_AT,
  type PackedRow,
  readRow,
  SEGMENT_AT,
  SIGNATURE_ROW_BYTES,
} from './cache-row.ts';
import {
  CACHE_FANOUT_BYTES,
  CACHE_FORMAT,
  CACHE_HEAD_BYTES,
  CACHE_MAGIC,
  CACHE_NAME_BYTES,
  PREFIX_BYTES,
} from './cache-rows.ts';
import type { FileOrigin } from './read-json.ts';

/** Numbers of the first row, and of the one behind the last. */
export interface RowSpan {
  readonly from: number;
  readonly to: number;
}

/** Positions of the parts of a cache index. */
interface Layout {
  readonly segmentCount: number;
  readonly signerCount: number;
  readonly count: number;
  readonly fanoutAt: number;
  readonly prefixesAt: number;
  readonly rowsAt: number;
  /** Undefined where no row has a signature. */
  readonly signaturesAt: number | undefined;
  readonly sizeBytes: number;
}

const SEGMENT_NAME = /^(?:0|[1-9][0-9]{0,15})-[0-9a-f]{64}-[0-9a-f]{32}$/;
const KEY_ID = /^[!-~]{1,114}$/;

/** A cache index over its bytes: all of them, or its head, which ends before the rows. */
export class CacheIndex {
  /** Names of the segments without folder and suffix. */
  readonly segments: readonly string[];
  readonly signers: readonly string[];
  /** Number of rows. */
  readonly count: number;
  /** True where the rows are here as well. */
  readonly isWhole: boolean;
  readonly #bytes: Buffer;
  readonly #layout: Layout;

  private constructor(bytes: Buffer, layout: Layout, origin: FileOrigin) {
    this.#bytes = bytes;
    this.#layout = layout;
    this.count = layout.count;
    this.isWhole = bytes.length === layout.sizeBytes;
    const names = Array.from({ length: layout.segmentCount + layout.signerCount }, (_, number) => {
      const at = CACHE_HEAD_BYTES + number * CACHE_NAME_BYTES;
      return bytes.toString('latin1', at, at + CACHE_NAME_BYTES).replace(/\0+$/, '');
    });
    this.segments = names.slice(0, layout.segmentCount);
    this.signers = names.slice(layout.segmentCount);
    const fault = this.#fault();
    if (fault !== undefined) throw remoteError('remote_damaged', { ...origin, detail: fault });
  }

  /**
   * Reads a whole cache index; that its bytes hash to its name is the caller's to check. Throws `remote_damaged` with the
   * part that is wrong and `remote_format_newer`. O(rows).
   *
   * @spec DML-REM-1211
   */
  static parse(file: Uint8Array, origin: FileOrigin): CacheIndex {
    const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
    const layout = layoutOf(bytes, origin);
    if (layout.sizeBytes !== bytes.length)
      throw remoteError('remote_damaged', { ...origin, detail: 'length' });
    return new CacheIndex(bytes, layout, origin);
  }

  /**
   * Reads the head of a cache index of `sizeBytes` from its first bytes; returns how many bytes it takes where those are
   * not enough. Throws as `parse` does.
   */
  static parseHead(start: Uint8Array, sizeBytes: number, origin: FileOrigin): CacheIndex | number {
    const bytes = Buffer.from(start.buffer, start.byteOffset, start.length);
    const layout = layoutOf(bytes, origin);
    if (layout.sizeBytes !== sizeBytes) throw remoteError('remote_damaged', { ...origin, detail: 'length' });
    if (bytes.length < layout.rowsAt) return layout.rowsAt;
    return new CacheIndex(bytes.subarray(0, layout.rowsAt), layout, origin);
  }

  /**
   * Returns the rows that a key may have by its first five bytes; mostly none or one. O(log rows).
   *
   * @spec DML-REM-1214
   */
  find(executionKey: ExecutionKey): RowSpan | undefined {
    const first = Number.parseInt(executionKey.slice(0, 2), 16);
    const prefix = Number.parseInt(executionKey.slice(2, 10), 16);
    const from = this.#lowerBound(first, prefix);
    let to = from;
    const end = this.#fanout(first);
    while (to < end && this.#prefix(to) === prefix) to += 1;
    return to === from ? undefined : { from, to };
  }

  #lowerBound(first: number, prefix: number): number {
    let low = first === 0 ? 0 : this.#fanout(first - 1);
    let high = this.#fanout(first);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#prefix(middle) < prefix) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns where rows, and their signatures, lie in the file. */
  rangesOf({ from, to }: RowSpan): { readonly rows: ByteRange; readonly signatures: ByteRange | undefined } {
    const { rowsAt, signaturesAt } = this.#layout;
    const count = to - from;
    return {
      rows: { offset: rowsAt + from * CACHE_ROW_BYTES, length: count * CACHE_ROW_BYTES },
      signatures:
        signaturesAt === undefined
          ? undefined
          : { offset: signaturesAt + from * SIGNATURE_ROW_BYTES, length: count * SIGNATURE_ROW_BYTES },
    };
  }

  /** Returns a row of a whole index. */
  row(number: number): CacheRow {
    return readRow(this.packedRow(number), this) as CacheRow;
  }

  /** Returns where a row of a whole index lies. */
  packedRow(number: number): PackedRow {
    const { rowsAt, signaturesAt } = this.#layout;
    return {
      bytes: this.#bytes,
      at: rowsAt + number * CACHE_ROW_BYTES,
      ...(signaturesAt !== undefined && {
        signatureBytes: this.#bytes,
        signatureAt: signaturesAt + number * SIGNATURE_ROW_BYTES,
      }),
    };
  }

  /** Returns where the exec of a row of a whole index lies: the number of its segment, and the offset in it. */
  placeOf(number: number): { readonly segment: number; readonly offset: number } {
    const { bytes, at } = this.packedRow(number);
    return { segment: bytes.readUInt32BE(at + SEGMENT_AT), offset: bytes.readUInt32BE(at + OFFSET_AT) };
  }

  /** Returns a row read by its ranges; undefined where it is none. */
  rowIn(rows: Buffer, signatures: Buffer | undefined, number: number): CacheRow | undefined {
    if (rows.length < (number + 1) * CACHE_ROW_BYTES) return undefined;
    const isSigned = signatures !== undefined && signatures.length >= (number + 1) * SIGNATURE_ROW_BYTES;
    return readRow(
      {
        bytes: rows,
        at: number * CACHE_ROW_BYTES,
        ...(isSigned && { signatureBytes: signatures, signatureAt: number * SIGNATURE_ROW_BYTES }),
      },
      this,
    );
  }

  #fanout(first: number): number {
    return this.#bytes.readUInt32BE(this.#layout.fanoutAt + first * 4);
  }

  #prefix(row: number): number {
    return this.#bytes.readUInt32BE(this.#layout.prefixesAt + row * PREFIX_BYTES);
  }

  /** Returns what is wrong, undefined where nothing is. */
  #fault(): string | undefined {
    if (!this.segments.every((name) => SEGMENT_NAME.test(name))) return 'segment_name';
    if (!this.signers.every((name) => KEY_ID.test(name))) return 'signer';
    let before = 0;
    for (let first = 0; first < 256; first += 1) {
      const total = this.#fanout(first);
      if (total < before || total > this.count) return 'fanout';
      for (let row = before + 1; row < total; row += 1)
        if (this.#prefix(row) < this.#prefix(row - 1)) return 'prefix_order';
      before = total;
    }
    if (before !== this.count) return 'fanout';
    return this.isWhole ? this.#faultOfRows() : undefined;
  }

  #faultOfRows(): string | undefined {
    const { rowsAt, prefixesAt, signaturesAt } = this.#layout;
    const bytes = this.#bytes;
    let first = 0;
    for (let row = 0, at = rowsAt; row < this.count; row += 1, at += CACHE_ROW_BYTES) {
      while (this.#fanout(first) <= row) first += 1;
      if (bytes[at] !== first) return 'fanout';
      if (bytes.readUInt32BE(at + 1) !== bytes.readUInt32BE(prefixesAt + row * PREFIX_BYTES)) return 'prefix';
      if (row > 0 && bytes.compare(bytes, at - CACHE_ROW_BYTES, at - CACHE_ROW_BYTES + 32, at, at + 32) <= 0)
        return 'row_order';
      if ((bytes[at + 64] as number) > 1) return 'status';
      if (bytes.readUInt32BE(at + SEGMENT_AT) >= this.segments.length) return 'segment_number';
      if (
        signaturesAt !== undefined &&
        bytes.readUInt32BE(signaturesAt + row * SIGNATURE_ROW_BYTES) > this.signers.length
      )
        return 'signer_number';
    }
    return undefined;
  }
}

function layoutOf(bytes: Buffer, origin: FileOrigin): Layout {
  const damaged = (detail: string): Error => remoteError('remote_damaged', { ...origin, detail });
  if (bytes.length < CACHE_HEAD_BYTES || !bytes.subarray(0, 8).equals(CACHE_MAGIC)) throw damaged('magic');
  const format = bytes.readUInt32BE(8);
  if (format > CACHE_FORMAT) throw remoteError('remote_format_newer', { ...origin, format });
  if (format !== CACHE_FORMAT) throw damaged('format');
  const segmentCount = bytes.readUInt32BE(12);
  const signerCount = bytes.readUInt32BE(16);
  const count = bytes.readUInt32BE(20);
  const fanoutAt = CACHE_HEAD_BYTES + (segmentCount + signerCount) * CACHE_NAME_BYTES;
  const prefixesAt = fanoutAt + CACHE_FANOUT_BYTES;
  const rowsAt = prefixesAt + count * PREFIX_BYTES;
  const rowsEnd = rowsAt + count * CACHE_ROW_BYTES;
  return {
    segmentCount,
    signerCount,
    count,
    fanoutAt,
    prefixesAt,
    rowsAt,
    signaturesAt: signerCount === 0 ? undefined : rowsEnd,
    sizeBytes: rowsEnd + (signerCount === 0 ? 0 : count * SIGNATURE_ROW_BYTES),
  };
}
