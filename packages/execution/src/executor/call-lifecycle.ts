import { type DatumId, isDmlError } from '@daggerml/object-model';
import type { AdapterReport } from '../adapters/port.ts';
import { executionError } from '../errors.ts';
import { type AttemptOptions, Attempts, type CallReport, type Integrated } from './attempts.ts';
import { outcomeOf } from './call-failure.ts';
import type { CallFailure, EventReporter } from './events.ts';
import type { KnownOutcomes } from './known-outcomes.ts';
import { type CallEvent, type CallState, nextState } from './machine.ts';
import type { RunNode } from './run-node.ts';
import { isStoreFailure } from './store-failure.ts';

export interface CallLifecycleOptions extends AttemptOptions {
  readonly reporter: EventReporter;
}

/** The run, as the lifecycle of its calls sees it. */
export interface CallLifecycleHost {
  /** Keeps the outcome that a node has. */
  integrate(node: RunNode, how: Integrated): void;
  /** Lets the dependents of a node go on. */
  resolve(node: RunNode): void;
  /** Begins what waits for nodes that are resolved. */
  drain(): void;
  /** Decides a call anew that waited for one of another run. */
  reconsider(node: RunNode): void;
}

/**
 * Carries each node of a run to its end: drives the machine of its call, tells who waits for it, and ends all that
 * are open when the run is cancelled or the store fails.
 */
export class CallLifecycle {
  readonly #reporter: EventReporter;
  readonly #host: CallLifecycleHost;
  readonly #attempts: Attempts;
  readonly #open = new Set<RunNode>();
  #idleWaiters: (() => void)[] = [];
  #cancelled: CallFailure | undefined;
  #broken: unknown;

  constructor(options: CallLifecycleOptions, known: KnownOutcomes, host: CallLifecycleHost) {
    this.#reporter = options.reporter;
    this.#host = host;
    this.#attempts = new Attempts(options, known, {
      advance: (node, event) => this.advance(node, event),
      integrate: (node, how) => host.integrate(node, how),
      report: (node, event) => this.report(node, event),
      drain: () => host.drain(),
      break: (error) => this.break(error),
      reconsider: (node) => host.reconsider(node),
    });
  }

  /** Whether no node is open. */
  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  /** Whether nodes end as cancelled from now on. */
  get isCancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  /** Throws the error that ended the run, if one did. */
  assertUnbroken(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Throws the error that ended the run, and `cancelled` once it is to end. */
  assertOpen(): void {
    this.assertUnbroken();
    if (this.#cancelled) throw executionError('cancelled', { message: this.#cancelled.message });
  }

  /** Takes a node that is to come to an end; false when it just did, because the run is cancelled. */
  open(node: RunNode): boolean {
    this.#open.add(node);
    if (this.#cancelled) this.#cancel(node, this.#cancelled.message);
    return this.#cancelled === undefined;
  }

  /** Takes news of attempts. */
  takeNews(reports: readonly AdapterReport[]): void {
    this.#attempts.report(reports);
  }

  /** Runs a call that nothing answers. */
  run(node: RunNode, inputDatumIds: readonly DatumId[]): void {
    this.#attempts.begin(node, inputDatumIds);
  }

  /**
   * Gives a call's machine an event and carries out what follows; `integrated` says how the outcome came about
   * that is kept now.
   */
  advance(node: RunNode, event: CallEvent, integrated?: Integrated): void {
    if (node.kind === 'builtin') {
      if (event.type === 'cancelled') node.failure ??= this.#cancelled;
      if (event.type === 'integrated' || event.type === 'cancelled') this.settle(node);
      return;
    }
    const { state, effects } = nextState(node.state as CallState, event);
    node.state = state;
    for (const effect of effects) {
      switch (effect.type) {
        case 'submit':
          this.#attempts.submit(node, effect.attempt);
          break;
        case 'poll':
        case 'integrate':
          break;
        case 'start_timer':
          this.#attempts.wait(node, effect);
          break;
        case 'stop_attempt':
          this.#attempts.stop(node);
          break;
        case 'settle':
          this.#settleCall(node, integrated);
      }
    }
  }

  /** Ends a node in the eyes of its Caller. */
  settle(node: RunNode): void {
    if (node.status !== 'pending') return;
    node.status = node.failure ? 'error' : 'ok';
    this.#open.delete(node);
    const waiters = node.waiters;
    node.waiters = undefined;
    if (waiters) for (const wake of waiters) wake();
    if (this.#open.size === 0 && this.#idleWaiters.length > 0) this.#wakeIdle();
  }

  /** Ends a call and reports it. */
  #settleCall(node: RunNode, integrated: Integrated | undefined): void {
    const state = node.state as CallState;
    this.#attempts.endPause(node);
    if (state.name === 'failed_terminal') {
      node.failure ??= {
        class: state.failure.code === 'cancelled' ? 'cancelled' : 'infrastructure',
        code: state.failure.code,
        message: state.failure.reason,
        trace: [],
      };
      this.#host.resolve(node);
    }
    if (state.name === 'failed_terminal' || integrated?.isDerived === false)
      this.#attempts.end(node, !this.isCancelled);
    const isAnswered = state.name === 'pinned_hit' || integrated?.isDerived === true;
    this.settle(node);
    if (!this.#reporter.isHeard && node.failure === undefined) {
      this.#reporter.counts[isAnswered ? 'cached' : 'executed'] += 1;
      return;
    }
    this.report(node, {
      type: 'call-finished',
      functionName: functionNameOf(node),
      outcome: outcomeOf(node.failure, isAnswered),
      fromCache: isAnswered,
      durationMs: integrated?.durationMs ?? 0,
      ...(node.failure && { failure: node.failure }),
    });
  }

  /** Resolves when the node has come to its end. */
  settled(node: RunNode): Promise<void> {
    if (node.status !== 'pending') return Promise.resolve();
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise((resolve) => {
      node.waiters ??= [];
      node.waiters.push(resolve);
    });
  }

  /** Resolves when no node is open any more. */
  async idle(): Promise<void> {
    if (!this.isIdle && this.#broken === undefined) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
    this.assertUnbroken();
  }

  #wakeIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
  }

  /** Lets every node from now on end as cancelled. */
  refuse(reason: string): void {
    this.#cancelled ??= { class: 'cancelled', code: 'cancelled', message: reason, trace: [] };
  }

  /** Ends what is still open as cancelled. */
  cancelOpen(reason: string): void {
    for (const node of [...this.#open]) this.#cancel(node, reason);
  }

  #cancel(node: RunNode, reason: string): void {
    this.advance(node, { type: 'cancelled', failure: { code: 'cancelled', reason } });
  }

  /**
   * The store failed: nothing more can be recorded, so nothing more may start. What is kept already stays.
   *
   * @spec DML-EXE-1009
   */
  break(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    const code = isDmlError(error) ? error.code : 'integrate_failed';
    const message = isStoreFailure(error) ? 'the store failed' : String(error);
    const failure: CallFailure = { class: 'infrastructure', code, message, trace: [] };
    for (const node of [...this.#open]) {
      node.failure = failure;
      node.runError = error;
      if (node.kind === 'call') this.#breakCall(node, failure);
      this.settle(node);
    }
    this.#wakeIdle();
  }

  #breakCall(node: RunNode, failure: CallFailure): void {
    if ((node.state as CallState).name === 'poll_adapter') this.#attempts.stop(node);
    this.#attempts.endPause(node);
    this.#attempts.end(node, false);
    node.state = { name: 'failed_terminal', failure: { code: failure.code, reason: failure.message } };
    const how = { outcome: 'failed', fromCache: false, durationMs: 0, failure } as const;
    this.report(node, { type: 'call-finished', functionName: functionNameOf(node), ...how });
  }

  /** Reports an event of a call. */
  report(node: RunNode, event: CallReport): void {
    this.#reporter.report({ ...event, nodeId: node.nodeId, name: node.spec?.name ?? node.kind });
  }
}

/** The function of a call; the name of one that was not captured in this process stands for it. */
function functionNameOf({ spec, kind }: RunNode): string {
  return spec?.captured?.exportName ?? spec?.name ?? kind;
}
