import { traceInSources } from '@daggerml/capture';
import type { DatumId, ExecId, NodeId } from '@daggerml/object-model';
import { putFailure, putResultDag, type RecordedFailure } from '@daggerml/repository';
import { wholeMs } from '@daggerml/store';
import type { AdapterAnswer, AdapterReport, ExecutionAdapter } from '../adapters/port.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { shortened } from '../worker/function-failure.ts';
import { recordedFailure } from './call-failure.ts';
import type { RunEvent } from './events.ts';
import type { KnownOutcomes } from './known-outcomes.ts';
import { type AttemptFailure, type CallEvent, type CallState, isFinal } from './machine.ts';
import type { OpenKeys } from './open-keys.ts';
import type { Receipts } from './receipt.ts';
import { type CallSpec, computedOf, type RunNode } from './run-node.ts';

/** What attempts need of the run. */
export interface AttemptOptions {
  readonly objects: RunObjects;
  readonly adapter: ExecutionAdapter;
  readonly receipts: Receipts;
  readonly openKeys: OpenKeys;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** How an outcome came about. */
export interface Integrated {
  readonly durationMs: number;
  readonly isDerived: boolean;
  readonly foundExecId?: ExecId | undefined;
}

/** An event of a call without what names the call. */
export type CallReport = DistributiveOmit<Extract<RunEvent, { nodeId: unknown }>, 'nodeId' | 'name'>;
type DistributiveOmit<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

/** The run, as its attempts see it. */
export interface AttemptHost {
  /** Decides a call anew that waited for one of another run. */
  reconsider(node: RunNode): void;
  /** Gives the machine of a call an event. */
  advance(node: RunNode, event: CallEvent): void;
  /** Keeps the outcome that a node has. */
  integrate(node: RunNode, how: Integrated): void;
  report(node: RunNode, event: CallReport): void;
  /** Begins what waits for outcomes that are known now. */
  drain(): void;
  /** Ends the run: nothing can be recorded any more. */
  break(error: unknown): void;
}

/** A call that runs, or has run and is not kept yet. */
interface Lead {
  readonly inputDatumIds: readonly DatumId[];
  /** Calls that wait for its outcome. */
  readonly followers: RunNode[];
  readonly hasTakenKey: boolean;
}

/** Runs the calls of one run that nothing answers, each execution key once at a time. */
export class Attempts {
  readonly #options: AttemptOptions;
  readonly #objects: RunObjects;
  readonly #known: KnownOutcomes;
  readonly #host: AttemptHost;
  readonly #started = new Map<NodeId, { readonly node: RunNode; startedMs: number }>();
  readonly #leads = new Map<RunNode, Lead>();
  readonly #leaders = new Map<string, RunNode>();
  readonly #timers = new Map<RunNode, ReturnType<typeof setTimeout>>();

  constructor(options: AttemptOptions, known: KnownOutcomes, host: AttemptHost) {
    this.#options = options;
    this.#objects = options.objects;
    this.#known = known;
    this.#host = host;
  }

  /**
   * Runs a call that has no outcome, or lets it share the run of another with its execution key: until the
   * outcome of that one is kept, neither the cache nor another run knows of it.
   *
   * @spec DML-EXE-0712
   */
  begin(node: RunNode, inputDatumIds: readonly DatumId[]): void {
    const { executionKey } = computedOf(node);
    const leader = this.#leaders.get(executionKey);
    const lead = leader && this.#leads.get(leader);
    if (leader && lead) {
      if (leader.execId === undefined) return void lead.followers.push(node);
      if (isAnsweredBy(leader, node)) return this.#answer(node, leader);
    }
    const { openKeys } = this.#options;
    const hasTakenKey = openKeys.take(executionKey);
    if (!hasTakenKey && !lead && node.spec?.options.cache !== false)
      return openKeys.wait(executionKey, () => this.#host.reconsider(node));
    this.#leaders.set(executionKey, node);
    this.#leads.set(node, { inputDatumIds, followers: [], hasTakenKey });
    this.#host.advance(node, { type: 'must_run' });
  }

  /** Starts an attempt. */
  submit(node: RunNode, attempt: number): void {
    const { uri, options } = node.spec as CallSpec;
    this.#started.set(node.nodeId, { node, startedMs: 0 });
    this.#options.adapter.submit([
      {
        nodeId: node.nodeId,
        functionUri: uri,
        inputDatumIds: this.#leads.get(node)?.inputDatumIds ?? [],
        executionKey: computedOf(node).executionKey,
        attempt,
        timeoutMs: options.timeoutMs,
      },
    ]);
  }

  /** Takes news of attempts. */
  report(reports: readonly AdapterReport[]): void {
    try {
      for (const report of reports) this.#take(report);
      this.#host.drain();
    } catch (error) {
      this.#host.break(error);
    }
  }

  #take(report: AdapterReport): void {
    if (report.type === 'objects') return this.#objects.take(report.objects);
    const started = this.#started.get(report.nodeId);
    if (!started || isFinal(started.node.state as CallState)) return;
    const { node } = started;
    switch (report.type) {
      case 'started':
        // @spec DML-EXE-0881
        started.startedMs = wholeMs(this.#options.nowMs());
        return this.#host.report(node, { type: 'call-started', attempt: attemptOf(node) });
      case 'output':
        return this.#host.report(node, { type: 'call-output', stream: report.stream, text: report.text });
      case 'answered':
        this.#started.delete(node.nodeId);
        this.#end(node, started.startedMs, report.answer);
    }
  }

  #end(node: RunNode, startedMs: number, answer: AdapterAnswer): void {
    if (answer.type === 'broken') throw answer.error;
    if (answer.type === 'failed') return this.#lose(node, answer);
    if (answer.type === 'pending') return;
    if (answer.outcome === 'ok') this.#finish(node, startedMs, { datumId: answer.datumId });
    else this.#finish(node, startedMs, { failure: inSources(answer.failure, node.spec as CallSpec) });
  }

  /**
   * Records what a call that ran came to.
   *
   * @spec DML-EXE-0805
   * @spec DML-EXE-0901
   * @spec DML-EXE-0902
   * @spec DML-EXE-1001
   */
  #finish(
    node: RunNode,
    startedMs: number,
    result: { datumId: DatumId } | { failure: RecordedFailure },
  ): void {
    // @spec DML-EXE-0880
    const finishedMs = Math.max(startedMs, wholeMs(this.#options.nowMs()));
    const attempt = attemptOf(node);
    const isOk = 'datumId' in result;
    // @spec DML-EXE-0604
    this.#host.advance(node, { type: isOk ? 'done_ok' : 'done_error' });
    const datumId = isOk ? result.datumId : putFailure(result.failure, this.#objects);
    const resultDagId = putResultDag(datumId, this.#objects);
    // @spec DML-EXE-1011
    const { functionDatumId, inputs } = computedOf(node);
    node.execId = this.#objects.put({
      type: 'exec',
      nodeKind: 'call',
      nodeId: node.nodeId,
      status: isOk ? 'ok' : 'error',
      functionDatumId,
      inputs,
      resultDagId,
      // @spec DML-EXE-1003
      pins: [],
      requestId: null,
      sourceExecId: null,
      // @spec DML-EXE-1004
      startedMs,
      finishedMs,
      // @spec DML-EXE-1801
      // @spec DML-EXE-1805
      receiptDatumId: this.#options.receipts.of(attempt),
      detailsDatumId: null,
    });
    if (isOk) node.valueId = datumId;
    else node.failure = recordedFailure(result.failure);
    this.#host.integrate(node, { durationMs: finishedMs - startedMs, isDerived: false });
    const followers = this.#leads.get(node)?.followers.splice(0) ?? [];
    for (const follower of followers) if (!isFinal(follower.state as CallState)) this.#answer(follower, node);
  }

  /** Answers a call by one that ran. */
  #answer(node: RunNode, leader: RunNode): void {
    const execId = leader.execId as ExecId;
    const exec = this.#objects.read('exec', execId);
    if (exec.nodeKind !== 'call') return;
    this.#host.advance(node, { type: 'cached_exec_found', status: exec.status });
    node.execId = this.#known.derive(node, execId, exec);
    node.valueId = leader.valueId;
    node.failure = leader.failure;
    this.#host.integrate(node, { durationMs: 0, isDerived: true });
  }

  /** @spec DML-EXE-0906 */
  #lose(node: RunNode, { code, reason, isRetryable }: AdapterAnswer & { type: 'failed' }): void {
    const failure = { code, reason };
    if (isRetryable)
      this.#host.advance(node, { type: 'infrastructure_failure', failure, jitter: this.#options.random() });
    else this.#host.advance(node, { type: 'refused', failure });
  }

  /** Waits before the next attempt. */
  wait(node: RunNode, effect: { afterMs: number; failure: AttemptFailure }): void {
    const { afterMs, failure } = effect;
    // @spec DML-EXE-1103
    this.#host.report(node, { type: 'call-retried', attempt: attemptOf(node), ...failure, afterMs });
    this.#timers.set(
      node,
      setTimeout(() => {
        this.#timers.delete(node);
        this.#host.advance(node, { type: 'timer_fired' });
      }, afterMs),
    );
  }

  /** Ends a call that ran: its outcome is kept, or it has none and leaves the calls that waited to find theirs. */
  end(leader: RunNode, mayRun: boolean): void {
    const lead = this.#leads.get(leader);
    if (!lead) return;
    this.#leads.delete(leader);
    const { executionKey } = computedOf(leader);
    if (this.#leaders.get(executionKey) === leader) this.#leaders.delete(executionKey);
    if (lead.hasTakenKey) this.#options.openKeys.release(executionKey);
    for (const follower of lead.followers) {
      if (!isFinal(follower.state as CallState) && mayRun) this.begin(follower, lead.inputDatumIds);
    }
  }

  /** Ends the attempt that is under way, if any. */
  stop(node: RunNode): void {
    this.#options.adapter.stop(node.nodeId);
  }

  /** Ends the pause before a new attempt, if any. */
  endPause(node: RunNode): void {
    clearTimeout(this.#timers.get(node));
    this.#timers.delete(node);
  }
}

/** The failure with a trace that speaks of sources instead of the bundle. */
function inSources(failure: RecordedFailure, { captured }: CallSpec): RecordedFailure {
  const trace = captured ? traceInSources(failure.trace, captured.locator) : failure.trace;
  return { ...failure, trace: shortened(trace) };
}

/** The number of the attempt that is under way. */
function attemptOf({ state }: RunNode): number {
  return state && 'attempt' in state ? state.attempt : 0;
}

/** A call that is to run whatever is known is not answered by what has just become known. */
function isAnsweredBy({ failure }: RunNode, { spec }: RunNode): boolean {
  return spec?.options.cache !== false && (failure === undefined || spec?.options.retryFailed !== true);
}
