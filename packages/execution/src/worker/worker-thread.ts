import { pathToFileURL } from 'node:url';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { ownModule } from '../source-file.ts';
import type { BundleContent, FromWorker, RunMessage, ToWorker } from './wire.ts';
import { workerCode } from './worker-code.ts';

/** Has Node offer modules that are made of text, which it calls experimental; see `bundle-modules.ts`. */
const MODULES_OF_TEXT = '--experimental-vm-modules';

export interface WorkerThreadOptions {
  /** The environment variables that functions see; none by default. */
  readonly env?: Readonly<Record<string, string>>;
  readonly resourceLimits?: ResourceLimits;
}

/** What a thread tells its pool. */
export interface WorkerThreadListener {
  onMessage(message: FromWorker): void;
  /** The thread has ended by itself; told once or more. */
  onLost(reason: string): void;
  onOutput(stream: 'stdout' | 'stderr', text: string): void;
}

/** One worker thread; it keeps the process alive while it runs a call. */
export class WorkerThread {
  readonly #worker: Worker;

  constructor({ env = {}, resourceLimits }: WorkerThreadOptions, listener: WorkerThreadListener) {
    const code = workerCode(ownModule('worker/worker-main'));
    this.#worker = new Worker(code.source ?? pathToFileURL(code.path), {
      eval: code.source !== undefined,
      // @spec DML-EXE-0808
      env: { ...env },
      stdout: true,
      stderr: true,
      execArgv: [MODULES_OF_TEXT],
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

  /** Begins a call; the memory of its objects moves to the thread. */
  run(message: Omit<RunMessage, 'type'>): void {
    this.#worker.ref();
    this.#send({ type: 'run', ...message }, [message.objects.bytes.buffer]);
  }

  /** Notes that the call has ended. */
  rest(): void {
    this.#worker.unref();
  }

  /** Answers a read with the object's bytes, which are copied, undefined when it is lost. */
  giveObject(request: number, found: Uint8Array | undefined): void {
    // A view would be sent together with the whole memory behind it.
    const bytes = found ? new Uint8Array(found) : null;
    this.#send({ type: 'object', request, bytes }, bytes ? [bytes.buffer] : []);
  }

  /** Answers a request for a bundle, whose content moves to the thread. */
  giveBundle({ datum, content, natives = {} }: BundleContent): void {
    const message = { type: 'bundle', datum: new Uint8Array(datum), content, natives } as const;
    this.#send(message, [content.buffer as ArrayBuffer]);
  }

  /** Tells that a batch of objects was taken over. */
  noteTaken(): void {
    this.#send({ type: 'taken' });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
