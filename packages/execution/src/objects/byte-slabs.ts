const SLAB_BYTES = 256 * 1024;
/** Longer runs of bytes are kept as they come. */
const MAX_COPIED_BYTES = 4096;

/**
 * Many small runs of bytes, numbered as they are added.
 *
 * An array of its own for each of them would cost several times its bytes, in memory and in collection.
 */
export class ByteSlabs {
  #slabs: Uint8Array[] = [];
  readonly #slabOf: number[] = [];
  readonly #startOf: number[] = [];
  readonly #endOf: number[] = [];
  #open: Uint8Array | undefined;
  #openAt = 0;
  #openNumber = 0;

  get count(): number {
    return this.#slabOf.length;
  }

  /** Keeps bytes and yields their number; short ones are copied, long ones must not change any more. */
  add(bytes: Uint8Array): number {
    if (bytes.length > MAX_COPIED_BYTES) return this.#note(this.#slabs.push(bytes) - 1, 0, bytes.length);
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

  /** Yields a view of the bytes with a number; it must not be written to. */
  at(number: number): Uint8Array {
    const slab = this.#slabs[this.#slabOf[number] as number] as Uint8Array;
    return slab.subarray(this.#startOf[number], this.#endOf[number]);
  }

  #note(slab: number, start: number, end: number): number {
    this.#startOf.push(start);
    this.#endOf.push(end);
    return this.#slabOf.push(slab) - 1;
  }
}
