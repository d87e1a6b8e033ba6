import { fail } from '../errors.ts';
import { freshBytes } from '../fresh-bytes.ts';
import { LINK_BYTES, writeCidField } from './link-bytes.ts';
import type { LinkCodec } from './value.ts';

const textEncoder = new TextEncoder();
const MAX_WRITTEN_BYTES = 16 * 1024 * 1024;
/** Most collections are small, and each has a writer of its own: it starts with shared memory. */
const FIRST_BYTES = 512;

/**
 * Writes items in the deterministic profile.
 *
 * @spec DML-OBJ-2403
 */
export class CborWriter {
  #bytes: Uint8Array = freshBytes(FIRST_BYTES);
  #ownView: DataView | undefined;
  #length = 0;

  get #view(): DataView {
    this.#ownView ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    return this.#ownView;
  }

  /** Number of bytes written since the last {@link take} or {@link reset}. */
  get length(): number {
    return this.#length;
  }

  /** The buffer that holds what was written at its front; growing replaces it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Forgets what was written. */
  reset(): void {
    this.#length = 0;
  }

  /** Returns a fresh copy of what was written from `start` on, and forgets it all. */
  take(start = 0): Uint8Array {
    const taken = freshBytes(this.#length - start);
    taken.set(this.#bytes.subarray(start, this.#length));
    this.#length = 0;
    return taken;
  }

  /** Writes one raw byte. */
  byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /** Writes bytes that are already encoded. */
  raw(encoded: Uint8Array): void {
    const at = this.#reserve(encoded.length);
    this.#bytes.set(encoded, at);
  }

  /** Writes `source[start..end)`, which is already encoded. */
  rawRange(source: Uint8Array, start: number, end: number): void {
    let to = this.#reserve(end - start);
    const target = this.#bytes;
    if (end - start > 128) target.set(source.subarray(start, end), to);
    else for (let from = start; from < end; from++) target[to++] = source[from]!;
  }

  /**
   * Writes a head in its shortest form; `argument` is an integer from 0 to 2^53-1.
   *
   * @spec DML-OBJ-0211
   */
  head(major: number, argument: number): void {
    const at = this.#reserve(9);
    const bytes = this.#bytes;
    const first = major << 5;
    if (argument < 24) {
      bytes[at] = first | argument;
      this.#length = at + 1;
    } else if (argument < 0x100) {
      bytes[at] = first | 24;
      bytes[at + 1] = argument;
      this.#length = at + 2;
    } else if (argument < 0x10000) {
      bytes[at] = first | 25;
      this.#view.setUint16(at + 1, argument);
      this.#length = at + 3;
    } else if (argument < 0x100000000) {
      bytes[at] = first | 26;
      this.#view.setUint32(at + 1, argument);
      this.#length = at + 5;
    } else {
      bytes[at] = first | 27;
      this.#view.setBigUint64(at + 1, BigInt(argument));
    }
  }

  /** Writes an integer from -2^63 to 2^63-1. */
  integer(value: bigint): void {
    const small = Number(value);
    if (Number.isSafeInteger(small)) {
      if (small >= 0) this.head(0, small);
      else this.head(1, -1 - small);
      return;
    }
    const at = this.#reserve(9);
    this.#bytes[at] = value < 0n ? 0x3b : 0x1b;
    this.#view.setBigUint64(at + 1, value < 0n ? -1n - value : value);
  }

  /** Writes a float in its 64-bit form. */
  float64(value: number): void {
    const at = this.#reserve(9);
    this.#bytes[at] = 0xfb;
    this.#view.setFloat64(at + 1, value);
  }

  /** Writes a text, which must be well-formed. */
  text(value: string): void {
    const units = value.length;
    if (units < 24) {
      const at = this.#reserve(1 + units);
      const bytes = this.#bytes;
      let ascii = 0;
      for (let unit = 0; unit < units; unit++) {
        const code = value.charCodeAt(unit);
        ascii |= code;
        bytes[at + 1 + unit] = code;
      }
      if (ascii < 0x80) {
        bytes[at] = 0x60 | units;
        return;
      }
      this.#length = at;
    }
    this.byteString(3, textEncoder.encode(value));
  }

  /** Writes bytes under a head of major type 2 (bytes) or 3 (text). */
  byteString(major: 2 | 3, content: Uint8Array): void {
    this.head(major, content.length);
    this.raw(content);
  }

  /** Writes a link. Throws `invalid_payload` with `id_form`. */
  link(codec: LinkCodec, id: string): void {
    const at = this.#reserve(LINK_BYTES);
    const bytes = this.#bytes;
    bytes[at] = 0xd8;
    bytes[at + 1] = 0x2a;
    bytes[at + 2] = 0x58;
    bytes[at + 3] = 0x25;
    writeCidField(codec, id, bytes, at + 4);
  }

  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length = needed;
    return at;
  }

  #grow(needed: number): void {
    // Far above any record, far below what would exhaust the memory.
    if (needed > MAX_WRITTEN_BYTES) fail('record_size', { sizeBytes: needed });
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#ownView = undefined;
  }
}
