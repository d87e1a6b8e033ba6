import type { Readable } from 'node:stream';

/** Text of one stream of one run that is reported. */
const MAX_REPORTED_BYTES = 1024 * 1024;
const TAIL_BYTES = 2048;
const NO_BYTES = new Uint8Array();

/** Reports what a program prints, as text up to a limit, and keeps the end of it. */
export class OutputRelay {
  readonly #report: (text: string, bytes: Uint8Array) => void;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #reported = 0;
  #tail: Buffer = Buffer.alloc(0);

  constructor(report: (text: string, bytes: Uint8Array) => void) {
    this.#report = report;
  }

  async read(stream: Readable): Promise<void> {
    for await (const piece of stream) this.#take(piece as Buffer);
    this.#report(this.#decoder.decode(), NO_BYTES);
  }

  #take(piece: Buffer): void {
    this.#tail = Buffer.from(Buffer.concat([this.#tail, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES));
    const room = MAX_REPORTED_BYTES - this.#reported;
    this.#reported += piece.length;
    // @spec DML-EXE-3341
    const shown = room > 0 ? this.#decoder.decode(piece.subarray(0, room), { stream: true }) : '';
    this.#report(shown, piece);
    if (room >= 0 && piece.length > room) this.#report('\n(further output is not shown)\n', NO_BYTES);
  }

  /** Returns the last lines as text. */
  get tail(): string {
    const text = this.#tail.toString('utf8');
    const whole = this.#tail.length < TAIL_BYTES ? text : text.slice(text.indexOf('\n') + 1);
    return whole.trim();
  }
}
