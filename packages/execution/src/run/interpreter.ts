import type { NodeId } from '@daggerml/object-model';
import { wholeMs } from '@daggerml/store';
import type { AdapterReport, ExecutionAdapter } from '../adapters/port.ts';
import type { CacheLookup, KnownOutcome } from '../cache/cache-lookup.ts';
import type { OutcomeBatch } from '../cache/outcome-batch.ts';
import type { RunIndex } from '../cache/run-index.ts';
import { executionError } from '../errors.ts';
import type { NestedRequest } from '../worker/wire.ts';
import { eventOfAnswer } from './answer-event.ts';
import { type Attempt, Attempts, leftMs, noteOutput, type PollPauses } from './attempts.ts';
import { breakingFailure, reportEnd, unrecordedFailure } from './call-failure.ts';
import { ClaimWorth } from './claim-worth.ts';
import type { CallFailure, CallReport, EventReporter } from './events.ts';
import { forgetOutcome, isAnsweredBy, lookUp, shareOutcome, takeOutcome } from './look-up.ts';
import {
  type AttemptFailure,
  type CallEffect,
  type CallEvent,
  type CallState,
  nextState,
} from './machine.ts';
import { Neighbours, type Refusal } from './neighbours.ts';
import { reaches } from './nested-calls.ts';
import { type RecordParts, recordRun } from './record-run.ts';
import { Requests } from './requests.ts';
import { computedOf, type RunNode } from './run-node.ts';
import { Scheduler } from './scheduler.ts';
import { Settlements } from './settlements.ts';
import { eventOfNews } from './shared-outcome.ts';
import { Sharing, type SharingNews, type SharingPorts } from './sharing.ts';
import { mayWait, type SingleFlight, takeWaiters, wakeWaiter } from './single-flight.ts';

export interface InterpreterOptions extends RecordParts {
  readonly adapter: ExecutionAdapter;
  readonly cache: CacheLookup;
  readonly batch: OutcomeBatch;
  readonly index: RunIndex;
  readonly singleFlight: SingleFlight;
  readonly reporter: EventReporter;
  /** Shared cache and claims, where there are any. */
  readonly sharing?: SharingPorts | undefined;
  /** True to end the run as soon as a call or builtin fails. */
  readonly failFast?: boolean | undefined;
  readonly pollPauses: PollPauses;
  /** True for a run that writes nothing. */
  readonly isDry: boolean;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Receives a call that the function of an attempt makes. */
  readonly onNested: (attempt: Attempt, request: NestedRequest) => void;
}

const inputsKnown: CallEvent = { type: 'inputs_known' };
const pinFound: CallEvent = { type: 'pin_found' };
const mustRun: CallEvent = { type: 'must_run' };
const mayBeShared: CallEvent = { type: 'may_be_shared' };
const integrated: CallEvent = { type: 'integrated' };
const answerLost: CallEvent = { type: 'answer_lost' };
const notSubmitted: CallEvent = { type: 'not_submitted' };
const timerFired: CallEvent = { type: 'timer_fired' };

/** Carries out the effects of the machines of a run's nodes; nothing else moves a node from state to state. */
export class Interpreter {
  /** That of the run among those of its Executor. */
  readonly number: number;
  /** Shared caches that answered calls of a run that writes nothing. */
  readonly cacheNames: Map<RunNode, string> = new Map();
  readonly #options: InterpreterOptions;
  readonly #scheduler = new Scheduler<RunNode>();
  readonly #attempts: Attempts;
  readonly #neighbours: Neighbours;
  readonly #requests: Requests;
  readonly #settlements: Settlements;
  /** Owners of the claims that calls wait for, as they were reported last. */
  readonly #claimOwners = new Map<NodeId, string>();
  readonly #sharing: Sharing | undefined;
  readonly #worth: ClaimWorth;
  /** Nodes that are looked up again once the outcomes that they hang on are kept. */
  #deferred: RunNode[] = [];
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #isDraining = false;
  #cancelReason: string | undefined;
  #stoppedBy: RunNode | undefined;
  #broken: unknown;

  constructor(options: InterpreterOptions, nodes: ReadonlyMap<NodeId, RunNode>) {
    this.#options = options;
    this.number = options.singleFlight.nextRun();
    this.#settlements = new Settlements(nodes);
    const { sharing: ports, objects, reporter, cache, adapter, pollPauses, nowMs } = options;
    this.#neighbours = new Neighbours({
      store: objects.store,
      isAlone: options.isDry,
      cache,
      wake: (find) => this.#guarded(() => this.#retryAll(find())),
    });
    this.#requests = new Requests(options);
    this.#attempts = new Attempts({
      requests: this.#requests,
      adapter,
      pollPauses,
      nowMs,
      neighbours: this.#neighbours,
      refuse: (refusals) => this.#guarded(() => this.#takeBack(refusals)),
      fail: (error) => this.#guarded(() => this.#break(error)),
    });
    this.#worth = new ClaimWorth(adapter, ports?.claimAfterMs);
    const take = (news: readonly SharingNews[]): void => this.#takeNews(news);
    this.#sharing = ports && new Sharing({ ports, objects, reporter, worth: this.#worth, take });
  }

  get settlements(): Settlements {
    return this.#settlements;
  }

  /** The node whose failure ended a run that is to end with the first one. */
  get stoppedBy(): RunNode | undefined {
    return this.#stoppedBy;
  }

  /** True when nodes end as cancelled from now on. */
  get isCancelled(): boolean {
    return this.#cancelReason !== undefined;
  }

  /** Throws the error that ended the run, if one did. */
  assertUnbroken(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Throws the error that ended the run, and `cancelled` once it is to end. */
  assertOpen(): void {
    this.assertUnbroken();
    if (this.#cancelReason !== undefined) throw executionError('cancelled', { message: this.#cancelReason });
  }

  /** Takes a node that the base answers. */
  addAnswered(node: RunNode, outcome: KnownOutcome): void {
    node.isFromBase = true;
    this.#settlements.add();
    takeOutcome(node, outcome);
    this.#dispatch(node, pinFound);
  }

  /** Takes a node that is to come to an end. */
  add(node: RunNode): void {
    this.#settlements.add();
    if (this.#cancelReason !== undefined) this.#cancel(node, this.#cancelReason);
    else this.#scheduler.add(node);
    this.#drain();
  }

  /** Takes news of attempts. */
  take(reports: readonly AdapterReport[]): void {
    this.#guarded(() => {
      for (const report of reports) this.#takeReport(report);
    });
  }

  #takeNews(news: readonly SharingNews[]): void {
    this.#guarded(() => {
      for (const each of news) {
        const isClaimable = this.#sharing?.isClaimable(each.node) === true;
        this.#reportWait(each);
        // A call that was cancelled has come to its end.
        if (each.node.status === 'pending')
          this.#dispatch(each.node, eventOfNews(each, isClaimable, this.#options));
      }
    });
  }

  /**
   * Reports whose claim a call waits for, once for each owner in a row.
   *
   * @spec DML-EXE-2822
   */
  #reportWait(news: SharingNews): void {
    const { type, node } = news;
    if (type === 'claimed' || type === 'unclaimable') this.#claimOwners.delete(node.nodeId);
    if (type !== 'claimed-elsewhere' || news.owner === undefined || node.status !== 'pending') return;
    if (this.#claimOwners.get(node.nodeId) === news.owner) return;
    this.#claimOwners.set(node.nodeId, news.owner);
    this.report(node, { type: 'call-waiting', owner: news.owner });
  }

  /** Resolves when nothing is asked of the shared cache and the claims any more. */
  async closeSharing(): Promise<void> {
    await this.#sharing?.close();
  }

  /** Writes the outcomes that are due and settles the nodes that waited for it. */
  flush(): void {
    if (this.#isDraining) return this.#scheduleFlush();
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (!this.#options.batch.isEmpty) this.#guarded(() => this.#keepBatch());
  }

  /** Writes everything that is held; what hangs on outcomes that nobody holds yet is not written before those. */
  write(): void {
    const { objects } = this.#options;
    this.flush();
    this.assertUnbroken();
    try {
      if (objects.hasPending) objects.writeAll();
    } catch (error) {
      this.#break(error);
      throw error;
    }
  }

  /** Ends every node that is still open, and every later one; what is kept stays. */
  cancel(reason: string): void {
    this.#cancelReason ??= reason;
    this.flush();
    // @spec DML-EXE-0811
    for (const node of this.#settlements.open) this.#cancel(node, reason);
    this.#drain();
  }

  #cancel(node: RunNode, reason: string): void {
    this.#dispatch(node, { type: 'cancelled', failure: { code: 'cancelled', reason } });
  }

  /** Handles an event outside of the Caller's turn, and everything that follows from it. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#break(error);
    }
    this.#drain();
    this.#attempts.flush();
    if (this.#attempts.areAllAnswered) this.#hurryFlush();
  }

  /** Looks up the nodes that are ready, until none is. */
  #drain(): void {
    if (this.#isDraining || this.#broken !== undefined) return;
    this.#isDraining = true;
    try {
      for (let node = this.#scheduler.next(); node; node = this.#scheduler.next()) {
        if (node.state.name === 'resolve_call_node' && node.unknownInputs === 0)
          this.#dispatch(node, inputsKnown);
      }
    } catch (error) {
      this.#break(error);
    } finally {
      this.#isDraining = false;
    }
  }

  /** Feeds an event to the machine of a node and carries out the effects. */
  #dispatch(node: RunNode, event: CallEvent): void {
    for (let next: CallEvent | undefined = event; next; ) {
      const wasKnown = node.isKnown;
      const { state, effects }: { state: CallState; effects: readonly CallEffect[] } = nextState(
        node.state,
        next,
      );
      node.state = state;
      next = undefined;
      for (const effect of effects) next = this.#carryOut(node, effect, wasKnown) ?? next;
    }
  }

  /** Returns the event that an effect leads to at once. */
  #carryOut(node: RunNode, effect: CallEffect, wasKnown: boolean): CallEvent | undefined {
    switch (effect.type) {
      case 'look_up':
        return this.#lookUp(node);
      case 'submit':
        return void this.#attempts.ask(node, effect.attempt);
      case 'poll':
        return this.#poll(node, effect.token, effect.afterMs);
      case 'stop':
        return void this.#attempts.stop(node.nodeId);
      case 'integrate':
        return this.#integrate(node);
      case 'start_timer':
        return this.#startTimer(node, effect);
      case 'look_up_shared':
        // @spec DML-EXE-0713
        return void this.#sharing?.lookUp(node);
      case 'claim':
        return void this.#sharing?.claim(node);
      case 'wait_for_claim':
        return this.#pause(node, effect.afterMs);
      case 'settle':
        return this.#settle(node, wasKnown);
    }
  }

  #lookUp(node: RunNode): CallEvent | undefined {
    const found = lookUp(node, this.#options);
    if (found === undefined) {
      forgetOutcome(node);
      this.#deferred.push(node);
      clearTimeout(this.#flushTimer);
      this.#flushTimer = setTimeout(() => this.flush(), 0);
      return undefined;
    }
    return found.type === 'must_run' ? this.#join(node) : found;
  }

  /**
   * Begins the run of a call, or has it wait for the run of another with its execution key: until the outcome of that
   * one is kept, neither the cache nor another run knows of it.
   */
  #join(node: RunNode): CallEvent | undefined {
    if (this.isCancelled) return undefined;
    const { singleFlight } = this.#options;
    const { executionKey } = computedOf(node);
    // @spec DML-EXE-0712
    const flight = singleFlight.get(executionKey);
    if (flight) {
      const isOwn = flight.owner === this;
      const isMade = isOwn && flight.leader.execId !== undefined;
      if (isMade && isAnsweredBy(flight.leader, node))
        return shareOutcome(flight.leader, node, this.#options);
      if (isOwn && !isMade && node.depth > 0 && reaches(flight.leader, node)) return endless(node);
      if (isOwn && !isMade) this.raise(flight.leader, node.depth);
      const mayWaitForOther = node.callee?.options.cache !== false && mayWait(node, this, flight);
      if (isOwn ? !isMade : mayWaitForOther)
        return void flight.waiters.push({ node, owner: this, wake: () => this.#retry(node) });
    }
    this.#attempts.begin(node, singleFlight.begin(executionKey, node, this));
    // @spec DML-EXE-2364
    // @spec DML-EXE-2366
    return this.#sharing && node.callee?.options.cache !== false ? mayBeShared : mustRun;
  }

  /** Puts a node, and what it waits for, before those that fewer running functions wait for. */
  raise(node: RunNode, depth: number): void {
    if (node.depth >= depth || node.isKnown) return;
    node.depth = depth;
    this.#attempts.raise(node);
    for (const input of node.inputs) this.raise(input, depth);
    const flight = node.computed && this.#options.singleFlight.get(node.computed.executionKey);
    if (flight?.owner === this) this.raise(flight.leader, depth);
    else if (flight && !mayWait(node, this, flight)) wakeWaiter(flight, node);
  }

  /** Ends the attempt of a call that cannot come to a result. */
  endAttempt(node: RunNode, failure: AttemptFailure): void {
    queueMicrotask(() =>
      this.#guarded(() => {
        if (node.state.name !== 'poll_adapter') return;
        this.#attempts.stop(node.nodeId);
        this.#dispatch(node, { type: 'refused', failure });
      }),
    );
  }

  #retry(node: RunNode): void {
    this.#scheduler.retry(node);
    this.#drain();
  }

  #retryAll(nodes: readonly RunNode[]): void {
    for (const node of nodes) this.#scheduler.retry(node);
  }

  /** Takes back calls that are not to run here now: they wait for who runs them, or are looked up again. */
  #takeBack(refusals: readonly Refusal[]): void {
    for (const { attempt, pid } of refusals) {
      const { node, flight } = attempt;
      if (node.status !== 'pending') continue;
      this.#dispatch(node, notSubmitted);
      this.#attempts.end(node.nodeId);
      if (pid === undefined) this.#scheduler.retry(node);
      else {
        this.#neighbours.wait(node);
        // @spec DML-EXE-3007
        this.report(node, { type: 'call-elsewhere', pid });
      }
      this.#options.singleFlight.end(computedOf(node).executionKey, flight);
    }
  }

  /** @spec DML-EXE-2330 */
  #poll(node: RunNode, token: string, afterMs: number): undefined {
    this.#attempts.pollLater(node, attemptOf(node), { token, afterMs });
  }

  /** @spec DML-EXE-1103 */
  #startTimer(node: RunNode, { afterMs, failure }: CallEffect & { type: 'start_timer' }): undefined {
    this.report(node, { type: 'call-retried', attempt: attemptOf(node), ...failure, afterMs });
    return this.#pause(node, afterMs);
  }

  #pause(node: RunNode, afterMs: number): undefined {
    this.#attempts.pause(node.nodeId, afterMs, () => this.#guarded(() => this.#dispatch(node, timerFired)));
  }

  /** Queues the outcome of a node for the next batch; dependents need not wait for that. */
  #integrate(node: RunNode): CallEvent | undefined {
    const attempt = this.#attempts.get(node.nodeId);
    if (attempt && node.execId === undefined) {
      if (!recordRun(attempt, this.#options)) {
        const failure = { code: 'integrate_failed', reason: 'the value of the result is not there' };
        const jitter = this.#options.random();
        return { type: 'integrate_failed', failure, jitter, leftMs: leftMs(attempt) };
      }
    }
    // @spec DML-EXE-1002
    this.#options.batch.add(node, attempt?.request?.executionUuid);
    // Calls of this run that wait for it need not wait until it is kept.
    const waiters = attempt ? takeWaiters(attempt.flight, this) : [];
    for (const waiter of waiters) this.#dispatch(waiter, shareOutcome(node, waiter, this.#options));
    this.#scheduleFlush();
    // What a failure blocks is reported after the failure itself.
    if (!node.failure) this.#scheduler.know(node);
    if (!node.isTentative) wakeCallers(node);
    return undefined;
  }

  #scheduleFlush(): void {
    this.#flushTimer ??= setTimeout(() => this.flush(), this.#options.batch.delayMs(true));
  }

  /** Writes the outcomes sooner that would wait for others to come. */
  #hurryFlush(): void {
    if (this.#flushTimer === undefined || this.#deferred.length > 0) return;
    clearTimeout(this.#flushTimer);
    this.#flushTimer = setTimeout(() => this.flush(), this.#options.batch.delayMs(false));
  }

  #keepBatch(): void {
    const result = this.#options.batch.keep();
    const deferred = this.#deferred;
    this.#deferred = [];
    if (result.kept) {
      for (const node of result.kept) this.#dispatch(node, integrated);
      for (const node of deferred) this.#scheduler.retry(node);
      return;
    }
    this.#options.objects.hasLost = true;
    if (!this.#options.batch.isEmpty) this.#scheduleFlush();
    for (const node of result.withdrawn) {
      this.#scheduler.withdraw(node);
      this.#dispatch(node, answerLost);
      forgetOutcome(node);
    }
    for (const node of result.withdrawn) this.#scheduler.retry(node);
  }

  /** Ends a node in the eyes of its Caller. */
  #settle(node: RunNode, wasKnown: boolean): undefined {
    if (node.state.name === 'failed_terminal') {
      node.failure ??= unrecordedFailure(node.state.failure);
      node.execId = undefined;
    }
    if (wasKnown) node.dependents = undefined;
    else this.#scheduler.know(node);
    const attempt = this.#attempts.end(node.nodeId);
    // A job that may go on is left to the next run.
    const isOver = this.isCancelled || attempt?.request?.hasEnded === true;
    if (attempt?.request && node.execId === undefined && isOver) this.#requests.end(attempt);
    // @spec DML-EXE-1603
    if (attempt?.request && node.execId !== undefined)
      this.#options.adapter.settled?.(attempt.request.executionUuid);
    this.#settlements.settle(node);
    if (node.kind === 'call') reportEnd(node, attempt, this.#options.reporter);
    if (node.failure && this.#options.failFast) this.#stopAfter(node, node.failure);
    const { computed } = node;
    if (attempt?.result) this.#worth.note(node, attempt.finishedMs - attempt.startedMs);
    if (attempt) this.#sharing?.end(node, node.execId === undefined ? undefined : attempt.result?.outcome);
    if (this.#options.isDry && computed?.origin !== undefined) this.cacheNames.set(node, computed.origin);
    node.computed = undefined;
    if (attempt && computed) this.#options.singleFlight.end(computed.executionKey, attempt.flight);
    wakeCallers(node);
  }

  /**
   * Ends the run because of a failure; what has begun in this turn is cancelled with the rest.
   *
   * @spec DML-EXE-3120
   */
  #stopAfter(node: RunNode, { class: failureClass }: CallFailure): void {
    // A failure that follows from another one, or from the end of the run, is none of its own.
    if (this.isCancelled || failureClass === 'input' || failureClass === 'cancelled') return;
    // A function may go on with the failure of a call that it alone makes.
    // @spec DML-EXE-3853
    // @spec DML-EXE-3854
    if (!node.isOfDag) return;
    this.#stoppedBy = node;
    const reason = `the run ends with its first failure, that of ${node.callee?.name ?? node.kind}`;
    this.#cancelReason = reason;
    queueMicrotask(() => this.cancel(reason));
  }

  #takeReport(report: AdapterReport): void {
    if (report.type === 'objects') return this.#options.objects.take(report.objects);
    const attempt = this.#attempts.get(report.nodeId);
    if (!attempt) return;
    const { node } = attempt;
    switch (report.type) {
      case 'started':
        attempt.startedMs = wholeMs(this.#options.nowMs());
        return this.report(node, { type: 'call-started', attempt: attempt.number });
      case 'begun-again':
        attempt.output = undefined;
        return;
      case 'output':
        noteOutput(attempt, report);
        if (report.text === '') return;
        return this.report(node, { type: 'call-output', stream: report.stream, text: report.text });
      case 'nested':
        return attempt.isAsked ? this.#options.onNested(attempt, report.request) : undefined;
      case 'answered':
        attempt.pool = report.pool;
        // @spec DML-EXE-2333
        if (report.answer.type === 'failed' && report.answer.hasEnded && attempt.request)
          attempt.request.hasEnded = true;
        if (this.#attempts.answered(report.nodeId))
          this.#dispatch(node, eventOfAnswer(attempt, report.answer, this.#options));
    }
  }

  /**
   * Stops the run after a failure of the store: nothing more can be recorded, so nothing more may start. Stored
   * outcomes stay.
   */
  #break(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    const failure = breakingFailure(error);
    this.#settlements.break(error);
    for (const node of this.#settlements.open) {
      node.failure = failure;
      // @spec DML-EXE-1009
      node.runError = error;
      this.#dispatch(node, {
        type: 'cancelled',
        failure: { code: failure.code, reason: failure.message },
      });
    }
  }

  /** Reports an event of a call. */
  report(node: RunNode, event: CallReport): void {
    this.#options.reporter.report({
      ...event,
      nodeId: node.nodeId,
      name: node.callee?.name ?? node.kind,
    });
  }
}

/** Answers the functions that wait for a call. */
function wakeCallers(node: RunNode): void {
  const wake = node.onKnown ?? [];
  node.onKnown = undefined;
  for (const take of wake) take();
}

/** Returns the end of a call that would have to wait for itself. */
function endless(node: RunNode): CallEvent {
  const reason = 'it waits for a call that waits for it: the function calls itself with the same inputs';
  return {
    type: 'input_failed',
    failure: { code: 'nested_too_deep', reason: `${node.callee?.name}: ${reason}` },
  };
}

/** Returns the number of the attempt that is under way. */
function attemptOf({ state }: RunNode): number {
  return 'attempt' in state ? state.attempt : 0;
}
