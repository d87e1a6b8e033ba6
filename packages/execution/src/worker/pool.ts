import { availableParallelism } from 'node:os';
import type { ChunkId, DatumId, NodeId } from '@daggerml/object-model';
import type { PrintedPiece } from '../logs/call-output.ts';
import type { FoundObjects } from '../objects/closure.ts';
import { closed, type Job, type JobEnd, type JobOutcome, lost, outcomeOf } from './job.ts';
import { type PackedObjects, packObjects } from './packed-objects.ts';
import {
  isShort,
  type KnownFunction,
  KnownFunctions,
  noteTime,
  type Slot,
  type Task,
  TaskQueue,
  TOGETHER_MS,
} from './task-queue.ts';
import type { BundleContent, FromWorker, NestedMessage, NestedRequest } from './wire.ts';
import { WorkerThread, type WorkerThreadOptions } from './worker-thread.ts';

export interface PoolOptions extends WorkerThreadOptions, PoolListener {
  /** Calls that run at one time; as many as the machine runs in parallel by default. */
  readonly size?: number;
  /**
   * Adds everything that inputs are made of, except for the chunks of blobs, and returns how many bytes that are; asked
   * for when the call starts.
   */
  readonly addInputs: (inputDatumIds: readonly DatumId[], found: FoundObjects) => number;
  /** Answers a worker that reads a blob: the bytes of a chunk, which become the pool's; undefined when it is not there. */
  readonly readChunk: (chunkId: ChunkId) => Uint8Array | undefined;
  /** Returns the error of a chunk that is not there, which ends the job as `broken`. */
  readonly missing: (chunkId: ChunkId) => Error;
  /** Brings chunks that were left out before they are read; what it rejects with ends the job as `broken`. */
  readonly bringChunks?: (chunkIds: readonly ChunkId[]) => Promise<void> | undefined;
  /** Answers a worker that loads a bundle, once for each thread; what it rejects with ends the job as `broken`. */
  readonly readBundle: (bundleDatumId: DatumId) => Promise<BundleContent>;
}

/** Receives what becomes of jobs, of many at once where that is known at once. */
export interface PoolListener {
  /** Receives each job once. */
  readonly onStart?: (jobs: readonly Job[]) => void;
  readonly onOutput?: (job: Job, piece: PrintedPiece) => void;
  /** Receives a job that has printed and is made once more from its beginning. */
  readonly onPrintedAgain?: (job: Job) => void;
  /**
   * Takes over objects of results, before the outcomes. Returns whether their memory is free again. An error that it
   * throws ends the jobs of the thread.
   */
  readonly onObjects: (objects: PackedObjects) => boolean;
  /** Receives a call that the function of a job makes; `answerNested` answers it. */
  readonly onNested?: (job: Job, request: NestedRequest) => void;
  /** Receives outcomes in a later turn; none of a job that was stopped. */
  readonly onEnd: (ends: readonly JobEnd[]) => void;
}

const MAX_TOGETHER = 64;
const MAX_TOGETHER_BYTES = 1024 * 1024;

/**
 * A pool of worker threads that call captured functions, one call per thread at a time.
 *
 * Threads start when they are needed and stay; one that ends, or whose realm a call has changed, is replaced by the
 * next call that needs it. Idle threads do not keep the process alive. Short calls travel together: a message of its
 * own costs more than such a call.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  /** Calls that run at one time. */
  readonly size: number;
  readonly #functions = new KnownFunctions();
  readonly #slots = new Set<Slot>();
  readonly #idle: Slot[] = [];
  /** The tasks that are not over. */
  readonly #open = new Map<NodeId, Task>();
  /** The tasks that wait, by the number of running functions that wait for them. */
  readonly #queues: TaskQueue[] = [new TaskQueue(0)];
  /** Threads that were asked to end while a call ran, and may still run it. */
  #ending = 0;
  readonly #terminations = new Set<Promise<void>>();
  #ends: JobEnd[] = [];
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.size = Math.max(1, options.size ?? availableParallelism());
  }

  /** Runs a job when a thread is free; its node has no other one at that time. */
  run(job: Job): void {
    let called: KnownFunction;
    try {
      called = this.#functions.get(job.functionUri);
    } catch (error) {
      return this.#report(job, { type: 'broken', error });
    }
    if (this.#closed) return this.#report(job, closed);
    const { depth = 0 } = job;
    const task: Task = {
      job,
      called,
      depth,
      slot: undefined,
      over: false,
      hasStarted: false,
      hasPrinted: false,
    };
    this.#open.set(job.nodeId, task);
    this.#enqueue(task);
  }

  #enqueue(task: Task): void {
    const queue = this.#queueOf(task.depth);
    const isFirst = queue.first() === undefined;
    queue.add(task);
    // A thread is loaded while this one is still asked for more.
    if (this.#idle.length < queue.length && this.#hasRoom) this.#idle.push(this.#start());
    // In a later turn, so that what is asked for in this one can travel together.
    if (isFirst) queueMicrotask(() => this.#dispatch());
  }

  #queueOf(depth: number): TaskQueue {
    while (this.#queues.length <= depth) this.#queues.push(new TaskQueue(this.#queues.length));
    return this.#queues[depth] as TaskQueue;
  }

  /** Puts a job before those that fewer running functions wait for, if it has not begun. */
  raise(nodeId: NodeId, depth: number): void {
    const task = this.#open.get(nodeId);
    if (!task || task.depth >= depth) return;
    task.depth = depth;
    if (!task.slot) this.#enqueue(task);
  }

  /** Answers a call that the function of a job has made; ignored where the job has ended. */
  answerNested(nodeId: NodeId, message: Omit<NestedMessage, 'type'>): void {
    const slot = this.#open.get(nodeId)?.slot;
    if (!slot) return;
    slot.waits -= 1;
    slot.thread.answerNested(message);
  }

  /** Ends the job of a node, together with its worker when it runs. */
  stop(nodeId: NodeId): void {
    const task = this.#open.get(nodeId);
    if (task) this.#stop(task);
  }

  /**
   * Cancels what still runs and ends every thread.
   *
   * @spec DML-EXE-0812
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { waiting } of this.#queues) for (const task of waiting) this.#end(task, closed);
    for (const slot of [...this.#slots]) {
      for (const task of slot.tasks) this.#end(task, closed);
      this.#terminate(slot);
    }
    await Promise.all(this.#terminations);
  }

  /** Checks whether one more thread may run. */
  get #hasRoom(): boolean {
    return this.#countThreads() + this.#ending < this.size;
  }

  /** Returns the number of threads, without those whose functions wait for calls that they have made. */
  #countThreads(): number {
    let waiting = 0;
    // @spec DML-EXE-3404
    if (this.#queues.length > 1) for (const { waits } of this.#slots) if (waits > 0) waiting += 1;
    return this.#slots.size - waiting;
  }

  /** @spec DML-EXE-0802 */
  #dispatch(): void {
    while (!this.#closed) {
      const queue = this.#queues.findLast((each) => each.first() && this.#hasTurn(each));
      const task = queue?.first();
      const slot = task && this.#slotFor(task.called.bundleDatumId);
      if (!queue || !slot) return;
      this.#begin(slot, this.#takeTogether(queue, slot));
    }
  }

  /** Checks whether one more call of a depth may run: as many functions as there are threads may wait at each. */
  #hasTurn({ depth }: TaskQueue): boolean {
    if (this.#queues.length === 1) return true;
    let running = 0;
    for (const { tasks } of this.#slots) if (tasks[0]?.depth === depth) running += 1;
    return running < this.size;
  }

  /**
   * Finds a thread for a call of a bundle: one that no other bundle has changed, or a new one.
   *
   * @spec DML-EXE-2402
   */
  #slotFor(bundleDatumId: DatumId): Slot | undefined {
    let at = this.#idle.findLastIndex(({ loaded }) => loaded.has(bundleDatumId));
    if (at < 0) at = this.#idle.findLastIndex(({ ownBundle }) => ownBundle === undefined);
    if (at >= 0) return this.#idle.splice(at, 1)[0];
    if (!this.#hasRoom) {
      const [other] = this.#idle;
      if (!other) return undefined;
      this.#terminate(other);
    }
    return this.#start();
  }

  /** Takes the first task from the queue, with the next ones when all are known to be short. */
  #takeTogether(queue: TaskQueue, slot: Slot): Task[] {
    const first = queue.take();
    const tasks = [first];
    const { bundleDatumId } = first.called;
    if (!isShort(first) || slot.ownBundle !== undefined || !slot.loaded.has(bundleDatumId)) return tasks;
    const share = Math.ceil((queue.length + 1) / this.size);
    const most = Math.min(MAX_TOGETHER, share);
    let { meanMs } = first.called;
    for (let task = queue.first(); task && tasks.length < most; task = queue.first()) {
      meanMs += task.called.meanMs;
      if (!isShort(task) || task.called.bundleDatumId !== bundleDatumId || meanMs > TOGETHER_MS) break;
      tasks.push(queue.take());
    }
    return tasks;
  }

  #begin(slot: Slot, candidates: readonly Task[]): void {
    const objects: FoundObjects = new Map();
    const tasks: Task[] = [];
    let sizeBytes = 0;
    for (const task of candidates) {
      if (sizeBytes > MAX_TOGETHER_BYTES) {
        this.#putBack(candidates.slice(candidates.indexOf(task)));
        break;
      }
      try {
        sizeBytes += this.#options.addInputs(task.job.inputDatumIds, objects);
        tasks.push(task);
      } catch (error) {
        this.#end(task, { type: 'broken', error });
      }
    }
    const [first] = tasks;
    if (!first) return void this.#idle.push(slot);
    slot.tasks = tasks;
    this.#noteStart(slot, tasks);
    slot.thread.run({
      bundleDatumId: first.called.bundleDatumId,
      calls: tasks.map(({ job, called: { exportName } }) => ({
        exportName,
        inputDatumIds: job.inputDatumIds,
      })),
      objects: packObjects([...objects.values()]),
    });
    if (tasks.length > 1) slot.timer = setTimeout(() => this.#takeBack(slot), 10 * TOGETHER_MS);
  }

  #noteStart(slot: Slot, tasks: readonly Task[]): void {
    const jobs: Job[] = [];
    for (const task of tasks) {
      task.slot = slot;
      const { timeoutMs } = task.job;
      // @spec DML-EXE-0810
      if (timeoutMs !== undefined) task.timer = setTimeout(() => this.#timeOut(task), timeoutMs);
      if (!task.hasStarted) jobs.push(task.job);
      task.hasStarted = true;
    }
    if (jobs.length > 0) this.#options.onStart?.(jobs);
  }

  #start(): Slot {
    const slot: Slot = {
      thread: new WorkerThread(this.#options, {
        onMessage: (message) => this.#receive(slot, message),
        onLost: (reason) => this.#lose(slot, reason),
        onOutput: ({ turn, ...piece }) => {
          const task = slot.tasks[turn];
          if (task?.slot !== slot) return;
          task.hasPrinted = true;
          this.#options.onOutput?.(task.job, piece);
        },
      }),
      tasks: [],
      ownBundle: undefined,
      loaded: new Set(),
      waits: 0,
    };
    this.#slots.add(slot);
    return slot;
  }

  #receive(slot: Slot, message: FromWorker): void {
    if (!this.#slots.has(slot)) return;
    switch (message.type) {
      case 'tainted':
        return this.#lose(slot, 'code that an earlier call left running failed in the same thread');
      case 'void':
        for (const { called } of slot.tasks) called.isSolitary = true;
        return this.#lose(slot, '');
      case 'answers':
        return this.#finish(slot, message);
      case 'bundle':
        this.#options.readBundle(message.bundleDatumId).then(
          (bundle) => slot.thread.giveBundle(bundle),
          (error: unknown) => this.#break(slot, error),
        );
        return;
      case 'nested':
        return this.#request(slot, message);
      case 'read':
      case 'objects':
        try {
          this.#serve(slot, message);
        } catch (error) {
          this.#break(slot, error);
        }
    }
  }

  /** Passes on a call that the function of a thread makes. */
  #request(slot: Slot, { objects, ...request }: FromWorker & { type: 'nested' }): void {
    const [task] = slot.tasks;
    if (task?.slot !== slot) return;
    try {
      if (objects) this.#options.onObjects(objects);
    } catch (error) {
      return this.#break(slot, error);
    }
    slot.waits += 1;
    task.called.isSolitary = true;
    this.#options.onNested?.(task.job, request);
    this.#dispatch();
  }

  /** Serves a worker: sends the objects that it reads and takes those that it made. */
  #serve(slot: Slot, message: FromWorker & { type: 'read' | 'objects' }): void {
    if (message.type === 'objects') {
      const { objects } = message;
      const isFree = slot.tasks.length === 0 || this.#options.onObjects(objects);
      slot.thread.noteTaken(objects, isFree);
      return;
    }
    const { chunkIds, request } = message;
    const give = (): void => slot.thread.giveChunks(request, this.#read(chunkIds));
    const bringing = this.#options.bringChunks?.(chunkIds);
    if (bringing === undefined) give();
    // @spec DML-REM-0958
    else bringing.then(give).catch((error: unknown) => this.#break(slot, error));
  }

  #read(chunkIds: readonly ChunkId[]): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (const chunkId of chunkIds) {
      const bytes = this.#options.readChunk(chunkId);
      if (bytes === undefined) {
        if (chunks.length > 0) break;
        // That it cannot be had is no failure of the function. @spec DML-EXE-2791
        throw this.#options.missing(chunkId);
      }
      // A view would move together with the whole memory behind it.
      chunks.push(bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes));
    }
    return chunks;
  }

  #finish(slot: Slot, message: FromWorker & { type: 'answers' }): void {
    const { answers, objects, realm, elapsedMs } = message;
    const { tasks } = slot;
    try {
      if (objects && tasks.length > 0) this.#options.onObjects(objects);
    } catch (error) {
      return this.#break(slot, error);
    }
    clearTimeout(slot.timer);
    slot.tasks = [];
    slot.waits = 0;
    const { called } = tasks[0] as Task;
    if (realm === 'touched' || this.#countThreads() > this.size) this.#terminate(slot);
    else {
      slot.thread.rest();
      slot.loaded.add(called.bundleDatumId);
      slot.ownBundle = realm === 'of-bundle' ? called.bundleDatumId : undefined;
      this.#idle.push(slot);
    }
    this.#putBack(tasks.slice(answers.length).filter(({ slot: its }) => its === slot));
    noteTime(tasks.slice(0, answers.length), elapsedMs);
    answers.forEach((answer, index) => {
      const task = tasks[index] as Task;
      if (task.slot === slot) this.#end(task, outcomeOf(answer));
    });
    this.#dispatch();
  }

  /**
   * Leaves calls to other threads that were given to one in which a call takes unexpectedly long.
   *
   * @spec DML-EXE-2406
   */
  #takeBack(slot: Slot): void {
    const running = slot.tasks[slot.thread.takeBack() - 1];
    this.#putBack(slot.tasks.filter((task) => task !== running));
    this.#dispatch();
  }

  /** Puts tasks that have no outcome first into the queue. */
  #putBack(tasks: readonly Task[]): void {
    const open = tasks.filter(({ over }) => !over);
    for (const task of open) {
      task.slot = undefined;
      if (task.hasPrinted) this.#options.onPrintedAgain?.(task.job);
      task.hasPrinted = false;
    }
    if (open[0]) this.#queueOf(open[0].depth).putBack(open);
  }

  /**
   * Ends the call of a thread that has ended. Where several were made together nobody knows which it was: they are made
   * one by one.
   *
   * @spec DML-EXE-0809
   */
  #lose(slot: Slot, reason: string): void {
    if (!this.#slots.has(slot)) return;
    const tasks = slot.tasks.filter((task) => task.slot === slot);
    if (slot.tasks.length > 1) {
      // @spec DML-EXE-2407
      for (const { called } of tasks) called.isSolitary = true;
      this.#putBack(tasks);
    } else for (const task of tasks) this.#end(task, lost('worker_lost', reason));
    this.#terminate(slot);
    this.#dispatch();
  }

  /** Ends a call whose thread cannot be served. Where several were made together, they are made one by one as above. */
  #break(slot: Slot, error: unknown): void {
    // @spec DML-EXE-2792
    if (slot.tasks.length > 1) return this.#lose(slot, '');
    for (const task of slot.tasks) if (task.slot === slot) this.#end(task, { type: 'broken', error });
    this.#terminate(slot);
    this.#dispatch();
  }

  #timeOut(task: Task): void {
    this.#report(task.job, lost('timeout', `no result in ${task.job.timeoutMs} ms`));
    this.#stop(task);
  }

  /** Stops a call by ending its thread, which cannot be interrupted otherwise. */
  #stop(task: Task): void {
    const { slot } = task;
    this.#close(task);
    if (!slot) return;
    this.#putBack(slot.tasks.filter((other) => other.slot === slot));
    this.#ending += 1;
    void this.#terminate(slot).then(() => {
      this.#ending -= 1;
      this.#dispatch();
    });
  }

  #terminate(slot: Slot): Promise<void> {
    clearTimeout(slot.timer);
    slot.tasks = [];
    this.#slots.delete(slot);
    const at = this.#idle.indexOf(slot);
    if (at >= 0) this.#idle.splice(at, 1);
    const termination = slot.thread.terminate();
    this.#terminations.add(termination);
    void termination.then(() => this.#terminations.delete(termination));
    return termination;
  }

  #end(task: Task, outcome: JobOutcome): void {
    if (task.over) return;
    this.#close(task);
    this.#report(task.job, outcome);
  }

  #close(task: Task): void {
    task.over = true;
    task.slot = undefined;
    clearTimeout(task.timer);
    this.#open.delete(task.job.nodeId);
  }

  #report(job: Job, outcome: JobOutcome): void {
    if (this.#ends.push({ job, outcome }) > 1) return;
    queueMicrotask(() => {
      const ends = this.#ends;
      this.#ends = [];
      this.#options.onEnd(ends);
    });
  }
}
