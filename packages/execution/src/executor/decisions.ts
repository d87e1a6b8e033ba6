import { type DatumId, type ExecId, executionKey, isDmlError, type NodeId } from '@daggerml/object-model';
import { execValue, inputsRoot, putFailure } from '@daggerml/repository';
import { evaluateBuiltin } from '../builtins/evaluate.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { recordedFailure } from './call-failure.ts';
import type { CallLifecycle } from './call-lifecycle.ts';
import type { CallFailure } from './events.ts';
import type { Integrations } from './integrations.ts';
import type { KnownOutcome, KnownOutcomes } from './known-outcomes.ts';
import type { CallEvent } from './machine.ts';
import { type CallSpec, computedOf, type RunNode } from './run-node.ts';

/** What decisions are made from and handed to. */
export interface DecisionParts {
  readonly objects: RunObjects;
  readonly known: KnownOutcomes;
  readonly lifecycle: CallLifecycle;
  readonly integrations: Integrations;
}

const pinFound: CallEvent = { type: 'pin_found' };

/**
 * Decides how each node comes to its outcome, as soon as its inputs have theirs: from a pin, from the cache, by
 * evaluating a builtin, by a run, or not at all because an input failed.
 */
export class Decisions {
  readonly #objects: RunObjects;
  readonly #known: KnownOutcomes;
  readonly #lifecycle: CallLifecycle;
  readonly #integrations: Integrations;
  readonly #resolved: RunNode[] = [];
  /** Whether nodes are being woken. */
  isDraining = false;

  constructor({ objects, known, lifecycle, integrations }: DecisionParts) {
    this.#objects = objects;
    this.#known = known;
    this.#lifecycle = lifecycle;
    this.#integrations = integrations;
  }

  /** The value of a node whose status is `ok`; looked up when it is first asked for. */
  valueOf(node: RunNode): DatumId {
    node.valueId ??= execValue(this.#objects.read('exec', node.execId as ExecId), this.#objects);
    return node.valueId;
  }

  /** Answers a node by an outcome of the base. */
  answerFromBase(node: RunNode, outcome: KnownOutcome): void {
    node.isFromBase = true;
    this.#take(node, outcome);
    this.#answered(node);
  }

  /** Decides a node whose inputs all have outcomes. */
  begin(node: RunNode): void {
    if (node.status !== 'pending' || node.isResolved || node.unresolvedInputs > 0) return;
    const failed = node.inputs.find((input) => input.failure !== undefined);
    if (failed) return this.#block(node, failed);
    try {
      this.#decide(node);
    } catch (error) {
      // What a tentative input consists of may be gone: the next flush finds out.
      if (!isDmlError(error) || !isAnyTentative(node.inputs)) throw error;
      this.#defer(node);
    }
  }

  /** Decides a call anew that nothing was concluded from yet. */
  reconsider(node: RunNode): void {
    try {
      this.begin(node);
      this.drain();
    } catch (error) {
      this.#lifecycle.break(error);
    }
  }

  /** Makes a node undecided again. */
  forget(node: RunNode): void {
    node.isTentative = false;
    node.isResolved = false;
    node.execId = undefined;
    node.valueId = undefined;
    node.failure = undefined;
    node.computed = undefined;
  }

  #decide(node: RunNode): void {
    const spec = node.spec as CallSpec;
    const { functionDatumId } = spec;
    const inputDatumIds = node.inputs.map((input) => this.valueOf(input));
    const inputs = inputsRoot(inputDatumIds, this.#objects);
    // @spec DML-EXE-0401
    // @spec DML-EXE-0402
    node.computed = { functionDatumId, inputs, executionKey: executionKey(functionDatumId, inputs) };
    node.isTentative = isAnyTentative(node.inputs);
    // @spec DML-EXE-0709
    const isCached = spec.options.cache !== false;
    const pinned = isCached ? this.#known.ofScopes(node) : undefined;
    if (pinned) return this.#answer(node, pinned);
    if (node.kind === 'builtin') return this.#evaluate(node, inputDatumIds);
    const found = isCached ? this.#known.ofKey(node) : undefined;
    if (found) return this.#answer(node, found);
    if (node.isTentative) this.#defer(node);
    else this.#lifecycle.run(node, inputDatumIds);
  }

  #defer(node: RunNode): void {
    this.forget(node);
    this.#integrations.defer(node);
  }

  /** Takes a known outcome; one that nobody holds yet is tentative until it is kept. */
  #answer(node: RunNode, outcome: KnownOutcome): void {
    const { foundExecId, status } = outcome;
    this.#take(node, outcome);
    if (foundExecId === undefined && !node.isTentative) return this.#answered(node);
    node.isTentative = true;
    if (node.kind === 'call') this.#lifecycle.advance(node, { type: 'cached_exec_found', status });
    this.#integrations.add(node, { durationMs: 0, isDerived: true, foundExecId });
  }

  #take(node: RunNode, { execId, valueId, resultDagId, failure }: KnownOutcome): void {
    node.execId = execId;
    node.resultDagId = resultDagId;
    node.valueId = valueId;
    node.failure = failure;
  }

  /** Settles a node by an exec that the run holds. */
  #answered(node: RunNode): void {
    if (node.kind === 'call') this.#lifecycle.advance(node, pinFound);
    else this.#lifecycle.settle(node);
    this.resolve(node);
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
    const { functionDatumId, inputs } = computedOf(node);
    node.execId = this.#objects.put({
      type: 'exec',
      nodeKind: 'builtin',
      nodeId,
      status: outcome.status,
      functionDatumId,
      inputs,
      resultDatumId,
    });
    if (failure) node.failure = recordedFailure(failure);
    else node.valueId = resultDatumId;
    // Nobody learns of it before the outcomes that it was made of are kept.
    if (node.inputs.some((input) => input.status === 'pending'))
      return this.#integrations.add(node, { durationMs: 0, isDerived: false });
    // The same again from the same inputs at any time: it is kept by the commit that pins it.
    this.#lifecycle.settle(node);
    this.resolve(node);
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
    if (node.kind === 'builtin') this.#lifecycle.settle(node);
    else {
      const failure = { code: 'input_failed', reason: cause.message };
      this.#lifecycle.advance(node, { type: 'input_failed', failure });
    }
    this.resolve(node);
  }

  /** Notes that outcome and value of a node are known; its dependents go on with the next drain. */
  resolve(node: RunNode): void {
    node.isResolved = true;
    if (node.dependents) this.#resolved.push(node);
  }

  /** Wakes dependents in a loop: a chain of cached calls may be longer than the stack is deep. */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    try {
      for (let node = this.#resolved.pop(); node; node = this.#resolved.pop()) {
        const dependents = node.dependents ?? [];
        if (!node.isTentative) node.dependents = undefined;
        for (const dependent of dependents) {
          dependent.unresolvedInputs -= 1;
          if (dependent.unresolvedInputs === 0) this.begin(dependent);
        }
      }
    } catch (error) {
      this.#lifecycle.break(error);
    } finally {
      this.isDraining = false;
    }
  }
}

function isAnyTentative(nodes: readonly RunNode[]): boolean {
  for (const node of nodes) if (node.isTentative) return true;
  return false;
}
