/** Appended where output ends because there is more than may be. */
const CUT_MARK = '\n[the rest of this output was cut]\n';

const TAIL_CHARACTERS = 500;

/** Passes on text up to a limit, then a mark once, and keeps the end of what came. */
export class BoundedOutput {
  readonly #maxBytes: number;
  readonly #emit: (text: string) => void;
  #sizeBytes = 0;
  #tail = '';

  constructor(maxBytes: number, emit: (text: string) => void) {
    this.#maxBytes = maxBytes;
    this.#emit = emit;
  }

  /** The end of what came, whether it was passed on or not. */
  get tail(): string {
    return this.#tail;
  }

  /** @spec DML-EXE-1406 */
  add(text: string): void {
    if (text === '') return;
    this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
    if (this.#sizeBytes > this.#maxBytes) return;
    const room = this.#maxBytes - this.#sizeBytes;
    this.#sizeBytes += Buffer.byteLength(text);
    if (this.#sizeBytes <= this.#maxBytes) return this.#emit(text);
    this.#emit(text.slice(0, room).toWellFormed() + CUT_MARK);
  }

  /** Begins to count again. */
  reset(): void {
    this.#sizeBytes = 0;
  }
}
