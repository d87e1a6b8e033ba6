import type { ResourceLimits, Worker } from 'node:worker_threads';
import { startThread } from '../source-file.ts';
import type { PackedObjects } from './packed-objects.ts';
import { createTurns, lastTaken, offerTurns, takeBack } from './turns.ts';
import type { BundleContent, FromWorker, NestedMessage, RunMessage, ToWorker } from './wire.ts';

/** Has Node offer modules that are made of text, which it calls experimental; see `bundle-modules.ts`. */
const MODULES_OF_TEXT = '--experimental-vm-modules';

export interface WorkerThreadOptions {
  /** The environment variables that functions see; none by default. */
  readonly env?: Readonly<Record<string, string>>;
  readonly resourceLimits?: ResourceLimits;
}

/** Receives the events of a thread. */
export interface WorkerThreadListener {
  onMessage(message: FromWorker): void;
  /** Receives the end of a thread that ended by itself, once or more. */
  onLost(reason: string): void;
  onOutput(stream: 'stdout' | 'stderr', text: string): void;
}

/** One worker thread; it keeps the process alive while it runs calls. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #turns = createTurns();
  /** Memory in which objects came that may not be written yet. */
  readonly #taken: Uint8Array<ArrayBuffer>[] = [];

  constructor({ env = {}, resourceLimits }: WorkerThreadOptions, listener: WorkerThreadListener) {
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
    this.#worker.on('message', (message: FromWorker) => listener.onMessage(message));
    this.#worker.on('error', (error) => listener.onLost(error.message));
    this.#worker.on('exit', (code) => listener.onLost(`the worker ended with code ${code}`));
    for (const stream of ['stdout', 'stderr'] as const) {
      // @spec DML-EXE-0807
      this.#worker[stream].setEncoding('utf8').on('data', (text: string) => listener.onOutput(stream, text));
    }
  }

  /** The call among those that were given together that was begun last. */
  get currentCall(): number {
    return lastTaken(this.#turns);
  }

  /** Takes back the calls that were not begun, and returns the first of them. */
  takeBack(): number {
    return takeBack(this.#turns);
  }

  /** Begins calls; the memory of their objects moves to the thread. */
  run(message: Omit<RunMessage, 'type'>): void {
    offerTurns(this.#turns, message.calls.length);
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
