/** A stream that a function prints to. */
export type OutputStream = 'stdout' | 'stderr';

/** A piece of what a function has printed. */
export interface PrintedPiece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
  /** The characters that are whole with this piece; what is no UTF-8 is replaced. */
  readonly text: string;
}

/** Bytes that are kept of the beginning of a call's output, and as many of its end. */
const KEPT_BYTES = 512 * 1024;
/** Changes from one stream to the other that are kept of the beginning, and as many of the end. */
const KEPT_RUNS = 4_096;
const FIRST_ROOM = 1_024;

/** Bytes in a row that were printed to one stream. */
interface Run {
  readonly stream: OutputStream;
  length: number;
}

/** The output of a call as it is recorded. */
export interface KeptOutput {
  /** Both streams, in the order in which they were printed. */
  readonly bytes: Uint8Array;
  /** Lengths of the runs of one stream, the first and every other one of stdout. */
  readonly runs: readonly number[];
  /** The part that is left out, by its place in `bytes`. */
  readonly leftOut?: { readonly at: number; readonly sizeBytes: number };
}

/**
 * The output of a call that runs, in bounded memory: of more than a MiB the beginning and the end are kept.
 *
 * @spec DML-EXE-3602
 */
export class CallOutput {
  #bytes = Buffer.allocUnsafe(FIRST_ROOM);
  #length = 0;
  #runs: Run[] = [];
  #leftOut: { readonly at: number; readonly atRun: number; sizeBytes: number } | undefined;

  /** Adds what was printed next. */
  add(stream: OutputStream, piece: Uint8Array): void {
    // A piece may be larger than all that is kept.
    for (let at = 0; at < piece.length; at += KEPT_BYTES)
      this.#add(stream, piece.subarray(at, at + KEPT_BYTES));
  }

  #add(stream: OutputStream, piece: Uint8Array): void {
    this.#makeRoom(piece.length);
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
    const last = this.#runs.at(-1);
    if (last?.stream === stream && this.#runs.length !== this.#leftOut?.atRun) last.length += piece.length;
    else this.#runs.push({ stream, length: piece.length });
    if (this.#length > 3 * KEPT_BYTES || this.#runs.length > 3 * KEPT_RUNS) this.#cut();
  }

  #makeRoom(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  /** Returns what is kept; undefined where nothing was printed. */
  kept(): KeptOutput | undefined {
    if (this.#length === 0) return undefined;
    if (this.#leftOut || this.#length > 2 * KEPT_BYTES || this.#runs.length > 2 * KEPT_RUNS) this.#cut();
    const runs: number[] = [];
    for (const { stream, length } of this.#runs) {
      // After what is left out the same stream may go on.
      const isOwn = (stream === 'stdout') === (runs.length % 2 === 0);
      if (isOwn) runs.push(length);
      else if (runs.length === 0) runs.push(0, length);
      else runs[runs.length - 1] = (runs.at(-1) as number) + length;
    }
    const { at, sizeBytes } = this.#leftOut ?? { at: 0, sizeBytes: 0 };
    return {
      bytes: this.#bytes.subarray(0, this.#length),
      runs,
      // @spec DML-EXE-3603
      ...(sizeBytes > 0 && { leftOut: { at, sizeBytes } }),
    };
  }

  /** Leaves out what lies between the beginning and the end. */
  #cut(): void {
    this.#leftOut ??= { ...this.#beginning(), sizeBytes: 0 };
    const { at, atRun } = this.#leftOut;
    const tail = this.#runs.slice(atRun);
    let drop = Math.max(0, this.#length - at - KEPT_BYTES);
    for (let over = tail.length - KEPT_RUNS, begin = 0; over > 0; over -= 1) {
      begin += (tail[tail.length - KEPT_RUNS - over] as Run).length;
      drop = Math.max(drop, begin);
    }
    while (drop > 0 && isInsideCharacter(this.#bytes, at + drop, this.#length)) drop += 1;
    this.#leftOut.sizeBytes += drop;
    this.#bytes.copyWithin(at, at + drop, this.#length);
    this.#length -= drop;
    for (let left = drop; left > 0; ) {
      const first = tail[0] as Run;
      const taken = Math.min(left, first.length);
      first.length -= taken;
      left -= taken;
      if (first.length === 0) tail.shift();
    }
    this.#runs = [...this.#runs.slice(0, atRun), ...tail];
  }

  /** Returns the end of the beginning, and splits the run that it lies in. */
  #beginning(): { readonly at: number; readonly atRun: number } {
    let at = 0;
    let atRun = 0;
    while (atRun < Math.min(KEPT_RUNS, this.#runs.length)) {
      const run = this.#runs[atRun] as Run;
      atRun += 1;
      if (at + run.length <= KEPT_BYTES) at += run.length;
      else {
        let end = KEPT_BYTES;
        while (end > at && isInsideCharacter(this.#bytes, end, this.#length)) end -= 1;
        this.#runs.splice(atRun, 0, { stream: run.stream, length: at + run.length - end });
        run.length = end - at;
        at = end;
        break;
      }
    }
    return { at, atRun };
  }
}

/** Bytes of a character of UTF-8 after its first one, at most. */
const MAX_CONTINUATION = 3;

/** Checks whether a cut would lie inside a character of UTF-8. */
function isInsideCharacter(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end || !isContinuation(bytes[at] as number)) return false;
  for (let back = 1; back <= MAX_CONTINUATION && back <= at; back += 1)
    if (!isContinuation(bytes[at - back] as number)) return (bytes[at - back] as number) >= 0xc0;
  return false;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
