import type { DatumId, NodeId } from '@daggerml/object-model';
import { wholeMs } from '@daggerml/store';
import type { AdapterAnswer, AdapterReport, ExecutionAdapter, Poll, Submission } from '../adapters/port.ts';
import { CallOutput } from '../logs/call-output.ts';
import type { Callee } from './callee.ts';
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
  /** True when the adapter owes an answer. */
  isAsked: boolean;
  /** The result, once there is one. */
  result: (AdapterAnswer & { readonly type: 'done' }) | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** The calls that the function has made, by their requests. */
  nested: Map<number, NestedCall> | undefined;
  /** What it has printed. */
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

/** The attempts of one run, given to its adapter in batches. */
export class Attempts {
  readonly #adapter: ExecutionAdapter;
  readonly #nowMs: () => number;
  readonly #open = new Map<NodeId, Attempt>();
  #waiting: Attempt[] = [];
  /** Those that running functions wait for: they go before all others. */
  #urgent: Attempt[] = [];
  #asked = 0;
  #isScheduled = false;

  constructor(adapter: ExecutionAdapter, nowMs: () => number) {
    this.#adapter = adapter;
    this.#nowMs = nowMs;
  }

  /** Checks whether the adapter owes no answer and none is to be asked for. */
  get areAllAnswered(): boolean {
    return this.#asked === 0 && this.#urgent.length === 0 && this.#waiting.length === 0;
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
      startedMs: 0,
      finishedMs: 0,
      spentMs: 0,
      pool: undefined,
      isAsked: false,
      result: undefined,
      timer: undefined,
      nested: undefined,
      output: undefined,
    };
    this.#open.set(node.nodeId, attempt);
  }

  /** Submits an attempt with the next batch, or asks how the one with a token stands. */
  ask(node: RunNode, number: number, token?: string): void {
    const attempt = this.#open.get(node.nodeId) as Attempt;
    attempt.number = number;
    attempt.token = token;
    if (token === undefined) {
      attempt.nested = undefined;
      // @spec DML-EXE-3607
      attempt.output = undefined;
    }
    if (node.depth > 0) this.#urgent.push(attempt);
    else this.#waiting.push(attempt);
    if (this.#waiting.length >= BATCH) this.flush();
    else this.#scheduleFlush();
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

  /** Asks the adapter what waits. */
  flush(): void {
    if (this.#waiting.length === 0 && this.#urgent.length === 0) return;
    const submissions: Submission[] = [];
    const polls: Poll[] = [];
    const put = (attempt: Attempt): void => {
      const { node, token } = attempt;
      if (node.state.name !== 'poll_adapter' || attempt.isAsked) return;
      attempt.isAsked = true;
      this.#asked += 1;
      if (token === undefined) submissions.push(this.#submissionOf(attempt));
      else polls.push({ nodeId: node.nodeId, functionUri: (node.callee as Callee).uri, token });
    };
    for (const attempt of this.#urgent.splice(0)) put(attempt);
    for (const attempt of this.#waiting.splice(0)) put(attempt);
    if (submissions.length > 0) this.#adapter.submit(submissions);
    if (polls.length > 0) this.#adapter.poll(polls);
  }

  #submissionOf(attempt: Attempt): Submission {
    const { node, number } = attempt;
    const { uri, options, captured, limits } = node.callee as Callee;
    attempt.startedMs = wholeMs(this.#nowMs());
    return {
      nodeId: node.nodeId,
      functionUri: uri,
      inputDatumIds: node.inputs.map(({ valueId }) => valueId as DatumId),
      executionKey: computedOf(node).executionKey,
      attempt: number,
      timeoutMs: limitMs(attempt),
      // @spec DML-EXE-2007
      needs: options.needs,
      natives: captured?.natives,
      depth: node.depth,
      ...(limits && { limits }),
    };
  }

  /** Notes that the adapter answered; undefined for an attempt that was stopped or answered before. */
  answered(nodeId: NodeId): Attempt | undefined {
    const attempt = this.#open.get(nodeId);
    if (!attempt?.isAsked) return undefined;
    this.#release(attempt);
    return attempt;
  }

  #release(attempt: Attempt): void {
    if (!attempt.isAsked) return;
    attempt.isAsked = false;
    this.#asked -= 1;
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
    this.#open.delete(nodeId);
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

/** Returns the time that the next attempt of a call may take. */
function limitMs(attempt: Attempt): number | undefined {
  const timeoutMs = attempt.node.callee?.options.timeoutMs;
  const left = leftMs(attempt);
  return left === undefined ? timeoutMs : Math.min(left, timeoutMs ?? left);
}
