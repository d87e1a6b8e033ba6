import type { DatumId, NodeId } from '@daggerml/object-model';
import { adapterNameOf } from '@daggerml/repository';
import { wholeMs } from '@daggerml/store';
import type { AdapterAnswer, AdapterReport, ExecutionAdapter, Submission } from '../adapters/port.ts';
import { CallOutput } from '../logs/call-output.ts';
import { AttemptQueue } from './attempt-queue.ts';
import type { Callee } from './callee.ts';
import type { Neighbours, Refusal } from './neighbours.ts';
import { PollClock } from './poll-clock.ts';
import type { Request, Requests } from './requests.ts';
import { computedOf, type RunNode } from './run-node.ts';
import type { InFlight } from './single-flight.ts';

/** A call that runs, or has run and is not kept yet. */
export interface Attempt {
  readonly node: RunNode;
  readonly flight: InFlight;
  /** Number of the attempt, from 1. */
  number: number;
  startedMs: number;
  finishedMs: number;
  /** Time that earlier attempts and the pauses after them took. */
  spentMs: number;
  /** Token of the attempt that the adapter is asked about next; undefined for a submission. */
  token: string | undefined;
  /** The pool that it ran in, where there are several. */
  pool: string | undefined;
  /** Polls that were answered as pending, one after the other. */
  polls: number;
  /** True when the adapter owes an answer. */
  isAsked: boolean;
  /** The queue of its adapter. */
  readonly queue: AttemptQueue;
  /** The store's record of an attempt that goes on without the process. */
  request: Request | undefined;
  /** True while other processes see that the call runs here. */
  isMarked: boolean;
  /** Number of writes of others when the call was looked up. */
  readonly seenWrites: number;
  /** The result, once there is one. */
  result: (AdapterAnswer & { readonly type: 'done' }) | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** The calls that the function has made, by their requests. */
  nested: Map<number, NestedCall> | undefined;
  /** Its printed output. */
  output: CallOutput | undefined;
}

/** A call that the function of another one has made. */
export interface NestedCall {
  readonly node: RunNode;
  /** Its name in the result dag. */
  readonly name: string;
}

/** Notes what the function of an attempt has printed. */
export function noteOutput(
  attempt: Attempt,
  { stream, bytes, text }: AdapterReport & { type: 'output' },
): void {
  attempt.output ??= new CallOutput();
  attempt.output.add(stream, bytes ?? new TextEncoder().encode(text));
}

/** As many questions are put to the adapter at once, in the middle of a turn. */
const BATCH = 64;

/** Pauses between the polls of one call, in milliseconds. */
export interface PollPauses {
  readonly baseMs: number;
  readonly maxMs: number;
}

const POLL_GROWTH = 1.5;

export interface AttemptsOptions {
  readonly adapter: ExecutionAdapter;
  readonly neighbours: Neighbours;
  readonly requests: Requests;
  /** Takes calls that are not submitted. */
  readonly refuse: (refusals: readonly Refusal[]) => void;
  /** Ends the run with an error of the store. */
  readonly fail: (error: unknown) => void;
  readonly pollPauses: PollPauses;
  readonly nowMs: () => number;
}

/** The attempts of one run, given to its adapter in batches. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #adapter: ExecutionAdapter;
  readonly #open = new Map<NodeId, Attempt>();
  /** By the name of the adapter, and whether the calls have needs. */
  readonly #queues = new Map<string, AttemptQueue>();
  /** By the URI of the function. */
  readonly #queuesOfFunctions = new Map<string, AttemptQueue>();
  /** Those that running functions wait for: they go before all others. */
  #urgent: Attempt[] = [];
  #asked = 0;
  #isScheduled = false;
  readonly #pollClock: PollClock<Attempt> = new PollClock({
    monotonicMs: () => performance.now(),
    take: (due) => {
      for (const attempt of due) attempt.queue.add(attempt);
      this.flush();
    },
  });

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#adapter = options.adapter;
  }

  /** Checks whether nobody owes an answer, no other process either, and none is to be asked for. */
  get areAllAnswered(): boolean {
    return this.#asked === 0 && !this.#isWaiting && !this.#options.neighbours.isWaiting;
  }

  get #isWaiting(): boolean {
    if (this.#urgent.length > 0) return true;
    for (const queue of this.#queues.values()) if (queue.length > 0) return true;
    return false;
  }

  #queueOf({ uri, options }: Callee): AttemptQueue {
    const isNeedy = options.needs !== undefined;
    let queue = isNeedy ? undefined : this.#queuesOfFunctions.get(uri);
    if (queue) return queue;
    const name = `${adapterNameOf(uri)} ${isNeedy}`;
    queue = this.#queues.get(name);
    if (!queue) {
      const { width, outlives } = this.#adapter.traitsOf?.(uri) ?? {};
      // What waits for a resource must not hold up what does not.
      queue = new AttemptQueue({ width: isNeedy ? undefined : width, outlives }, this.#options.nowMs);
      this.#queues.set(name, queue);
    }
    if (!isNeedy) this.#queuesOfFunctions.set(uri, queue);
    return queue;
  }

  /** Returns the attempt of a node. */
  get(nodeId: NodeId): Attempt | undefined {
    return this.#open.get(nodeId);
  }

  /** Notes that a call is to run. */
  begin(node: RunNode, flight: InFlight): void {
    const attempt: Attempt = {
      node,
      flight,
      number: 0,
      token: undefined,
      polls: 0,
      startedMs: 0,
      finishedMs: 0,
      spentMs: 0,
      isAsked: false,
      queue: this.#queueOf(node.callee as Callee),
      request: undefined,
      isMarked: false,
      seenWrites: this.#options.neighbours.foreignWrites,
      result: undefined,
      timer: undefined,
      nested: undefined,
      pool: undefined,
      output: undefined,
    };
    this.#open.set(node.nodeId, attempt);
  }

  /** Submits an attempt with the next batch. */
  ask(node: RunNode, number: number): void {
    const attempt = this.#open.get(node.nodeId) as Attempt;
    attempt.number = number;
    attempt.token = undefined;
    attempt.polls = 0;
    attempt.nested = undefined;
    // @spec DML-EXE-3607
    attempt.output = undefined;
    if (node.depth > 0) this.#urgent.push(attempt);
    else attempt.queue.add(attempt);
    if (attempt.queue.length >= BATCH && attempt.queue.room() > 0) this.flush();
    else this.#scheduleFlush();
  }

  /** Asks how the attempt with a token stands when the pause that its answer named has passed, or a longer one. */
  pollLater(node: RunNode, number: number, { token, afterMs }: { token: string; afterMs: number }): void {
    const attempt = this.#open.get(node.nodeId) as Attempt;
    // An attempt that goes on after a failure of this side is asked at once.
    if (attempt.number !== number) attempt.polls = 0;
    const { baseMs, maxMs } = this.#options.pollPauses;
    // @spec DML-EXE-0610
    const pauseMs = attempt.number === number ? Math.min(maxMs, baseMs * POLL_GROWTH ** attempt.polls) : 0;
    attempt.number = number;
    attempt.token = token;
    attempt.polls += 1;
    // @spec DML-EXE-2332
    this.#pollClock.add(attempt, Math.max(afterMs, pauseMs));
  }

  /** Schedules one batch for all requests of this turn. */
  #scheduleFlush(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Asks the adapter what waits, as far as it takes it. */
  flush(): void {
    if (!this.#isWaiting) return;
    const submitted: Attempt[] = [];
    const polled: Attempt[] = [];
    const put = (attempt: Attempt): void => {
      if (!this.#isToBeAsked(attempt)) return;
      attempt.isAsked = true;
      this.#asked += 1;
      attempt.queue.asked += 1;
      if (attempt.token === undefined) submitted.push(attempt);
      else polled.push(attempt);
    };
    for (const attempt of this.#urgent.splice(0)) put(attempt);
    for (const queue of this.#queues.values()) {
      const room = queue.length > 0 ? queue.room() : 0;
      if (room > 0) this.#refuseForeign(queue, room);
      for (const before = queue.asked; queue.asked - before < room; ) {
        const attempt = queue.take();
        if (!attempt) break;
        put(attempt);
      }
    }
    if (polled.length > 0) this.#guarded(() => this.#poll(polled));
    if (submitted.length > 0) this.#submit(submitted);
  }

  /** Checks that a call has not ended, and that no other attempt of it has taken the place of this one. */
  #isToBeAsked(attempt: Attempt): boolean {
    const { node, isAsked } = attempt;
    return node.state.name === 'poll_adapter' && !isAsked && this.#open.get(node.nodeId) === attempt;
  }

  #submit(attempts: readonly Attempt[]): void {
    this.#guarded(({ neighbours, refuse }) => {
      const { admitted, refused } = neighbours.admit(attempts);
      // @spec DML-EXE-3010
      const durable = admitted.filter(({ queue }) => queue.outlives);
      if (durable.length > 0) this.#options.requests.prepare(durable);
      // What an earlier run submitted has a token by now.
      const resumed = durable.filter(({ token }) => token !== undefined);
      const fresh = resumed.length === 0 ? admitted : admitted.filter(({ token }) => token === undefined);
      if (fresh.length > 0) this.#adapter.submit(fresh.map((attempt) => this.#submissionOf(attempt)));
      if (resumed.length > 0) this.#poll(resumed);
      if (refused.length > 0) refuse(refused);
    });
  }

  #poll(attempts: readonly Attempt[]): void {
    // @spec DML-EXE-0609
    this.#options.requests.keepTokens(attempts);
    this.#adapter.poll(
      attempts.map(({ node, token, request }) => ({
        nodeId: node.nodeId,
        functionUri: (node.callee as Callee).uri,
        token: token as string,
        executionUuid: request?.executionUuid,
      })),
    );
  }

  /** Makes all of the next calls wait at once that others run, where some are known to run calls of this run. */
  #refuseForeign(queue: AttemptQueue, room: number): void {
    const { neighbours, refuse } = this.#options;
    if (!neighbours.isWaiting) return;
    this.#guarded(() => {
      const next = queue.first(Math.max(BATCH, 4 * room)).filter((attempt) => this.#isToBeAsked(attempt));
      const refused = neighbours.foreign(next);
      if (refused.length > 0) refuse(refused);
    });
  }

  #guarded(act: (options: AttemptsOptions) => void): void {
    try {
      act(this.#options);
    } catch (error) {
      this.#options.fail(error);
    }
  }

  #submissionOf(attempt: Attempt): Submission {
    const { node, number } = attempt;
    const { uri, options, captured, limits } = node.callee as Callee;
    attempt.startedMs = wholeMs(this.#options.nowMs());
    return {
      nodeId: node.nodeId,
      functionUri: uri,
      inputDatumIds: node.inputs.map(({ valueId }) => valueId as DatumId),
      executionKey: computedOf(node).executionKey,
      attempt: number,
      executionUuid: attempt.request?.executionUuid,
      timeoutMs: limitMs(attempt),
      // @spec DML-EXE-2007
      needs: options.needs,
      natives: captured?.natives,
      depth: node.depth,
      ...(limits && { limits }),
      options,
    };
  }

  /** Notes that the adapter answered; undefined for an attempt that was stopped or answered before. */
  answered(nodeId: NodeId): Attempt | undefined {
    const attempt = this.#open.get(nodeId);
    if (!attempt?.isAsked) return undefined;
    attempt.queue.answered();
    this.#release(attempt);
    return attempt;
  }

  #release(attempt: Attempt): void {
    if (!attempt.isAsked) return;
    attempt.isAsked = false;
    this.#asked -= 1;
    attempt.queue.asked -= 1;
    if (this.#isWaiting) this.#scheduleFlush();
  }

  /** Puts the attempt of a node before those that fewer running functions wait for. */
  raise({ nodeId, depth, state }: RunNode): void {
    const attempt = this.#open.get(nodeId);
    if (attempt?.isAsked) return this.#adapter.raise?.(nodeId, depth);
    if (!attempt || state.name !== 'poll_adapter') return;
    this.#urgent.push(attempt);
    this.#scheduleFlush();
  }

  /** Ends the attempt that is under way, if any. */
  stop(nodeId: NodeId): void {
    const attempt = this.#open.get(nodeId);
    if (!attempt) return;
    this.#release(attempt);
    this.#adapter.stop(nodeId);
  }

  /** Runs `then` after a pause, unless the call ends before. */
  pause(nodeId: NodeId, afterMs: number, then: () => void): void {
    const attempt = this.#open.get(nodeId) as Attempt;
    // A pause between two polls is part of the attempt that goes on.
    if (attempt.node.state.name === 'retry_wait') attempt.spentMs += afterMs;
    attempt.timer = setTimeout(then, afterMs);
  }

  /** Forgets the attempt of a node that has come to its end, and returns it. */
  end(nodeId: NodeId): Attempt | undefined {
    const attempt = this.#open.get(nodeId);
    if (!attempt) return undefined;
    clearTimeout(attempt.timer);
    this.#release(attempt);
    this.#options.neighbours.end(attempt);
    this.#open.delete(nodeId);
    if (this.#open.size === 0) this.#pollClock.clear();
    return attempt;
  }
}

/**
 * Returns the time that is left of the budget of a call; undefined for one without a budget.
 *
 * @spec DML-EXE-0913
 */
export function leftMs({ node, spentMs }: Attempt): number | undefined {
  const budgetMs = node.callee?.options.budgetMs;
  return budgetMs === undefined ? undefined : Math.max(0, budgetMs - spentMs);
}

/** Returns the time that the attempt of a call may take, the one under way or else the next; undefined for no limit. */
export function limitMs(attempt: Attempt): number | undefined {
  const timeoutMs = attempt.node.callee?.options.timeoutMs;
  const left = leftMs(attempt);
  return left === undefined ? timeoutMs : Math.min(left, timeoutMs ?? left);
}
