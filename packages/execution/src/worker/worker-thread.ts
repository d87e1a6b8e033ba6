import { StringDecoder } from 'node:string_decoder';
import type { ResourceLimits, Worker } from 'node:worker_threads';
import type { OutputStream, PrintedPiece } from '../logs/call-output.ts';
import { startThread } from '../source-file.ts';
import type { PackedObjects } from './packed-objects.ts';
import type { Printed } from './printed-output.ts';
import { createTurns, offerTurns, takeBack } from './turns.ts';
import type { BundleContent, FromWorker, NestedMessage, RunMessage, ToWorker } from './wire.ts';

/** Has Node offer modules that are made of text, which it calls experimental; see `bundle-modules.ts`. */
const MODULES_OF_TEXT = '--experimental-vm-modules';

export interface WorkerThreadOptions {
  /** The environment variables that functions see; none by default. */
  readonly env?: Readonly<Record<string, string>>;
  readonly resourceLimits?: ResourceLimits;
}

/** Bytes that a call has printed. */
export interface ThreadOutput extends PrintedPiece {
  /** Place of the call among those that were given together. */
  readonly turn: number;
}

/** Receives the events of a thread. */
export interface WorkerThreadListener {
  onMessage(message: FromWorker): void;
  /** Receives the end of a thread that ended by itself, once or more. */
  onLost(reason: string): void;
  onOutput(output: ThreadOutput): void;
}

function newDecoders(): Readonly<Record<OutputStream, StringDecoder>> {
  return { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
}

/** One worker thread; it keeps the process alive while it runs calls. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #listener: WorkerThreadListener;
  readonly #turns = createTurns();
  /** The call that printed last. */
  #printing: number | undefined;
  #decoders = newDecoders();
  /** Memory in which objects came that may not be written yet. */
  readonly #taken: Uint8Array<ArrayBuffer>[] = [];

  constructor({ env = {}, resourceLimits }: WorkerThreadOptions, listener: WorkerThreadListener) {
    this.#listener = listener;
    // @spec DML-EXE-0801
    this.#worker = startThread('worker/worker-main', {
      // @spec DML-EXE-0808
      env: { ...env },
      stdout: true,
      stderr: true,
      execArgv: [MODULES_OF_TEXT],
      workerData: this.#turns,
      // @spec DML-EXE-0816
      ...(resourceLimits && { resourceLimits }),
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type !== 'output') return listener.onMessage(message);
      const { pieces, turn } = message;
      if (turn !== undefined) this.#pass(pieces, turn);
      this.#send({ type: 'printed', sizeBytes: pieces.reduce((sum, [, { length }]) => sum + length, 0) });
    });
    this.#worker.on('error', (error) => listener.onLost(error.message));
    this.#worker.on('exit', (code) => listener.onLost(`the worker ended with code ${code}`));
    for (const stream of ['stdout', 'stderr'] as const) {
      // Printed before the thread had its own way.
      this.#worker[stream].on('data', (bytes: Uint8Array) => this.#pass([[stream, bytes]], 0));
    }
  }

  /** Takes back the calls that were not begun, and returns the first of them. */
  takeBack(): number {
    return takeBack(this.#turns);
  }

  /**
   * Passes on what a call has printed, whose text begins and ends with the call.
   *
   * @spec DML-EXE-0807
   */
  #pass(pieces: readonly Printed[], turn: number): void {
    if (turn !== this.#printing) this.#decoders = newDecoders();
    this.#printing = turn;
    for (const [stream, bytes] of pieces)
      this.#listener.onOutput({ turn, stream, bytes, text: this.#decoders[stream].write(bytes as Buffer) });
  }

  /** Begins calls; the memory of their objects moves to the thread. */
  run(message: Omit<RunMessage, 'type'>): void {
    offerTurns(this.#turns, message.calls.length);
    this.#printing = undefined;
    this.#worker.ref();
    this.#send({ type: 'run', ...message }, [message.objects.bytes.buffer]);
  }

  /** Notes that the calls have ended. */
  rest(): void {
    this.#taken.length = 0;
    this.#worker.unref();
  }

  /** Answers a read with the bytes of chunks, whose memory moves to the thread. */
  giveChunks(request: number, chunks: readonly Uint8Array[]): void {
    this.#send(
      { type: 'chunks', request, chunks },
      chunks.map(({ buffer }) => buffer as ArrayBuffer),
    );
  }

  /** Answers a request for a bundle, whose content moves to the thread. */
  giveBundle({ datum, content, natives = {} }: BundleContent): void {
    const message = { type: 'bundle', datum: new Uint8Array(datum), content, natives } as const;
    this.#send(message, [content.buffer as ArrayBuffer]);
  }

  /** Answers a request for a call; the memory of the objects moves to the thread. */
  answerNested(message: Omit<NestedMessage, 'type'>): void {
    const { answer } = message;
    this.#send({ type: 'nested', ...message }, answer.type === 'value' ? [answer.objects.bytes.buffer] : []);
  }

  /** Confirms that objects were taken over; where all that waited is written, the memory moves back. */
  noteTaken({ bytes }: PackedObjects, isFree: boolean): void {
    this.#taken.push(bytes);
    const free = isFree ? this.#taken.splice(0) : [];
    this.#send(
      { type: 'taken', free },
      free.map(({ buffer }) => buffer),
    );
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
