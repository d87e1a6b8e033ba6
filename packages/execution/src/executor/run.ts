import {
  buildTree,
  type DagId,
  type DatumId,
  type ExecId,
  type NodeId,
  type Records,
  type TreeRoot,
} from '@daggerml/object-model';
import { evaluateBuiltin } from '../builtins/evaluate.ts';
import { type ExecutionErrorCode, executionError } from '../errors.ts';
import { putFailure, putResultDag, type RecordedFailure, readFailure } from '../nodes/error-dag.ts';
import { execStatusOf } from '../nodes/exec-status.ts';
import { executionKey } from '../nodes/execution-key.ts';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import { execValue, storedValue } from '../nodes/stored-value.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { FunctionFailure } from '../worker/wire.ts';
import type { CallRunner } from './call-runner.ts';
import type { CallFailure, CallOutcome, EventReporter } from './events.ts';
import {
  type CallEvent,
  type CallState,
  initialState,
  isFinal,
  nextState,
  type RetryBudget,
} from './machine.ts';
import { type CallSpec, RunNode } from './run-node.ts';
import type { StagedPin, Staging } from './staging.ts';

export interface RunOptions {
  readonly objects: RunObjects;
  readonly staging: Staging;
  readonly basePins: TreeRoot<'pins'>;
  readonly runner: CallRunner;
  readonly reporter: EventReporter;
  readonly budget: RetryBudget;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** Outcomes wait this long for others, so that many small calls share a transaction. */
const SLICE_MS = 40;
/** New objects that are held in memory before they are written. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const DEFAULT_RETRIES = 2;
const pinFound: CallEvent = { type: 'pin_found' };

interface Integration extends StagedPin {
  readonly node: RunNode;
  readonly durationMs: number;
  readonly isDerived: boolean;
}

/**
 * The nodes of one dag under construction and the execution of its calls.
 *
 * Nodes are added at once and never wait; a call runs as soon as its inputs have values. Answers from pins and
 * from the cache are found without leaving the caller's turn.
 */
export class Run {
  readonly #options: RunOptions;
  readonly #objects: RunObjects;
  readonly #base: PinScope;
  readonly #staged: PinScope;
  readonly #nodes = new Map<NodeId, RunNode>();
  readonly #open = new Set<RunNode>();
  readonly #resolved: RunNode[] = [];
  readonly #byKey = new Map<string, RunNode[]>();
  #integrations: Integration[] = [];
  #isDraining = false;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #lastFlushMs = 0;
  readonly #timers = new Map<RunNode, ReturnType<typeof setTimeout>>();
  #idleWaiters: (() => void)[] = [];
  #cancelled: CallFailure | undefined;
  #broken: unknown;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#objects = options.objects;
    this.#base = treeScope(options.basePins, options.objects);
    this.#staged = options.staging.isBegun ? treeScope(options.staging.pins, options.objects) : this.#base;
  }

  /** Whether the store refused to write; nothing more is recorded then. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Adds a node that is a datum. */
  addLiteral(datumId: DatumId): RunNode {
    const nodeId = this.#objects.put({ type: 'node', kind: 'literal', datumId });
    return this.#known(nodeId) ?? this.#addResolved(new RunNode(nodeId, 'literal', []), datumId);
  }

  /** Adds a node that selects a name of another dag; its value and pins come from the scope of that dag's commit. */
  addImport(
    dagId: DagId,
    name: string,
    from: { scope: PinScope; pins: ReadonlyMap<NodeId, ExecId> },
  ): RunNode {
    const nodeId = this.#objects.put({ type: 'node', kind: 'import', dagId, name });
    const known = this.#known(nodeId);
    if (known) return known;
    const node = new RunNode(nodeId, 'import', []);
    node.importedPins = from.pins;
    return this.#addResolved(node, storedValue(nodeId, from.scope, this.#objects));
  }

  /** Adds a builtin applied to nodes. */
  addBuiltin(functionDatumId: DatumId, uri: string, inputs: readonly RunNode[]): RunNode {
    return this.#addComputed('builtin', inputs, { functionDatumId, uri, name: uri, options: {} });
  }

  /** Adds a call of a function on nodes; it starts when it can. */
  addCall(spec: CallSpec, inputs: readonly RunNode[]): RunNode {
    return this.#addComputed('call', inputs, spec);
  }

  /**
   * Resolves when the node has an outcome that is kept, also when that is a failure: nobody has to handle it.
   *
   * @spec DML-BND-0504
   */
  settled(node: RunNode): Promise<void> {
    if (node.status !== 'pending') return Promise.resolve();
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise((resolve) => {
      node.waiters ??= [];
      node.waiters.push(resolve);
    });
  }

  /** Resolves when no call is open any more. */
  async idle(): Promise<void> {
    if (this.#open.size > 0 && this.#broken === undefined) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** The value of a node whose status is `ok`; looked up when it is first asked for. */
  valueOf(node: RunNode): DatumId {
    node.valueId ??= execValue(this.#objects.read('exec', node.execId as ExecId), this.#objects);
    return node.valueId;
  }

  /** Ends every call that is still open; what was integrated stays. */
  cancel(reason: string): void {
    this.#cancelled ??= { class: 'cancelled', code: 'cancelled', message: reason, trace: [] };
    this.flush();
    for (const node of [...this.#open])
      this.#advance(node, { type: 'cancelled', failure: { code: 'cancelled', reason } });
    this.#drain();
  }

  /** Writes what is new and settles the calls that waited for it. */
  flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const integrations = this.#integrations;
    if (integrations.length === 0) return;
    this.#integrations = [];
    try {
      this.#options.staging.keep(integrations);
    } catch (error) {
      this.#break(error);
      return;
    }
    this.#lastFlushMs = this.#options.nowMs();
    for (const integration of integrations) {
      this.#advance(integration.node, { type: 'integrated' }, integration);
      if (integration.node.failure) this.#resolve(integration.node);
    }
    this.#drain();
  }

  #known(nodeId: NodeId): RunNode | undefined {
    return this.#nodes.get(nodeId);
  }

  #addResolved(node: RunNode, valueId: DatumId): RunNode {
    node.valueId = valueId;
    node.status = 'ok';
    node.isResolved = true;
    // An import's value hangs on the pins of its commit, which may differ from those of the base.
    node.isFromBase = node.kind === 'literal';
    this.#nodes.set(node.nodeId, node);
    this.#boundMemory();
    return node;
  }

  #addComputed(kind: 'call' | 'builtin', inputs: readonly RunNode[], spec: CallSpec): RunNode {
    if (this.#broken !== undefined) throw this.#broken;
    const inputsRoot = inputsTree(inputs, this.#objects);
    const nodeId = this.#objects.put({
      type: 'node',
      kind,
      functionDatumId: spec.functionDatumId,
      inputs: inputsRoot,
    });
    const known = this.#known(nodeId);
    if (known) return known;
    const node = new RunNode(nodeId, kind, inputs);
    node.spec = spec;
    if (kind === 'call') node.state = this.#initialStateOf(spec);
    this.#nodes.set(nodeId, node);
    let areInputsFromBase = true;
    for (const input of inputs) {
      if (!input.isFromBase) areInputsFromBase = false;
      if (input.isResolved) continue;
      node.unresolvedInputs += 1;
      input.dependents ??= [];
      input.dependents.push(node);
    }
    if (!areInputsFromBase || this.#cancelled || !this.#answerFromBase(node)) this.#enter(node);
    this.#boundMemory();
    return node;
  }

  #enter(node: RunNode): void {
    this.#open.add(node);
    const cancelled = this.#cancelled;
    if (cancelled) {
      this.#advance(node, { type: 'cancelled', failure: { code: 'cancelled', reason: cancelled.message } });
    } else if (node.unresolvedInputs === 0) {
      this.#begin(node);
    }
    this.#drain();
  }

  /** States are values: calls with the same budget begin in the same one. */
  #initialStateOf(spec: CallSpec): CallState {
    const retries = spec.options.retries ?? DEFAULT_RETRIES;
    let state = this.#initialStates.get(retries);
    if (!state) {
      state = initialState({ ...this.#options.budget, maxAttempts: 1 + retries });
      this.#initialStates.set(retries, state);
    }
    return state;
  }

  readonly #initialStates = new Map<number, CallState>();

  /**
   * Nodes whose inputs all stand as in the base have the values of the base, so its pin holds as it is.
   *
   * @spec DML-EXE-0701
   */
  #answerFromBase(node: RunNode): boolean {
    if (node.spec?.options.cache === false) return false;
    const execId = this.#base.getPin(node.nodeId);
    const bytes = execId && this.#objects.getBytes('exec', execId);
    if (!bytes) return false;
    const isError = execStatusOf(bytes) === 'error';
    if (isError && node.spec?.options.retryFailed === true) return false;
    node.isFromBase = true;
    node.execId = execId;
    if (isError)
      node.failure = recorded(readFailure(this.#objects.read('exec', execId as ExecId), this.#objects));
    this.#answered(node);
    return true;
  }

  /** @spec DML-EXE-0711 */
  #isRetried(node: RunNode, exec: Records['exec']): boolean {
    return exec.status === 'error' && node.spec?.options.retryFailed === true;
  }

  /** Takes an exec that is kept already as the outcome. */
  #answer(node: RunNode, execId: ExecId, exec: Records['exec']): void {
    this.#takeOutcome(node, execId, exec);
    this.#answered(node);
  }

  #answered(node: RunNode): void {
    if (node.kind === 'call') this.#advance(node, pinFound);
    else this.#settle(node);
    this.#resolve(node);
  }

  #takeOutcome(node: RunNode, execId: ExecId, exec: Records['exec']): void {
    node.execId = execId;
    if (exec.status === 'error') node.failure = recorded(readFailure(exec, this.#objects));
  }

  /** Decides a node whose inputs all have outcomes. */
  #begin(node: RunNode): void {
    if (node.status !== 'pending' || node.isResolved) return;
    const failed = node.inputs.find((input) => input.failure !== undefined);
    if (failed) return this.#block(node, failed);
    const spec = node.spec as CallSpec;
    const inputDatumIds = node.inputs.map((input) => this.valueOf(input));
    // @spec DML-EXE-0402
    node.executionKey = executionKey(spec.functionDatumId, inputDatumIds);
    // @spec DML-EXE-0709
    if (spec.options.cache !== false && this.#answerFromScopes(node)) return;
    if (node.kind === 'builtin') return this.#evaluate(node, inputDatumIds);
    if (spec.options.cache !== false && this.#answerFromCache(node)) return;
    this.#runOrFollow(node, inputDatumIds);
  }

  /** A pin holds for other values of the inputs only when its exec has the same execution key. */
  #answerFromScopes(node: RunNode): boolean {
    for (const scope of [this.#base, this.#staged]) {
      const execId = scope.getPin(node.nodeId);
      const exec = execId && this.#objects.get('exec', execId);
      if (!exec || exec.executionKey !== node.executionKey || this.#isRetried(node, exec)) continue;
      this.#answer(node, execId, exec);
      return true;
    }
    return false;
  }

  /**
   * Answers a call by what the repository knows of its execution key.
   *
   * @spec DML-EXE-0702
   * @spec DML-EXE-0710
   */
  #answerFromCache(node: RunNode): boolean {
    const found: { execId: ExecId; exec: Records['exec'] & { nodeKind: 'call' } }[] = [];
    for (const execId of this.#objects.store.cacheEntries(node.executionKey as string)) {
      // @spec DML-EXE-0708
      const exec = this.#objects.getPresent('exec', execId);
      if (exec?.nodeKind !== 'call' || exec.executionKey !== node.executionKey) continue;
      if (!this.#isRetried(node, exec) && this.#objects.getPresent('dag', exec.resultDagId))
        found.push({ execId, exec });
    }
    // @spec DML-EXE-0707
    found.sort((a, b) => rank(b.exec, node) - rank(a.exec, node));
    const best = found[0];
    if (!best) return false;
    this.#advance(node, { type: 'cached_exec_found', status: best.exec.status });
    const { exec } = best;
    // @spec DML-EXE-0703
    const execId = exec.nodeId === node.nodeId ? best.execId : this.#derive(node, best.execId, exec);
    this.#takeOutcome(node, execId, exec);
    this.#integrate(node, { durationMs: 0, isDerived: true });
    return true;
  }

  /**
   * Makes the exec that answers a node by the outcome of another node.
   *
   * @spec DML-EXE-0704
   */
  #derive(node: RunNode, foundExecId: ExecId, found: Records['exec'] & { nodeKind: 'call' }): ExecId {
    return this.#objects.put({
      ...found,
      nodeId: node.nodeId,
      requestId: null,
      // @spec DML-EXE-0706
      sourceExecId: found.sourceExecId ?? foundExecId,
      // @spec DML-EXE-0705
      startedMs: null,
      finishedMs: null,
      receiptDatumId: null,
    });
  }

  /** @spec DML-EXE-0712 */
  #runOrFollow(node: RunNode, inputDatumIds: readonly DatumId[]): void {
    const key = node.executionKey as string;
    const followers = this.#byKey.get(key);
    if (followers) {
      followers.push(node);
      return;
    }
    this.#byKey.set(key, []);
    this.#runs.set(node, inputDatumIds);
    this.#advance(node, { type: 'must_run' });
  }

  readonly #runs = new Map<RunNode, readonly DatumId[]>();

  /**
   * @spec DML-EXE-1005
   * @spec DML-EXE-1006
   */
  #evaluate(node: RunNode, inputDatumIds: readonly DatumId[]): void {
    const spec = node.spec as CallSpec;
    const outcome = evaluateBuiltin(spec.uri, inputDatumIds, this.#objects);
    const failure = outcome.status === 'error' ? { ...outcome, trace: [] } : undefined;
    const resultDatumId =
      outcome.status === 'ok' ? outcome.datumId : putFailure({ ...outcome, trace: [] }, this.#objects);
    const { nodeId } = node;
    node.execId = this.#objects.put({
      type: 'exec',
      nodeKind: 'builtin',
      nodeId,
      executionKey: node.executionKey as never,
      status: outcome.status,
      resultDatumId,
    });
    if (failure) node.failure = recorded(failure);
    else node.valueId = resultDatumId;
    this.#integrate(node, { durationMs: 0, isDerived: false });
  }

  /**
   * Keeps an outcome with the next flush; dependents need not wait for that.
   *
   * @spec DML-EXE-1002
   */
  #integrate(node: RunNode, { durationMs, isDerived }: { durationMs: number; isDerived: boolean }): void {
    const { nodeId } = node;
    const execId = node.execId as ExecId;
    const key = node.executionKey as NonNullable<RunNode['executionKey']>;
    this.#integrations.push({ node, nodeId, execId, executionKey: key, durationMs, isDerived });
    this.#scheduleFlush();
    // What a failure blocks is reported after the failure itself.
    if (!node.failure) this.#resolve(node);
  }

  #scheduleFlush(): void {
    if (this.#flushTimer !== undefined) return;
    const sinceMs = this.#options.nowMs() - this.#lastFlushMs;
    const delayMs = sinceMs >= SLICE_MS || sinceMs < 0 ? 0 : SLICE_MS - sinceMs;
    this.#flushTimer = setTimeout(() => this.flush(), delayMs);
  }

  #resolve(node: RunNode): void {
    node.isResolved = true;
    if (node.dependents) this.#resolved.push(node);
  }

  /** Wakes dependents in a loop: a chain of cached calls may be longer than the stack is deep. */
  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let node = this.#resolved.pop(); node; node = this.#resolved.pop()) {
        const dependents = node.dependents ?? [];
        node.dependents = undefined;
        for (const dependent of dependents) {
          dependent.unresolvedInputs -= 1;
          if (dependent.unresolvedInputs === 0) this.#begin(dependent);
        }
      }
    } catch (error) {
      this.#break(error);
    } finally {
      this.#isDraining = false;
    }
  }

  /**
   * @spec DML-EXE-0910
   * @spec DML-EXE-0911
   */
  #block(node: RunNode, input: RunNode): void {
    const cause = input.failure as CallFailure;
    const isOrigin = cause.originNodeId === undefined;
    node.failure = {
      class: cause.class === 'cancelled' ? 'cancelled' : 'input',
      code: cause.class === 'cancelled' ? 'cancelled' : 'input_failed',
      message: cause.message,
      trace: [],
      originNodeId: isOrigin ? input.nodeId : (cause.originNodeId as NodeId),
      originName: isOrigin ? (input.spec?.name ?? input.kind) : (cause.originName as string),
    };
    if (node.kind === 'builtin') this.#settle(node);
    else
      this.#advance(node, { type: 'input_failed', failure: { code: 'input_failed', reason: cause.message } });
    this.#resolve(node);
  }

  /** Gives a call's machine an event and carries out what follows. */
  #advance(node: RunNode, event: CallEvent, integration?: Integration): void {
    if (node.kind === 'builtin') {
      if (event.type === 'cancelled') node.failure ??= this.#cancelled;
      if (event.type === 'integrated' || event.type === 'cancelled') this.#settle(node);
      return;
    }
    const { state, effects } = nextState(node.state as CallState, event);
    node.state = state;
    for (const effect of effects) {
      switch (effect.type) {
        case 'submit':
          this.#submit(node, effect.attempt);
          break;
        case 'poll':
        case 'integrate':
          break;
        case 'start_timer':
          this.#wait(node, effect);
          break;
        case 'stop_attempt':
          this.#options.runner.stop(node.nodeId);
          break;
        case 'settle':
          this.#settleCall(node, integration);
      }
    }
  }

  #submit(node: RunNode, attempt: number): void {
    const spec = node.spec as CallSpec;
    const { runner, nowMs } = this.#options;
    let startedMs = 0;
    runner.start({
      nodeId: node.nodeId,
      spec,
      inputDatumIds: this.#runs.get(node) ?? [],
      onStart: () => {
        startedMs = nowMs();
        if (!isFinal(node.state as CallState)) this.#report(node, { type: 'call-started', attempt });
      },
      onOutput: (stream, text) => this.#report(node, { type: 'call-output', stream, text }),
      onObjects: (classes) => this.#objects.take(classes),
      onEnd: (outcome) => {
        if (isFinal(node.state as CallState)) return;
        try {
          if (outcome.type === 'value') this.#finish(node, startedMs, { datumId: outcome.datumId });
          else if (outcome.type === 'threw') this.#finish(node, startedMs, { failure: outcome.failure });
          else this.#lose(node, outcome);
          this.#drain();
        } catch (error) {
          this.#break(error);
        }
      },
    });
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
    result: { datumId: DatumId } | { failure: FunctionFailure },
  ): void {
    const finishedMs = this.#options.nowMs();
    const isOk = 'datumId' in result;
    // @spec DML-EXE-0604
    this.#advance(node, { type: isOk ? 'done_ok' : 'done_error' });
    const datumId = isOk ? result.datumId : putFailure(result.failure, this.#objects);
    const resultDagId = putResultDag(datumId, this.#objects);
    node.execId = this.#objects.put({
      type: 'exec',
      nodeKind: 'call',
      nodeId: node.nodeId,
      executionKey: node.executionKey as never,
      status: isOk ? 'ok' : 'error',
      resultDagId,
      // @spec DML-EXE-1003
      pins: [],
      requestId: null,
      sourceExecId: null,
      // @spec DML-EXE-1004
      startedMs,
      finishedMs,
      receiptDatumId: null,
    });
    if (isOk) node.valueId = datumId;
    else node.failure = recorded(result.failure);
    this.#integrate(node, { durationMs: finishedMs - startedMs, isDerived: false });
    this.#answerFollowers(node);
  }

  #answerFollowers(leader: RunNode): void {
    const followers = this.#byKey.get(leader.executionKey as string) ?? [];
    this.#byKey.delete(leader.executionKey as string);
    this.#runs.delete(leader);
    if (followers.length === 0) return;
    const execId = leader.execId as ExecId;
    const exec = this.#objects.read('exec', execId);
    for (const follower of followers) {
      if (exec.nodeKind !== 'call' || isFinal(follower.state as CallState)) continue;
      this.#advance(follower, { type: 'cached_exec_found', status: exec.status });
      follower.execId = this.#derive(follower, execId, exec);
      follower.valueId = leader.valueId;
      follower.failure = leader.failure;
      this.#integrate(follower, { durationMs: 0, isDerived: true });
    }
  }

  /** @spec DML-EXE-0906 */
  #lose(node: RunNode, { code, reason }: { code: ExecutionErrorCode; reason: string }): void {
    const failure = { code, reason };
    if (code === 'cancelled') this.#advance(node, { type: 'cancelled', failure });
    else if (code === 'adapter_unknown' || code === 'object_missing')
      this.#advance(node, { type: 'refused', failure });
    else this.#advance(node, { type: 'infrastructure_failure', failure, jitter: this.#options.random() });
  }

  #wait(node: RunNode, effect: { afterMs: number; failure: { code: string; reason: string } }): void {
    const { afterMs, failure } = effect;
    const attempt = 'attempt' in (node.state as CallState) ? (node.state as { attempt: number }).attempt : 0;
    // @spec DML-EXE-1103
    this.#report(node, { type: 'call-retried', attempt, ...failure, afterMs });
    this.#timers.set(
      node,
      setTimeout(() => {
        this.#timers.delete(node);
        this.#advance(node, { type: 'timer_fired' });
      }, afterMs),
    );
  }

  /** Ends a call in the eyes of its Caller. */
  #settleCall(node: RunNode, integration: Integration | undefined): void {
    const state = node.state as CallState;
    clearTimeout(this.#timers.get(node));
    this.#timers.delete(node);
    if (state.name === 'failed_terminal') {
      node.failure ??= {
        class: state.failure.code === 'cancelled' ? 'cancelled' : 'infrastructure',
        code: state.failure.code,
        message: state.failure.reason,
        trace: [],
      };
      this.#resolve(node);
      this.#passOn(node);
    }
    const isAnswered = state.name === 'pinned_hit' || integration?.isDerived === true;
    this.#settle(node);
    if (!this.#options.reporter.isHeard && node.failure === undefined) {
      this.#options.reporter.counts[isAnswered ? 'cached' : 'executed'] += 1;
      return;
    }
    this.#report(node, {
      type: 'call-finished',
      outcome: outcomeOf(node, isAnswered),
      fromCache: isAnswered,
      durationMs: integration?.durationMs ?? 0,
      ...(node.failure && { failure: node.failure }),
    });
  }

  /** A run that came to nothing leaves the calls that waited for it to find their own. */
  #passOn(leader: RunNode): void {
    const inputDatumIds = this.#runs.get(leader);
    this.#runs.delete(leader);
    if (inputDatumIds === undefined) return;
    const followers = this.#byKey.get(leader.executionKey as string) ?? [];
    this.#byKey.delete(leader.executionKey as string);
    for (const follower of followers) {
      if (!isFinal(follower.state as CallState) && !this.#cancelled)
        this.#runOrFollow(follower, inputDatumIds);
    }
  }

  #settle(node: RunNode): void {
    if (node.status !== 'pending') return;
    node.status = node.failure ? 'error' : 'ok';
    this.#open.delete(node);
    const waiters = node.waiters;
    node.waiters = undefined;
    if (waiters) for (const wake of waiters) wake();
    if (this.#open.size === 0 && this.#idleWaiters.length > 0) this.#wakeIdle();
  }

  #wakeIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const wake of waiters) wake();
  }

  /** The store refused to write: nothing more can be recorded, so nothing more may start. */
  #break(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    for (const node of [...this.#open]) {
      if (node.kind === 'call' && (node.state as CallState).name === 'poll_adapter')
        this.#options.runner.stop(node.nodeId);
      clearTimeout(this.#timers.get(node));
      node.failure = { class: 'infrastructure', code: 'integrate_failed', message: String(error), trace: [] };
      node.state = { name: 'failed_terminal', failure: { code: 'integrate_failed', reason: String(error) } };
      this.#settle(node);
    }
    this.#wakeIdle();
  }

  #boundMemory(): void {
    if (this.#objects.sizeBytes < MAX_BUFFERED_BYTES) return;
    this.#objects.writeAll();
  }

  #report(
    node: RunNode,
    event: DistributiveOmit<Parameters<EventReporter['report']>[0], 'nodeId' | 'name'>,
  ): void {
    this.#options.reporter.report({ ...event, nodeId: node.nodeId, name: node.spec?.name ?? node.kind });
  }
}

type DistributiveOmit<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

function outcomeOf(node: RunNode, isAnswered: boolean): CallOutcome {
  switch (node.failure?.class) {
    case undefined:
      return isAnswered ? 'cached' : 'executed';
    case 'input':
      return 'blocked';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'failed';
  }
}

function recorded({ code, message, trace }: RecordedFailure): CallFailure {
  return { class: 'deterministic', code, message, trace };
}

/** Successes before failures, the node's own outcomes before those of others. */
function rank(exec: Records['exec'], node: RunNode): number {
  return (exec.status === 'ok' ? 2 : 0) + (exec.nodeId === node.nodeId ? 1 : 0);
}

/** A page never ends before its fourth entry, so that few inputs are their own tree. */
function inputsTree(inputs: readonly RunNode[], objects: RunObjects): TreeRoot<'inputs'> {
  const nodeIds = inputs.map((input) => input.nodeId);
  return nodeIds.length < 4 ? nodeIds : buildTree('inputs', nodeIds, objects);
}

/** Throws what a failed node reports to its Caller. */
export function failureError(node: RunNode): Error {
  const { class: failureClass, code, message, originNodeId, originName, trace } = node.failure as CallFailure;
  return executionError(code as ExecutionErrorCode, {
    message,
    class: failureClass,
    nodeId: node.nodeId,
    name: node.spec?.name ?? node.kind,
    ...(originNodeId !== undefined && { originNodeId }),
    ...(originName !== undefined && { originName }),
    ...(trace.length > 0 && { trace }),
  });
}
