import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { BlobDatum } from '@daggerml/object-model';
import { executionError } from '../errors.ts';
import { startThread } from '../source-file.ts';
import type { PackedObjects } from '../worker/packed-objects.ts';
import type { FromIngest, IngestOrder, ToIngest } from './wire.ts';

/** Below this a thread takes longer to start than it saves. */
const MIN_BYTES = 32 * 1024 * 1024;
/** A thread waits this long for another file. */
const IDLE_MS = 1000;

/** Takes objects over; returns whether their memory is free again. */
type TakeObjects = (objects: PackedObjects) => boolean;

/** Checks whether a file is large enough to be read by a thread of its own; false as well for what cannot be read. */
export async function isWorthThread(path: string): Promise<boolean> {
  if (availableParallelism() < 2) return false;
  try {
    const found = await stat(path);
    return found.isFile() && found.size >= MIN_BYTES;
  } catch {
    return false;
  }
}

/**
 * A thread that reads, cuts and hashes files, one after the other, while this one writes: waiting for the disk takes as
 * long as all the rest. It ends when it has had nothing to do for a while, and keeps no process alive.
 */
export class IngestThread {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  /**
   * Reads a file; the one before must be done. `take` gets the chunks and pages in batches; what it throws ends the
   * reading. Rejects with `unreadable_file` as `fileStream` does.
   */
  async ingest(order: IngestOrder, take: TakeObjects): Promise<BlobDatum> {
    clearTimeout(this.#idle);
    const worker = this.#started();
    worker.ref();
    let isReady = false;
    try {
      const done = await ingested(worker, order, take);
      isReady = true;
      if (done.type === 'done') return done.datum;
      const { path, reason, cause } = done;
      throw executionError('unreadable_file', { path, reason }, cause);
    } finally {
      if (isReady) this.#rest(worker);
      else await this.#end();
    }
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = startThread('ingest/ingest-main', { env: {}, execArgv: [] });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    // Heard by whoever waits for a file; while nobody does, the next file gets another thread.
    worker.on('error', () => {});
    this.#worker = worker;
    return worker;
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref();
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

type Done = Exclude<FromIngest, { readonly type: 'objects' }>;

/** Resolves when a worker has read a file or could not. */
async function ingested(worker: Worker, order: IngestOrder, take: TakeObjects): Promise<Done> {
  const ears = new AbortController();
  /** Memory in which objects came that may not be written yet. */
  const held: Uint8Array<ArrayBuffer>[] = [];
  try {
    return await new Promise<Done>((resolve, reject) => {
      const hear = (message: FromIngest): void => {
        if (message.type !== 'objects') return resolve(message);
        try {
          held.push(message.objects.bytes);
          const free = take(message.objects) ? held.splice(0) : [];
          const taken: ToIngest = { type: 'taken', free };
          worker.postMessage(
            taken,
            free.map(({ buffer }) => buffer),
          );
        } catch (error) {
          reject(error);
        }
      };
      const fail = (error: Error): void => reject(error);
      const end = (): void => reject(new Error('the thread that reads a file ended early'));
      worker.on('message', hear).on('error', fail).on('exit', end);
      ears.signal.addEventListener('abort', () =>
        worker.off('message', hear).off('error', fail).off('exit', end),
      );
      worker.postMessage({ type: 'order', order } satisfies ToIngest);
    });
  } finally {
    ears.abort();
  }
}
