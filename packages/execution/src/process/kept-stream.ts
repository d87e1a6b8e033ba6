import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';

/** A stream that keeps what comes before somebody reads: Node drops that when the process ends. */
export class KeptStream {
  readonly kept: PassThrough;
  /** Resolves when nothing more can come. */
  readonly closed: Promise<void>;
  readonly #source: Socket;
  #bytesRead = 0;

  constructor(source: Socket) {
    this.#source = source;
    this.closed = new Promise((resolve) => source.once('close', () => resolve()));
    // A reset by the other side is an end.
    source.on('error', () => this.kept.end());
    this.kept = source.pipe(new PassThrough());
  }

  /** Ends a stream of which nothing came since the last time that this was asked, and nothing waits for its reader. */
  closeWhenSilent(): void {
    const { bytesRead } = this.#source;
    const isSilent = bytesRead === this.#bytesRead && !this.kept.writableNeedDrain;
    this.#bytesRead = bytesRead;
    if (!isSilent) return;
    this.#source.unpipe(this.kept);
    this.#source.destroy();
    this.kept.end();
  }
}
