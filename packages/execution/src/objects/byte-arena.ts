const SLAB_BYTES = 256 * 1024;
/** Longer runs of bytes are kept as they come. */
const MAX_COPIED_BYTES = 4096;

/**
 * Many small runs of bytes, numbered as they are added.
 *
 * An array of its own for each of them would cost several times its bytes, in memory and in collection.
 */
export class ByteArena {
  readonly #slabs: Uint8Array[] = [];
  /** Slab, start and end of each run. */
  #places: Uint32Array = new Uint32Array(3 * 64);
  #count = 0;
  #open: Uint8Array | undefined;
  #openAt = 0;
  #openNumber = 0;

  get count(): number {
    return this.#count;
  }

  /** Checks whether bytes of this length are copied as they are added. */
  static copies(sizeBytes: number): boolean {
    return sizeBytes <= MAX_COPIED_BYTES;
  }

  /** Keeps bytes and returns their number; short ones are copied, long ones must not change any more. */
  add(bytes: Uint8Array): number {
    if (!ByteArena.copies(bytes.length)) return this.#note(this.#slabs.push(bytes) - 1, 0, bytes.length);
    if (!this.#open || this.#openAt + bytes.length > SLAB_BYTES) {
      this.#open = new Uint8Array(SLAB_BYTES);
      this.#openNumber = this.#slabs.push(this.#open) - 1;
      this.#openAt = 0;
    }
    const start = this.#openAt;
    this.#open.set(bytes, start);
    this.#openAt = start + bytes.length;
    return this.#note(this.#openNumber, start, this.#openAt);
  }

  /** Returns a view of the bytes with a number; it must not be written to. */
  at(number: number): Uint8Array {
    const place = number * 3;
    const slab = this.#slabs[this.#places[place] as number] as Uint8Array;
    return slab.subarray(this.#places[place + 1], this.#places[place + 2]);
  }

  #note(slab: number, start: number, end: number): number {
    const place = this.#count * 3;
    if (place === this.#places.length) {
      const grown = new Uint32Array(place * 2);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[place] = slab;
    this.#places[place + 1] = start;
    this.#places[place + 2] = end;
    return this.#count++;
  }
}
