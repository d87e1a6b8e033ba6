import { hexOf } from '../bytes.ts';
import { isCidField, LINK_BYTES } from '../cbor/link-bytes.ts';
import { CODEC_DAG_CBOR } from '../cbor/value.ts';

/** The id inside a link starts after tag, byte string head and CID prefix. */
const LINK_ID_OFFSET = 9;

/** Tells whether a whole link to a record stands at an offset. */
export function isRecordLink(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0xd8 &&
    bytes[at + 1] === 0x2a &&
    bytes[at + 2] === 0x58 &&
    bytes[at + 3] === 0x25 &&
    bytes[at + 6] === CODEC_DAG_CBOR &&
    isCidField(bytes, at + 4) &&
    at + LINK_BYTES <= bytes.length
  );
}

/** Yields the id of the link at an offset. */
export function linkId(bytes: Uint8Array, at: number): string {
  return hexOf(bytes, at + LINK_ID_OFFSET, at + LINK_BYTES);
}

/**
 * Reads items that have the expected form one after another.
 *
 * What has another form only sets {@link isOdd}; the general way then says what is wrong, or reads it.
 */
export class TemplateReader {
  readonly #bytes: Uint8Array;
  #at: number;
  /** Set once an item had another form; what was read is then meaningless. */
  isOdd = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Tells whether everything was read and expected. */
  get isDone(): boolean {
    return !this.isOdd && this.#at === this.#bytes.length;
  }

  /** Passes one byte that must have this value. */
  expect(byte: number): void {
    if (this.#bytes[this.#at++] !== byte) this.isOdd = true;
  }

  /** Yields a byte. */
  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** Yields the 32 bytes of a hash as hex. */
  hash(): string {
    this.expect(0x58);
    this.expect(0x20);
    const start = this.#at;
    this.#at += 32;
    if (this.isOdd || this.#at > this.#bytes.length) return this.#odd('');
    return hexOf(this.#bytes, start, this.#at);
  }

  /** Yields the id of a link to a record. */
  link(): string {
    const at = this.#at;
    if (this.isOdd || !isRecordLink(this.#bytes, at)) return this.#odd('');
    this.#at += LINK_BYTES;
    return linkId(this.#bytes, at);
  }

  /** Yields the id of a link to a record, or null. */
  optionalLink(): string | null {
    if (this.#bytes[this.#at] !== 0xf6) return this.link();
    this.#at++;
    return null;
  }

  /** Yields an integer from 2^32 to 2^53-1, as times are, a small one, or null. */
  optionalTime(): number | null {
    const first = this.byte();
    if (first === 0xf6) return null;
    if (first < 24) return first;
    if (first !== 0x1b || this.#at + 8 > this.#bytes.length) return this.#odd(null);
    let high = 0;
    let low = 0;
    for (let index = 0; index < 4; index++) high = high * 256 + this.byte();
    for (let index = 0; index < 4; index++) low = low * 256 + this.byte();
    return high === 0 || high >= 0x20_0000 ? this.#odd(null) : high * 0x1_0000_0000 + low;
  }

  #odd<Value>(value: Value): Value {
    this.isOdd = true;
    return value;
  }
}
