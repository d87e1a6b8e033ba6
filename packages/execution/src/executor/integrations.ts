import type { ExecId } from '@daggerml/object-model';
import type { RunObjects } from '../objects/run-objects.ts';
import type { Integrated } from './attempts.ts';
import type { CallEvent } from './machine.ts';
import { computedOf, type RunNode } from './run-node.ts';
import type { StagedOutcome, Staging } from './staging.ts';

export interface IntegrationsOptions {
  readonly objects: RunObjects;
  readonly staging: Staging;
  readonly nowMs: () => number;
}

/** The run, as the integration of its outcomes sees it. */
export interface IntegrationsHost {
  /** Whether nodes are being woken, so that not all that follows from outcomes is known yet. */
  readonly isDraining: boolean;
  /** Gives the machine of a call an event. */
  advance(node: RunNode, event: CallEvent, integrated?: Integrated): void;
  /** Lets the dependents of a node go on. */
  resolve(node: RunNode): void;
  /** Decides a node whose inputs all have outcomes. */
  begin(node: RunNode): void;
  /** Makes a node undecided again. */
  forget(node: RunNode): void;
  drain(): void;
  /** Ends the run: nothing can be recorded any more. */
  break(error: unknown): void;
  assertUnbroken(): void;
}

interface Integration extends StagedOutcome, Integrated {
  readonly node: RunNode;
  readonly foundExecId: ExecId | undefined;
}

/** Outcomes wait this long for others, so that many small calls share a transaction. */
const SLICE_MS = 40;
/**
 * A flush rewrites the pages of pins that its outcomes fall on, in a large run about one for each. So after a flush
 * of many the wait grows with what that took: fewer pages are written and left behind outdated.
 */
const MANY_OUTCOMES = 32;
const FLUSH_SHARE = 10;
const MAX_SLICE_MS = 600;
const answerLost: CallEvent = { type: 'answer_lost' };

/** The outcomes of a run on their way into the store, and the calls that wait until they are there. */
export class Integrations {
  readonly #objects: RunObjects;
  readonly #staging: Staging;
  readonly #nowMs: () => number;
  readonly #host: IntegrationsHost;
  #waiting: Integration[] = [];
  /** Calls that may start once the outcomes that they hang on are kept. */
  #deferred: RunNode[] = [];
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #lastFlushMs = 0;
  #sliceMs = SLICE_MS;

  constructor({ objects, staging, nowMs }: IntegrationsOptions, host: IntegrationsHost) {
    this.#objects = objects;
    this.#staging = staging;
    this.#nowMs = nowMs;
    this.#host = host;
  }

  /**
   * Keeps the outcome of a node with the next flush; dependents need not wait for that.
   *
   * @spec DML-EXE-1002
   */
  add(node: RunNode, { durationMs, isDerived, foundExecId }: Integrated): void {
    const { nodeId } = node;
    const execId = node.execId as ExecId;
    const { executionKey } = computedOf(node);
    this.#waiting.push({ node, nodeId, execId, executionKey, durationMs, isDerived, foundExecId });
    this.#scheduleFlush();
    // What a failure blocks is reported after the failure itself.
    if (!node.failure) this.#host.resolve(node);
  }

  /** Lets a call wait for its inputs to be kept: a run on values that may turn out to be lost would be in vain. */
  defer(node: RunNode): void {
    this.#deferred.push(node);
    clearTimeout(this.#flushTimer);
    this.#flushTimer = setTimeout(() => this.flush(), 0);
  }

  #scheduleFlush(): void {
    if (this.#flushTimer !== undefined) return;
    const sinceMs = this.#nowMs() - this.#lastFlushMs;
    const delayMs = sinceMs >= this.#sliceMs || sinceMs < 0 ? 0 : this.#sliceMs - sinceMs;
    this.#flushTimer = setTimeout(() => this.flush(), delayMs);
  }

  /** Writes what is new and settles the calls that waited for it. */
  flush(): void {
    if (this.#host.isDraining) return this.#scheduleFlush();
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#waiting.length === 0) return;
    const integrations = this.#waiting;
    this.#waiting = [];
    const startMs = this.#nowMs();
    try {
      if (this.#staging.keep(integrations)) this.#settleKept(integrations, startMs);
      else this.#unwind(integrations);
    } catch (error) {
      this.#host.break(error);
      return;
    }
    this.#host.drain();
  }

  /** Writes everything that is held; what hangs on outcomes that nobody holds yet is not written before those. */
  write(): void {
    this.flush();
    this.#host.assertUnbroken();
    try {
      if (this.#objects.hasPending) this.#objects.writeAll();
    } catch (error) {
      this.#host.break(error);
      throw error;
    }
  }

  #settleKept(integrations: readonly Integration[], startMs: number): void {
    this.#lastFlushMs = this.#nowMs();
    const takenMs = this.#lastFlushMs - startMs;
    const isLarge = integrations.length >= MANY_OUTCOMES;
    this.#sliceMs = isLarge ? Math.min(MAX_SLICE_MS, Math.max(SLICE_MS, takenMs * FLUSH_SHARE)) : SLICE_MS;
    for (const integration of integrations) {
      const { node } = integration;
      if (node.isTentative) {
        node.isTentative = false;
        node.dependents = node.isResolved ? undefined : node.dependents;
      }
      this.#host.advance(node, { type: 'integrated' }, integration);
      if (node.failure) this.#host.resolve(node);
    }
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const node of deferred) this.#host.begin(node);
  }

  /**
   * A cached exec was garbage collected before it could be retained, so whatever was concluded from it since is
   * forgotten and decided anew; outcomes of calls that ran are kept with the next flush.
   *
   * @spec DML-EXE-0718
   */
  #unwind(integrations: readonly Integration[]): void {
    this.#objects.hasLost = true;
    this.#deferred = [];
    const tentative: RunNode[] = [];
    for (const integration of integrations) {
      const { node } = integration;
      if (!node.isTentative) this.#waiting.push(integration);
      else if (node.status === 'pending') tentative.push(node);
    }
    if (this.#waiting.length > 0) this.#scheduleFlush();
    for (const node of tentative) {
      if (node.isResolved) for (const dependent of node.dependents ?? []) dependent.unresolvedInputs += 1;
      if (node.kind === 'call') this.#host.advance(node, answerLost);
      this.#host.forget(node);
    }
    for (const node of tentative) if (node.unresolvedInputs === 0) this.#host.begin(node);
  }
}
