import { sha256Hex } from '../hash/hash-bytes.ts';
import { utf8Bytes } from '../text/utf8.ts';

/** Bytes that every chunk but the last has at least; a cut is never looked for in them. */
export const CHUNK_MIN_BYTES = 16_384;
/**
 * Length up to which a cut needs 16 zero bits, and from which it needs 14.
 *
 * @spec DML-OBJ-2118
 */
const CHUNK_NORMAL_BYTES = 32_768;
/** Longest chunk. */
export const CHUNK_MAX_BYTES = 131_072;

/** Top 16 and top 14 bits of the rolling hash. */
const EARLY_MASK = 0xffff0000 | 0;
const LATE_MASK = 0xfffc0000 | 0;

/** Takes a finished chunk; the bytes are only valid until it returns. */
export type TakeChunk = (chunk: Uint8Array) => void;

/**
 * Cuts a stream into content-defined chunks (FastCDC with normalised chunking), in at most 128 KiB of memory.
 *
 * The same bytes give the same chunks however the stream is split into pushes.
 *
 * @spec DML-OBJ-2107
 */
export class BlobChunker {
  readonly #gear: Int32Array = gearTable();
  readonly #take: TakeChunk;
  #buffer: Uint8Array | undefined;
  /** Bytes of the open chunk, all of them in the buffer between pushes. */
  #length = 0;
  #hash = 0;

  constructor(take: TakeChunk) {
    this.#take = take;
  }

  /** Takes the next bytes of the stream, which may be reused once this returns. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const before = this.#length;
      const cut = this.#scan(bytes, at);
      if (cut === 0) {
        this.#keep(bytes.subarray(at), before);
        return;
      }
      if (before === 0) {
        this.#take(bytes.subarray(at, cut));
      } else {
        this.#keep(bytes.subarray(at, cut), before);
        this.#take(this.#buffer!.subarray(0, before + cut - at));
      }
      this.#length = 0;
      this.#hash = 0;
      at = cut;
    }
  }

  /** Ends the stream: what is left is the last chunk, of any length. */
  finish(): void {
    if (this.#length > 0) this.#take(this.#buffer!.subarray(0, this.#length));
    this.#length = 0;
    this.#hash = 0;
  }

  #keep(bytes: Uint8Array, at: number): void {
    const length = at + bytes.length;
    if (this.#buffer === undefined || this.#buffer.length < length) {
      // Short content, pushed in one piece, takes no more memory than it needs.
      const grown = new Uint8Array(at === 0 && this.#buffer === undefined ? length : CHUNK_MAX_BYTES);
      if (this.#buffer !== undefined) grown.set(this.#buffer.subarray(0, at));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, at);
  }

  /**
   * Continues the open chunk with the bytes from `from`; returns the offset of its end, 0 when it goes on behind them.
   *
   * @spec DML-OBJ-2103
   */
  #scan(bytes: Uint8Array, from: number): number {
    const gear = this.#gear;
    // Offsets in `bytes` at which the open chunk reaches its three lengths.
    const origin = from - this.#length;
    const available = bytes.length;
    const early = Math.min(origin + CHUNK_NORMAL_BYTES, available);
    const late = Math.min(origin + CHUNK_MAX_BYTES, available);
    let hash = this.#hash;
    let at = Math.max(from, Math.min(origin + CHUNK_MIN_BYTES, available));
    // @spec DML-OBJ-2104
    while (at < early) {
      hash = ((hash << 1) + gear[bytes[at++]!]!) | 0;
      if ((hash & EARLY_MASK) === 0) return at;
    }
    // @spec DML-OBJ-2105
    while (at < late) {
      hash = ((hash << 1) + gear[bytes[at++]!]!) | 0;
      if ((hash & LATE_MASK) === 0) return at;
    }
    // @spec DML-OBJ-2106
    if (at === origin + CHUNK_MAX_BYTES) return at;
    this.#hash = hash;
    this.#length += available - from;
    return 0;
  }
}

let table: Int32Array | undefined;

/**
 * Returns the 256 numbers that the rolling hash of the chunker adds per byte value; computed on first use.
 *
 * @spec DML-OBJ-2102
 */
export function gearTable(): Int32Array {
  if (table === undefined) {
    table = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const digest = sha256Hex(utf8Bytes(`daggerml/gear/${byte}`));
      table[byte] = Number.parseInt(digest.slice(0, 8), 16) | 0;
    }
  }
  return table;
}
