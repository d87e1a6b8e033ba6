import { Decoder, Tag } from 'cbor-x';
import { hexOf } from '../bytes.ts';
import { textOfBytes } from '../text/utf8.ts';
import { ITEM_FLOAT, ITEM_MARKED_TEXT, type ScanNotes, scanCbor } from './scan.ts';
import { type CborValue, Float64, Link, type LinkCodec } from './value.ts';

const decoder = new Decoder({
  useRecords: false,
  mapsAsObjects: false,
  // @spec DML-OBJ-0228
  copyBuffers: true,
});

/**
 * Decodes bytes that are exactly one item of the deterministic profile.
 *
 * The scanner decides what is accepted; `cbor-x` then reads the primitives, and what it does not keep
 * (floats that are whole, byte order marks) is restored from the scanner's notes. Throws `DmlError` only.
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const notes = scanCbor(bytes);
  // A fresh view: cbor-x attaches a property to the array that it reads.
  const source = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Restorer(bytes, notes).restore(decoder.decode(source));
}

/** Walks a decoded value in document order together with the scanner's notes. */
class Restorer {
  readonly #bytes: Uint8Array;
  readonly #notes: ScanNotes;
  #item = 0;
  #markedText = 0;

  constructor(bytes: Uint8Array, notes: ScanNotes) {
    this.#bytes = bytes;
    this.#notes = notes;
  }

  restore(value: unknown): CborValue {
    const kind = this.#notes.kinds[this.#item++];
    // @spec DML-OBJ-0701
    if (kind === ITEM_FLOAT) return new Float64(value as number);
    if (kind === ITEM_MARKED_TEXT) return this.#restoreMarkedText();
    if (Array.isArray(value)) {
      // The array is fresh from the decoder, so it is rewritten in place.
      for (let index = 0; index < value.length; index++) value[index] = this.restore(value[index]);
      return value as CborValue[];
    }
    if (value instanceof Tag) {
      const field = value.value as Uint8Array;
      return new Link(field[2] as LinkCodec, hexOf(field, 5, 37));
    }
    if (typeof value === 'bigint') {
      const small = Number(value);
      return Number.isSafeInteger(small) ? small : value;
    }
    return value as CborValue;
  }

  // @spec DML-OBJ-0504
  #restoreMarkedText(): string {
    const [start, end] = this.#notes.markedTexts[this.#markedText++]!;
    return textOfBytes(this.#bytes, start, end);
  }
}
