import {
  buildTree,
  type DagId,
  type DatumId,
  type ExecId,
  encodeRecord,
  hashBytes,
  isDmlError,
  type NodeId,
  type TreeRoot,
} from '@daggerml/object-model';
import { evaluateBuiltin } from '../builtins/evaluate.ts';
import { putFailure } from '../nodes/error-dag.ts';
import { executionKey } from '../nodes/execution-key.ts';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import { execValue, storedValue } from '../nodes/stored-value.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { type AttemptOptions, Attempts, type CallReport, type Integrated } from './attempts.ts';
import { outcomeOf, recordedFailure } from './call-failure.ts';
import type { CallFailure, EventReporter } from './events.ts';
import { type KnownOutcome, KnownOutcomes } from './known-outcomes.ts';
import { type CallEvent, type CallState, initialState, nextState, type RetryBudget } from './machine.ts';
import { type CallSpec, RunNode } from './run-node.ts';
import type { StagedOutcome, Staging } from './staging.ts';

export interface RunOptions extends AttemptOptions {
  readonly staging: Staging;
  readonly basePins: TreeRoot<'pins'>;
  readonly reporter: EventReporter;
  readonly budget: RetryBudget;
}

/** Outcomes wait this long for others, so that many small calls share a transaction. */
const SLICE_MS = 40;
/** New objects that are held in memory before they are written. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const DEFAULT_RETRIES = 2;
const pinFound: CallEvent = { type: 'pin_found' };
const noInputs: readonly RunNode[] = [];
const answerLost: CallEvent = { type: 'answer_lost' };

interface Integration extends StagedOutcome {
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
  readonly #known: KnownOutcomes;
  readonly #nodes = new Map<NodeId, RunNode>();
  readonly #open = new Set<RunNode>();
  readonly #resolved: RunNode[] = [];
  readonly #attempts: Attempts;
  /** Functions of which was told what they read beside their inputs. */
  readonly #warned = new Set<DatumId>();
  #integrations: Integration[] = [];
  /** Calls that may start once the outcomes that they hang on are kept. */
  #deferred: RunNode[] = [];
  #isDraining = false;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #lastFlushMs = 0;
  #idleWaiters: (() => void)[] = [];
  #cancelled: CallFailure | undefined;
  #broken: unknown;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#objects = options.objects;
    const base = treeScope(options.basePins, options.objects);
    const staged = options.staging.isBegun ? treeScope(options.staging.pins, options.objects) : base;
    this.#known = new KnownOutcomes(options.objects, { base, staged });
    this.#attempts = new Attempts(options, this.#known, {
      advance: (node, event) => this.#advance(node, event),
      integrate: (node, how) => this.#integrate(node, how),
      report: (node, event) => this.#report(node, event),
      drain: () => this.#drain(),
      break: (error) => this.#break(error),
      reconsider: (node) => this.#reconsider(node),
    });
    options.objects.whenFull = () => this.#write();
  }

  /** Adds a node that is a datum. */
  addLiteral(datumId: DatumId): RunNode {
    const nodeId = this.#objects.put({ type: 'node', kind: 'literal', datumId });
    return this.#nodes.get(nodeId) ?? this.#addResolved(new RunNode(nodeId, 'literal', noInputs), datumId);
  }

  /** Adds a node that selects a name of another dag; its value and pins come from the scope of that dag's commit. */
  addImport(
    dagId: DagId,
    name: string,
    from: { scope: PinScope; pins: ReadonlyMap<NodeId, ExecId> },
  ): RunNode {
    const nodeId = this.#objects.put({ type: 'node', kind: 'import', dagId, name });
    const known = this.#nodes.get(nodeId);
    if (known) return known;
    const node = new RunNode(nodeId, 'import', noInputs);
    node.importedPins = from.pins;
    return this.#addResolved(node, storedValue(nodeId, from.scope, this.#objects));
  }

  /** Adds a builtin applied to nodes. */
  addBuiltin(functionDatumId: DatumId, uri: string, inputs: readonly RunNode[]): RunNode {
    return this.#addComputed('builtin', inputs, { functionDatumId, uri, name: uri, options: {} });
  }

  /** Adds a call of a function on nodes; it starts when it can. */
  addCall(spec: CallSpec, inputs: readonly RunNode[]): RunNode {
    const node = this.#addComputed('call', inputs, spec);
    const { exportName: functionName, ambientInputs } = spec.captured ?? noCapture;
    // @spec DML-EXE-1105
    if (ambientInputs.length > 0 && !this.#warned.has(spec.functionDatumId)) {
      this.#warned.add(spec.functionDatumId);
      this.#report(node, { type: 'ambient-inputs', functionName, ambientInputs });
    }
    return node;
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

  /** Whether no call is open. */
  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  /** Resolves when no call is open any more. */
  async idle(): Promise<void> {
    if (!this.isIdle && this.#broken === undefined) {
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
    if (this.#isDraining) return this.#scheduleFlush();
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#integrations.length === 0) return;
    const integrations = this.#integrations;
    this.#integrations = [];
    try {
      if (this.#options.staging.keep(integrations)) this.#settleKept(integrations);
      else this.#unwind(integrations);
    } catch (error) {
      this.#break(error);
      return;
    }
    this.#drain();
  }

  #settleKept(integrations: readonly Integration[]): void {
    this.#lastFlushMs = this.#options.nowMs();
    for (const integration of integrations) {
      const { node } = integration;
      if (node.isTentative) {
        node.isTentative = false;
        node.dependents = node.isResolved ? undefined : node.dependents;
      }
      this.#advance(node, { type: 'integrated' }, integration);
      if (node.failure) this.#resolve(node);
    }
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const node of deferred) this.#begin(node);
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
      if (!node.isTentative) this.#integrations.push(integration);
      else if (node.status === 'pending') tentative.push(node);
    }
    if (this.#integrations.length > 0) this.#scheduleFlush();
    for (const node of tentative) {
      if (node.isResolved) for (const dependent of node.dependents ?? []) dependent.unresolvedInputs += 1;
      if (node.kind === 'call') this.#advance(node, answerLost);
      this.#forget(node);
    }
    for (const node of tentative) if (node.unresolvedInputs === 0) this.#begin(node);
  }

  /** Decides a call anew that nothing was concluded from yet. */
  #reconsider(node: RunNode): void {
    try {
      this.#begin(node);
      this.#drain();
    } catch (error) {
      this.#break(error);
    }
  }

  /** Makes a node undecided again. */
  #forget(node: RunNode): void {
    node.isTentative = false;
    node.isResolved = false;
    node.execId = undefined;
    node.valueId = undefined;
    node.failure = undefined;
    node.executionKey = undefined;
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
    const { functionDatumId } = spec;
    const record = encodeRecord({
      type: 'node',
      kind,
      functionDatumId,
      inputs: inputsTree(inputs, this.#objects),
    });
    const nodeId = hashBytes<'node'>(record);
    const known = this.#nodes.get(nodeId);
    if (known) return known;
    const node = new RunNode(nodeId, kind, inputs);
    node.spec = spec;
    if (kind === 'call') node.state = this.#initialStateOf(spec);
    this.#nodes.set(nodeId, node);
    let areInputsFromBase = true;
    for (const input of inputs) {
      if (!input.isFromBase) areInputsFromBase = false;
      if (!input.isResolved) node.unresolvedInputs += 1;
      else if (!input.isTentative) continue;
      input.dependents ??= [];
      input.dependents.push(node);
    }
    const outcome = areInputsFromBase && !this.#cancelled ? this.#known.ofBase(node) : undefined;
    if (outcome) {
      // What the base has pinned it also holds the records of.
      this.#answerFromBase(node, outcome);
    } else {
      this.#objects.putHashed('node', nodeId, record);
      this.#enter(node);
    }
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

  #answerFromBase(node: RunNode, outcome: KnownOutcome): void {
    node.isFromBase = true;
    this.#take(node, outcome);
    this.#answered(node);
  }

  #take(node: RunNode, { execId, valueId, failure }: KnownOutcome): void {
    node.execId = execId;
    node.valueId = valueId;
    node.failure = failure;
  }

  /** Settles a node by an exec that the run holds. */
  #answered(node: RunNode): void {
    if (node.kind === 'call') this.#advance(node, pinFound);
    else this.#settle(node);
    this.#resolve(node);
  }

  /** Decides a node whose inputs all have outcomes. */
  #begin(node: RunNode): void {
    if (node.status !== 'pending' || node.isResolved || node.unresolvedInputs > 0) return;
    const failed = node.inputs.find((input) => input.failure !== undefined);
    if (failed) return this.#block(node, failed);
    try {
      this.#decide(node);
    } catch (error) {
      // What a tentative input consists of may be gone: the next flush finds out.
      if (!isDmlError(error) || !isAnyTentative(node.inputs)) throw error;
      this.#forget(node);
      this.#defer(node);
    }
  }

  #decide(node: RunNode): void {
    const spec = node.spec as CallSpec;
    const inputDatumIds = node.inputs.map((input) => this.valueOf(input));
    // @spec DML-EXE-0402
    node.executionKey = executionKey(spec.functionDatumId, inputDatumIds);
    node.isTentative = isAnyTentative(node.inputs);
    // @spec DML-EXE-0709
    const isCached = spec.options.cache !== false;
    const pinned = isCached ? this.#known.ofScopes(node) : undefined;
    if (pinned) return this.#answer(node, pinned);
    if (node.kind === 'builtin') return this.#evaluate(node, inputDatumIds);
    const found = isCached ? this.#known.ofKey(node) : undefined;
    if (found) return this.#answer(node, found);
    if (!node.isTentative) return this.#attempts.begin(node, inputDatumIds);
    this.#forget(node);
    this.#defer(node);
  }

  /** Waits for the inputs to be kept: a run on values that may turn out to be lost would be in vain. */
  #defer(node: RunNode): void {
    this.#deferred.push(node);
    clearTimeout(this.#flushTimer);
    this.#flushTimer = setTimeout(() => this.flush(), 0);
  }

  /** Takes a known outcome; one that nobody holds yet is tentative until it is kept. */
  #answer(node: RunNode, outcome: KnownOutcome): void {
    const { foundExecId, status } = outcome;
    this.#take(node, outcome);
    if (foundExecId === undefined && !node.isTentative) return this.#answered(node);
    node.isTentative = true;
    if (node.kind === 'call') this.#advance(node, { type: 'cached_exec_found', status });
    this.#integrate(node, { durationMs: 0, isDerived: true, foundExecId });
  }

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
    if (failure) node.failure = recordedFailure(failure);
    else node.valueId = resultDatumId;
    // Nobody learns of it before the outcomes that it was made of are kept.
    if (node.inputs.some((input) => input.status === 'pending'))
      return this.#integrate(node, { durationMs: 0, isDerived: false });
    // The same again from the same inputs at any time: it is kept by the commit that pins it.
    this.#settle(node);
    this.#resolve(node);
  }

  /**
   * Keeps an outcome with the next flush; dependents need not wait for that.
   *
   * @spec DML-EXE-1002
   */
  #integrate(node: RunNode, how: Integrated): void {
    const { nodeId } = node;
    const execId = node.execId as ExecId;
    const key = node.executionKey as NonNullable<RunNode['executionKey']>;
    const { durationMs, isDerived, foundExecId } = how;
    this.#integrations.push({ node, nodeId, execId, executionKey: key, durationMs, isDerived, foundExecId });
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
        if (!node.isTentative) node.dependents = undefined;
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
          this.#settleCall(node, integration);
      }
    }
  }

  /** Ends a call in the eyes of its Caller. */
  #settleCall(node: RunNode, integration: Integration | undefined): void {
    const state = node.state as CallState;
    this.#attempts.endPause(node);
    if (state.name === 'failed_terminal') {
      node.failure ??= {
        class: state.failure.code === 'cancelled' ? 'cancelled' : 'infrastructure',
        code: state.failure.code,
        message: state.failure.reason,
        trace: [],
      };
      this.#resolve(node);
    }
    if (state.name === 'failed_terminal' || integration?.isDerived === false)
      this.#attempts.end(node, this.#cancelled === undefined);
    const isAnswered = state.name === 'pinned_hit' || integration?.isDerived === true;
    this.#settle(node);
    if (!this.#options.reporter.isHeard && node.failure === undefined) {
      this.#options.reporter.counts[isAnswered ? 'cached' : 'executed'] += 1;
      return;
    }
    this.#report(node, {
      type: 'call-finished',
      outcome: outcomeOf(node.failure, isAnswered),
      fromCache: isAnswered,
      durationMs: integration?.durationMs ?? 0,
      ...(node.failure && { failure: node.failure }),
    });
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

  /**
   * The store failed: nothing more can be recorded, so nothing more may start. What is kept already stays.
   *
   * @spec DML-EXE-1009
   */
  #break(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    const code = isDmlError(error) ? error.code : 'integrate_failed';
    const reason = error instanceof Error ? error.message : String(error);
    const failure: CallFailure = { class: 'infrastructure', code, message: reason, trace: [] };
    for (const node of [...this.#open]) {
      if (node.kind === 'call' && (node.state as CallState).name === 'poll_adapter')
        this.#attempts.stop(node);
      this.#attempts.endPause(node);
      this.#attempts.end(node, false);
      node.failure = failure;
      node.runError = error;
      node.state = { name: 'failed_terminal', failure: { code, reason } };
      this.#settle(node);
      if (node.kind === 'call')
        this.#report(node, {
          type: 'call-finished',
          outcome: 'failed',
          fromCache: false,
          durationMs: 0,
          failure,
        });
    }
    this.#wakeIdle();
  }

  #boundMemory(): void {
    if (this.#objects.sizeBytes >= MAX_BUFFERED_BYTES) this.#write();
  }

  /** Writes everything that is held; what hangs on outcomes that nobody holds yet is not written before those. */
  #write(): void {
    this.flush();
    if (this.#broken !== undefined) throw this.#broken;
    try {
      if (this.#objects.sizeBytes > 0) this.#objects.writeAll();
    } catch (error) {
      this.#break(error);
      throw error;
    }
  }

  #report(node: RunNode, event: CallReport): void {
    this.#options.reporter.report({ ...event, nodeId: node.nodeId, name: node.spec?.name ?? node.kind });
  }
}

const noCapture = { exportName: '', ambientInputs: [] };

/** A page never ends before its fourth entry, so that few inputs are their own tree. */
function inputsTree(inputs: readonly RunNode[], objects: RunObjects): TreeRoot<'inputs'> {
  const nodeIds = inputs.map((input) => input.nodeId);
  return nodeIds.length < 4 ? nodeIds : buildTree('inputs', nodeIds, objects);
}

function isAnyTentative(nodes: readonly RunNode[]): boolean {
  for (const node of nodes) if (node.isTentative) return true;
  return false;
}
