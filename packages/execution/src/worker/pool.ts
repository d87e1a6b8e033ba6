import { availableParallelism } from 'node:os';
import type { DatumId, ObjectClass } from '@daggerml/object-model';
import type { PackedObjects } from './packed-objects.ts';
import type { BundleContent, FromWorker, FunctionFailure, RunMessage } from './wire.ts';
import { WorkerThread, type WorkerThreadOptions } from './worker-thread.ts';

export interface PoolOptions extends WorkerThreadOptions {
  /** Calls that run at one time; as many as the machine runs in parallel by default. */
  readonly size?: number;
  /** Answers a worker that reads a blob: the object's bytes, undefined when it is lost. */
  readonly readObject: (objectClass: ObjectClass, objectId: string) => Uint8Array | undefined;
  /** Answers a worker that loads a bundle, once for each thread; what it rejects with ends the job as `broken`. */
  readonly readBundle: (bundleDatumId: DatumId) => Promise<BundleContent>;
}

export interface Job {
  /** Built when the call starts. */
  readonly message: () => Omit<RunMessage, 'type'>;
  readonly timeoutMs?: number | undefined;
  /** Takes over objects of the result; they are complete when the outcome is `value`. What it throws ends the job. */
  readonly onObjects: (objects: PackedObjects) => void;
  readonly onStart?: () => void;
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/**
 * How an attempt ended. `lost` says nothing about the call itself; `broken` neither: this process could not read or
 * take what the call needed.
 */
export type JobOutcome =
  | { readonly type: 'value'; readonly datumId: DatumId }
  | { readonly type: 'threw'; readonly failure: FunctionFailure }
  | { readonly type: 'broken'; readonly error: unknown }
  | {
      readonly type: 'lost';
      readonly code: 'worker_lost' | 'timeout' | 'cancelled';
      readonly reason: string;
    };

interface Task {
  readonly job: Job;
  readonly settle: (outcome: JobOutcome) => void;
  slot: Slot | undefined;
  timer?: ReturnType<typeof setTimeout> | undefined;
  over: boolean;
}

interface Slot {
  readonly thread: WorkerThread;
  task: Task | undefined;
}

/** A handle on a job that was given to the pool. */
export interface RunningJob {
  readonly outcome: Promise<JobOutcome>;
  /** Ends the job as `cancelled`, together with its worker when it runs. */
  cancel(): void;
}

/**
 * A pool of worker threads that call captured functions, one call per thread at a time.
 *
 * Threads start when they are needed and stay; one that ends is replaced by the next call that needs it. Idle
 * threads do not keep the process alive.
 *
 * @spec DML-EXE-0801
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #size: number;
  readonly #slots = new Set<Slot>();
  readonly #idle: Slot[] = [];
  readonly #queue: Task[] = [];
  #queueAt = 0;
  /** Threads that were told to end and may still run. */
  #ending = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#size = Math.max(1, options.size ?? availableParallelism());
  }

  run(job: Job): RunningJob {
    let settle: (outcome: JobOutcome) => void = () => {};
    const outcome = new Promise<JobOutcome>((resolve) => {
      settle = resolve;
    });
    const task: Task = { job, settle, slot: undefined, over: false };
    if (this.#closed) this.#end(task, lost('cancelled', 'the pool is closed'));
    else {
      this.#queue.push(task);
      this.#dispatch();
    }
    return { outcome, cancel: () => this.#stop(task, lost('cancelled', 'the call was cancelled')) };
  }

  /**
   * Cancels what still runs and ends every thread.
   *
   * @spec DML-EXE-0812
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#queue.slice(this.#queueAt))
      this.#end(task, lost('cancelled', 'the pool is closed'));
    while (this.#ending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const ends = [...this.#slots].map((slot) => {
      if (slot.task) this.#end(slot.task, lost('cancelled', 'the pool is closed'));
      return slot.thread.terminate();
    });
    this.#slots.clear();
    await Promise.all(ends);
  }

  /** @spec DML-EXE-0802 */
  #dispatch(): void {
    while (this.#queueAt < this.#queue.length) {
      const slot =
        this.#idle.pop() ?? (this.#slots.size + this.#ending < this.#size ? this.#start() : undefined);
      if (!slot) return;
      const task = this.#queue[this.#queueAt++] as Task;
      if (this.#queueAt > 1024) {
        this.#queue.splice(0, this.#queueAt);
        this.#queueAt = 0;
      }
      if (task.over) this.#idle.push(slot);
      else this.#begin(slot, task);
    }
  }

  #begin(slot: Slot, task: Task): void {
    let message: Omit<RunMessage, 'type'>;
    try {
      message = task.job.message();
    } catch (error) {
      this.#idle.push(slot);
      return this.#end(task, { type: 'broken', error });
    }
    slot.task = task;
    task.slot = slot;
    const { timeoutMs, onStart } = task.job;
    if (timeoutMs !== undefined) {
      // @spec DML-EXE-0810
      task.timer = setTimeout(
        () => this.#stop(task, lost('timeout', `no result in ${timeoutMs} ms`)),
        timeoutMs,
      );
    }
    onStart?.();
    slot.thread.run(message);
  }

  #start(): Slot {
    const slot: Slot = {
      thread: new WorkerThread(this.#options, {
        onMessage: (message) => this.#receive(slot, message),
        onLost: (reason) => this.#lose(slot, reason),
        onOutput: (stream, text) => slot.task?.job.onOutput?.(stream, text),
      }),
      task: undefined,
    };
    this.#slots.add(slot);
    return slot;
  }

  #receive(slot: Slot, message: FromWorker): void {
    const task = slot.task;
    if (message.type === 'tainted') return this.#retire(slot);
    if (!task) return;
    switch (message.type) {
      case 'read':
      case 'objects':
        try {
          this.#serve(slot, task, message);
        } catch (error) {
          this.#stop(task, { type: 'broken', error });
        }
        return;
      case 'bundle':
        this.#options.readBundle(message.bundleDatumId).then(
          (bundle) => slot.thread.giveBundle(bundle),
          (error: unknown) => this.#stop(task, { type: 'broken', error }),
        );
        return;
      case 'refused':
        return this.#stop(task, lost('worker_lost', message.reason));
      case 'done':
        return this.#finish(slot, task, { type: 'value', datumId: message.datumId });
      case 'threw':
        if (message.stray) return this.#stop(task, { type: 'threw', failure: message.failure });
        return this.#finish(slot, task, { type: 'threw', failure: message.failure });
    }
  }

  /** Gives a worker what it reads and takes what it made. */
  #serve(slot: Slot, task: Task, message: FromWorker & { type: 'read' | 'objects' }): void {
    if (message.type === 'objects') {
      task.job.onObjects(message.objects);
      slot.thread.noteTaken();
    } else {
      slot.thread.giveObject(
        message.request,
        this.#options.readObject(message.objectClass, message.objectId),
      );
    }
  }

  #finish(slot: Slot, task: Task, outcome: JobOutcome): void {
    slot.task = undefined;
    slot.thread.rest();
    this.#idle.push(slot);
    this.#end(task, outcome);
    this.#dispatch();
  }

  /** @spec DML-EXE-0809 */
  #lose(slot: Slot, reason: string): void {
    if (!this.#slots.delete(slot)) return;
    const at = this.#idle.indexOf(slot);
    if (at >= 0) this.#idle.splice(at, 1);
    if (slot.task) this.#end(slot.task, lost('worker_lost', reason));
    slot.task = undefined;
    if (!this.#closed) this.#dispatch();
  }

  /** A call in a thread in which earlier code went wrong is not to blame; it is attempted in another one. */
  #retire(slot: Slot): void {
    const reason = 'code that an earlier call left running failed in the same thread';
    if (slot.task) return this.#stop(slot.task, lost('worker_lost', reason));
    if (!this.#slots.has(slot)) return;
    const at = this.#idle.indexOf(slot);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#terminate(slot);
  }

  /** A thread cannot be interrupted otherwise, so its worker ends with the call. */
  #stop(task: Task, outcome: JobOutcome): void {
    if (task.over) return;
    const slot = task.slot;
    this.#end(task, outcome);
    if (!slot || slot.task !== task) return;
    slot.task = undefined;
    this.#terminate(slot);
  }

  #terminate(slot: Slot): void {
    this.#slots.delete(slot);
    this.#ending += 1;
    void slot.thread.terminate().then(() => {
      this.#ending -= 1;
      if (!this.#closed) this.#dispatch();
    });
  }

  #end(task: Task, outcome: JobOutcome): void {
    if (task.over) return;
    task.over = true;
    clearTimeout(task.timer);
    task.settle(outcome);
  }
}

function lost(code: 'worker_lost' | 'timeout' | 'cancelled', reason: string): JobOutcome {
  return { type: 'lost', code, reason };
}
