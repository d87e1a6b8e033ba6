import type { DatumId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import type { Job } from './job.ts';
import type { WorkerThread } from './worker-thread.ts';

/** Calls that are made together take less than this as far as is known, and are taken back after ten times as much. */
export const TOGETHER_MS = 1;

/** A function as the pool has come to know it. */
export interface KnownFunction {
  readonly bundleDatumId: DatumId;
  readonly exportName: string;
  /** Mean duration of a call, Infinity while unknown. */
  meanMs: number;
  /** Its calls, or some made together with them, touched the realm or failed in another way than by throwing. */
  isSolitary: boolean;
}

/** A job that is not over. */
export interface Task {
  readonly job: Job;
  readonly called: KnownFunction;
  /** That of its job, or of a running function that has come to wait for it. */
  depth: number;
  slot: Slot | undefined;
  timer?: ReturnType<typeof setTimeout> | undefined;
  over: boolean;
  hasStarted: boolean;
  hasPrinted: boolean;
}

/** A thread of the pool, with what it was given. */
export interface Slot {
  readonly thread: WorkerThread;
  /** Calls that the thread was given. */
  tasks: readonly Task[];
  /** The only bundle that the thread may run, where loading it has changed the realm. */
  ownBundle: DatumId | undefined;
  /** Bundles that the thread has loaded. */
  readonly loaded: Set<DatumId>;
  /** Calls that its function has made and that are not answered. */
  waits: number;
  /** Takes back calls that wait for one that takes long. */
  timer?: ReturnType<typeof setTimeout> | undefined;
}

/** The functions that a pool was asked for, by their URIs. */
export class KnownFunctions {
  readonly #known = new Map<string, KnownFunction>();

  /** Returns a function. Throws `adapter_unknown` for a URI of something else. */
  get(functionUri: string): KnownFunction {
    let known = this.#known.get(functionUri);
    if (known === undefined) {
      const { bundleDatumId, exportName } = parseFunctionUri(functionUri);
      known = { bundleDatumId, exportName, meanMs: Number.POSITIVE_INFINITY, isSolitary: false };
      this.#known.set(functionUri, known);
    }
    return known;
  }
}

/** Tasks of one depth that wait for a thread, in order. */
export class TaskQueue {
  readonly depth: number;
  readonly #tasks: Task[] = [];
  #at = 0;

  constructor(depth: number) {
    this.depth = depth;
  }

  get length(): number {
    return this.#tasks.length - this.#at;
  }

  /** The tasks, those that are over included. */
  get waiting(): readonly Task[] {
    return this.#tasks.slice(this.#at);
  }

  add(task: Task): void {
    this.#tasks.push(task);
  }

  /** Returns the first task that waits here, which stays. */
  first(): Task | undefined {
    for (let task = this.#tasks[this.#at]; task; task = this.#tasks[this.#at]) {
      if (!task.over && task.depth === this.depth) break;
      this.#at += 1;
    }
    if (this.#at > 1024) {
      this.#tasks.splice(0, this.#at);
      this.#at = 0;
    }
    return this.#tasks[this.#at];
  }

  /** Takes the first task, which `first` has returned. */
  take(): Task {
    return this.#tasks[this.#at++] as Task;
  }

  /** Puts tasks in front of the others. */
  putBack(tasks: readonly Task[]): void {
    this.#tasks.splice(this.#at, 0, ...tasks);
  }
}

/** Checks whether a task may be made together with others. */
export function isShort({ job, called }: Task): boolean {
  return called.meanMs < TOGETHER_MS / 2 && !called.isSolitary && job.timeoutMs === undefined;
}

/** Notes the time that tasks took together. */
export function noteTime(tasks: readonly Task[], elapsedMs: number): void {
  const ms = elapsedMs / tasks.length;
  for (const { called } of tasks)
    called.meanMs = called.meanMs === Number.POSITIVE_INFINITY ? ms : (called.meanMs + ms) / 2;
}
