import {
  type DagId,
  type DatumId,
  type ExecId,
  isDmlError,
  type Records,
  treeEntries,
} from '@daggerml/object-model';
import {
  type ExecHead,
  execHeadOf,
  execValue,
  headOf,
  isSameComputation,
  type PinScope,
  plainResultOf,
  readFailure,
} from '@daggerml/repository';
import type { RunObjects } from '../objects/run-objects.ts';
import { recordedFailure } from '../run/call-failure.ts';
import type { CallFailure } from '../run/events.ts';
import { isOutcomeNode, outcomeValueOf } from '../run/outcome-input.ts';
import { computedOf, type RunNode } from '../run/run-node.ts';

/** An outcome that is known without a run. */
export interface KnownOutcome {
  /** The exec that answers the node. */
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  /** The value, where it was looked up already. */
  readonly valueId: DatumId | undefined;
  readonly resultDagId?: DagId | undefined;
  readonly failure: CallFailure | undefined;
  /** The exec of the cache index that it stems from; nothing protects that one before it is retained. */
  readonly foundExecId: ExecId | undefined;
}

export type CallExec = Records['exec'] & { readonly nodeKind: 'call' };

/** Scopes in which the pins of a run are looked up; of commits that are retained. */
export interface LookupScopes {
  /** That of the commit that the run is based on. */
  readonly base: PinScope;
  /** That of the outcomes that an earlier run of the same work left. */
  readonly staged: PinScope;
}

/** Outcomes that a repository knows: pins in scope, then the execs of the cache index. */
export class CacheLookup {
  readonly #objects: RunObjects;
  readonly #scopes: LookupScopes;

  constructor(objects: RunObjects, scopes: LookupScopes) {
    this.#objects = objects;
    this.#scopes = scopes;
  }

  /** Returns the value of a node that has one; looked up when it is first asked for. */
  valueOf(node: RunNode): DatumId {
    node.valueId ??= execValue(this.#objects.read('exec', node.execId as ExecId), this.#objects);
    return node.valueId;
  }

  /**
   * Nodes whose inputs all stand as in the base are answered by its pins. A pin may all the same be of other values:
   * dags share the pins of nodes that they share, and whoever wrote the base may have lied.
   */
  ofBase(node: RunNode): KnownOutcome | undefined {
    if (node.callee?.options.cache === false) return undefined;
    // @spec DML-EXE-0701
    const execId = this.#scopes.base.getPin(node.nodeId);
    const bytes = execId && this.#objects.getPresentBytes('exec', execId);
    if (!bytes) return undefined;
    const head = execHeadOf(bytes) ?? this.#decodedHead(execId);
    // Of a failure there may be a success by now.
    if (head?.status !== 'ok') return undefined;
    // @spec DML-EXE-0885
    if (!this.#isOf(node, head)) return undefined;
    const { status, nodeKind, resultId } = head;
    const isBuiltin = nodeKind === 'builtin';
    return {
      execId,
      status,
      valueId: isBuiltin ? (resultId as DatumId) : undefined,
      resultDagId: isBuiltin ? undefined : (resultId as DagId),
      failure: undefined,
      foundExecId: undefined,
    };
  }

  #decodedHead(execId: ExecId): ExecHead | undefined {
    const exec = this.#objects.getPresent('exec', execId);
    return exec && headOf(exec);
  }

  /** Checks whether an exec is of what a node is computed from; what cannot be read any more contradicts nothing. */
  #isOf(node: RunNode, exec: ExecHead): boolean {
    if (exec.functionDatumId !== node.callee?.functionDatumId) return false;
    const takesOutcome = isOutcomeNode(node);
    try {
      let count = 0;
      for (const datumId of treeEntries('values', exec.inputs, this.#objects)) {
        const input = node.inputs[count++];
        if (input === undefined || input.failure) return false;
        if (takesOutcome) {
          if (outcomeValueOf(input, { objects: this.#objects, cache: this }) !== datumId) return false;
        } else if (!this.#isValueOf(input, datumId)) return false;
      }
      return count === node.inputs.length;
    } catch (error) {
      if (isDmlError(error)) return true;
      throw error;
    }
  }

  #isValueOf(input: RunNode, datumId: DatumId): boolean {
    // A value by itself as the result, which is nearly always so, shows without reading dag and node.
    if (input.valueId === undefined && input.resultDagId === plainResultOf(datumId)) return true;
    try {
      return this.valueOf(input) === datumId;
    } catch (error) {
      if (isDmlError(error)) return true;
      throw error;
    }
  }

  /** Returns the outcome of a pin, rather a success than a failure; one whose exec has other input values does not count. */
  ofScopes(node: RunNode): KnownOutcome | undefined {
    let failed: KnownOutcome | undefined;
    for (const scope of [this.#scopes.base, this.#scopes.staged]) {
      const execId = scope.getPin(node.nodeId);
      const exec = execId && this.#objects.getPresent('exec', execId);
      if (!exec || !isSameComputation(exec, computedOf(node)) || isRetried(node, exec)) continue;
      if (exec.status === 'ok')
        return { execId, status: 'ok', valueId: undefined, failure: undefined, foundExecId: undefined };
      const found = this.#readable(exec);
      if (found) failed ??= { execId, status: 'error', ...found, foundExecId: undefined };
    }
    return failed;
  }

  /** Answers a call by what the repository knows of its execution key. */
  ofKey(node: RunNode): KnownOutcome | undefined {
    const found: { foundExecId: ExecId; exec: CallExec; outcome: Readable }[] = [];
    for (const foundExecId of this.#objects.store.cacheEntries(computedOf(node).executionKey)) {
      // @spec DML-EXE-0708
      const exec = this.#objects.getPresent('exec', foundExecId);
      // @spec DML-EXE-0723
      if (!isAnswer(node, exec)) continue;
      const outcome = this.#readable(exec);
      if (outcome) found.push({ foundExecId, exec, outcome });
    }
    // @spec DML-EXE-0707
    found.sort((a, b) => rank(b.exec, node) - rank(a.exec, node));
    // @spec DML-EXE-0702
    const best = found[0];
    if (!best) return undefined;
    const { foundExecId, exec, outcome } = best;
    return { execId: this.#execFor(node, foundExecId, exec), status: exec.status, ...outcome, foundExecId };
  }

  /** Answers a call by an exec of a shared cache that the run took over with all that its outcome is made of. */
  ofShared(node: RunNode, takenExecId: ExecId, exec: CallExec): KnownOutcome | undefined {
    const outcome = this.#readable(exec);
    if (!outcome) return undefined;
    const execId = this.#execFor(node, takenExecId, exec);
    return { execId, status: exec.status, ...outcome, foundExecId: undefined };
  }

  /** @spec DML-EXE-0703 */
  #execFor(node: RunNode, execId: ExecId, exec: CallExec): ExecId {
    return exec.nodeId === node.nodeId ? execId : this.derive(node, execId, exec);
  }

  /**
   * Makes the exec that answers a node by the outcome of another node.
   *
   * @spec DML-EXE-0704
   */
  derive(node: RunNode, foundExecId: ExecId, found: CallExec): ExecId {
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

  /** Returns the outcome of an exec; undefined where a part of it is gone. */
  #readable(exec: Records['exec']): Readable | undefined {
    try {
      // @spec DML-EXE-0710
      if (exec.status === 'error')
        return { valueId: undefined, failure: recordedFailure(readFailure(exec, this.#objects)) };
      const valueId = execValue(exec, this.#objects);
      return this.#objects.getBytes('datum', valueId) ? { valueId, failure: undefined } : undefined;
    } catch (error) {
      // @spec DML-EXE-0717
      if (isDmlError(error)) return undefined;
      throw error;
    }
  }
}

type Readable = Pick<KnownOutcome, 'valueId' | 'failure'>;

/** Checks whether an exec answers a call, by function, input values and status. */
export function isAnswer(node: RunNode, exec: Records['exec'] | undefined): exec is CallExec {
  return exec?.nodeKind === 'call' && isSameComputation(exec, computedOf(node)) && !isRetried(node, exec);
}

/** @spec DML-EXE-0711 DML-EXE-3008 */
function isRetried(node: RunNode, exec: Pick<ExecHead, 'status'>): boolean {
  return exec.status === 'error' && node.callee?.options.retryFailed === true;
}

/** Successes before failures, the node's own outcomes before those of others. */
function rank(exec: Records['exec'], node: RunNode): number {
  return (exec.status === 'ok' ? 2 : 0) + (exec.nodeId === node.nodeId ? 1 : 0);
}
