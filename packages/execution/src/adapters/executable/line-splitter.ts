/** Splits bytes into lines, of which none may be longer than a limit. */
export class LineSplitter {
  readonly #maxBytes: number;
  #pieces: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns the lines that end in these bytes, without their ends, up to the first that is too long. */
  add(bytes: Uint8Array): { readonly lines: readonly Uint8Array[]; readonly isTooLong: boolean } {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (!this.#take(bytes.subarray(start, end))) return { lines, isTooLong: true };
      lines.push(this.rest());
      start = end + 1;
    }
    return { lines, isTooLong: !this.#take(bytes.subarray(start)) };
  }

  /** Removes and returns the bytes behind the last end of a line. */
  rest(): Uint8Array {
    const line = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#sizeBytes = 0;
    return line;
  }

  /** @spec DML-EXE-1405 */
  #take(piece: Uint8Array): boolean {
    this.#sizeBytes += piece.length;
    if (this.#sizeBytes > this.#maxBytes) return false;
    if (piece.length > 0) this.#pieces.push(piece);
    return true;
  }
}
